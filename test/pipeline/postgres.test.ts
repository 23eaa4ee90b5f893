/** What only the PostgreSQL store does: make its schema once, say what is wrong with a server, and keep few connections. */
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ReceiptdError, UsageError } from '../../src/errors.js';
import { type Backend, openBackend, PostgresBackend } from '../../src/pipeline/index.js';
import { PostgresListener } from '../../src/pipeline/postgres/listener.js';
import { SqlMarks } from '../../src/pipeline/postgres/marks.js';
import { freePort } from '../support/ports.js';
import { TestPostgres } from '../support/postgres.js';
import { until } from '../support/until.js';
import { Rig } from './rig.js';
import { pipelineConfig } from './stores.js';

let server: TestPostgres;

beforeAll(async () => {
  server = await TestPostgres.start();
  // One role that needs a password; the tests' own needs none.
  await server.query("CREATE ROLE locked LOGIN PASSWORD 'secret-of-postgres'");
  await server.query('CREATE ROLE humble LOGIN');
  const [row] = await server.query<{ hba_file: string }>('SHOW hba_file');
  const lines = ['host all locked 127.0.0.1/32 scram-sha-256', 'host all all 127.0.0.1/32 trust'];
  await server.query(`COPY (SELECT unnest(ARRAY['${lines.join("','")}'])) TO '${row?.hba_file}'`);
  await server.query('SELECT pg_reload_conf()');
  const locked = () => {
    const client = new pg.Client({ connectionString: urlOf('locked') });
    return client.connect().then(
      () => client.end().then(() => false),
      () => true,
    );
  };
  await until('a password to be asked for', locked);
});

afterAll(() => server[Symbol.asyncDispose]());

function urlOf(login: string, database = 'test'): string {
  return `postgres://${login}@127.0.0.1:${server.port}/${database}`;
}

function failureOf(url: string, prefix = 'receiptd'): Promise<unknown> {
  return openBackend(pipelineConfig({ backend: 'postgres', url, prefix })).then(
    (backend) => backend.close().then(() => 'opened'),
    (error: unknown) => error,
  );
}

describe('opening', () => {
  test('says where no PostgreSQL is, and that this may pass', async () => {
    const port = await freePort();
    const error = await failureOf(`postgres://u:geheim@127.0.0.1:${port}/db`);
    expect(error).toBeInstanceOf(ReceiptdError);
    expect(error).not.toBeInstanceOf(UsageError);
    expect(error).toMatchObject({
      code: 'POSTGRES_UNREACHABLE',
      message: `pipeline.url: no PostgreSQL at 127.0.0.1:${port} (connect ECONNREFUSED 127.0.0.1:${port}): start it, or correct pipeline.url`,
    });
  });

  test.each([
    [
      'a wrong password',
      'locked:wrong-one',
      'test',
      'POSTGRES_AUTH',
      /refuses the login: password authentication failed/,
    ],
    ['no password', 'locked', 'test', 'POSTGRES_AUTH', /asks for a password, and the URL has none/],
    ['an unknown user', 'nobody', 'test', 'POSTGRES_AUTH', /role "nobody" does not exist/],
    ['no such database', 'postgres', 'nowhere', 'POSTGRES_DATABASE', /has no database "nowhere": create it/],
    ['too few rights', 'humble', 'test', 'POSTGRES_RIGHTS', /permission denied .*GRANT CREATE ON DATABASE/],
  ])('says that %s cannot work, without the password', async (_, login, database, code, reason) => {
    const error = await failureOf(urlOf(login, database), 'fresh');
    expect(error).toBeInstanceOf(UsageError);
    expect(error).toMatchObject({ code, message: expect.stringMatching(reason) });
    expect(String(error)).toMatch(/^UsageError: pipeline\.url: /);
    expect(String(error)).not.toMatch(/wrong-one|secret/);
  });

  test.each([
    ['with-dash', /can be none/],
    ['x"; DROP SCHEMA public; --', /can be none/],
    ['pg_mine', /unacceptable schema name/],
  ])('refuses the prefix %s', async (prefix, reason) => {
    // What the configuration would refuse as well may come from a program.
    const error = await PostgresBackend.open(server.url, prefix).catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(UsageError);
    expect(error).toMatchObject({
      code: 'POSTGRES_SCHEMA',
      message: expect.stringMatching(/^pipeline\.prefix: /),
    });
    expect(String(error)).toMatch(reason);
  });

  test('takes a password, and rights to no more than an existing schema', async () => {
    await server.query('CREATE SCHEMA theirs AUTHORIZATION locked');
    await server.query('GRANT CREATE ON DATABASE test TO locked');
    const url = urlOf('locked:secret-of-postgres');
    const first = await PostgresBackend.open(url, 'theirs');
    await first.close();
    await server.query('REVOKE CREATE ON DATABASE test FROM locked');
    const backend = await PostgresBackend.open(url, 'theirs');
    await deliverOne(backend);
    await backend.close();
  });

  test('by many at once makes the schema once', async () => {
    const opened = await Promise.all(
      Array.from({ length: 6 }, () => PostgresBackend.open(server.url, 'race')),
    );
    for (const backend of opened) await deliverOne(backend);
    await Promise.all(opened.map((backend) => backend.close()));
    const tables = await server.query("SELECT 1 FROM pg_tables WHERE schemaname = 'race'");
    expect(tables.length).toBeGreaterThan(5);
    // Nothing of ours is anywhere else.
    expect(await server.query("SELECT 1 FROM pg_namespace WHERE nspname = 'bullmq'")).toEqual([]);
  });
});

test('prefixes keep daemons apart', async () => {
  const [one, other] = [
    await PostgresBackend.open(server.url, 'one'),
    await PostgresBackend.open(server.url, 'other'),
  ];
  const [left, right] = [new Rig(one, { queueName: 'same' }), new Rig(other, { queueName: 'same' })];
  await left.add(left.job('m-1'));
  right.deliver();
  await right.add(right.job('m-2'));
  await right.untilFinished(1);
  expect(right.sink.seen).toEqual(['m-2']);
  expect(await left.state('m-1')).toBe('waiting');
  await Promise.all([left.close(), right.close()]);
  await Promise.all([one.close(), other.close()]);
});

test('many queues share few connections, and what passed through leaves nothing behind', async () => {
  const backend = await PostgresBackend.open(server.url, 'few');
  const rigs = Array.from({ length: 8 }, () => new Rig(backend));
  let most = 0;
  const count = async () => {
    const rows = await server.query("SELECT 1 FROM pg_stat_activity WHERE application_name = 'receiptd'");
    most = Math.max(most, rows.length);
  };
  for (const rig of rigs) rig.deliver({ concurrency: 16 });
  const ids = Array.from({ length: 50 }, (_, index) => `m-${index}`);
  await Promise.all([...rigs.map((rig) => rig.add(...ids.map((id) => rig.job(id)))), count()]);
  await Promise.all([...rigs.map((rig) => rig.untilFinished(ids.length)), count()]);
  await count();
  expect(most).toBeGreaterThan(0);
  expect(most).toBeLessThanOrEqual(4 + 8 + 1);
  for (const rig of rigs) {
    await backend.removeCompleted(rig.queueName, ids);
    await rig.close();
  }
  await backend.close();
  expect(await server.query('SELECT id FROM few.job')).toEqual([]);
});

describe('marks', () => {
  test('that count no more go with a later confirmed delete, those that linger stay', async () => {
    const backend = await PostgresBackend.open(server.url, 'marked');
    const pool = {
      query: async (text: string, params?: readonly unknown[]) => client.query(text, params && [...params]),
    };
    const client = new pg.Pool({ connectionString: server.url, max: 2 });
    const marks = new SqlMarks('q', pool, 'marked', { linger: 50, sweepEvery: 0 });
    const lingering = new SqlMarks('q', pool, 'marked');
    const stale = new SqlMarks('other', pool, 'marked', { keep: () => -1 });
    await Promise.all(['a', 'b'].map((id) => marks.add(id)));
    await lingering.add('c');
    await stale.add('d');
    expect(await stale.has('d')).toBe(false);
    await lingering.remove(['c']);
    await marks.remove(['a']);
    const left = async () => {
      await marks.remove(['nobody']);
      return (await server.query('SELECT id FROM marked.receiptd_delivered')).length;
    };
    await expect.poll(left).toBe(2);
    expect(await marks.among(['a', 'b', 'c'])).toEqual(new Set(['b', 'c']));
    await client.end();
    await backend.close();
  });

  test('are made beside a table of the same purpose that a schema has from elsewhere', async () => {
    await server.query('CREATE SCHEMA older');
    await server.query('CREATE TABLE older.receiptd_mark (queue text, id uuid, marked_at bigint NOT NULL)');
    const backend = await PostgresBackend.open(server.url, 'older');
    await backend.marks('q').add('m-1');
    expect(await backend.marks('q').has('m-1')).toBe(true);
    await backend.close();
  });
});

test('a listener that is closed while it connects leaves no connection open', async () => {
  const name = 'closed-early';
  const listener = new PostgresListener({
    connectionString: server.url,
    application_name: name,
    query_timeout: 10_000,
  });
  const listening = listener.listen('some_channel', 10_000);
  await listener.close();
  await listening;
  const open = () => server.query(`SELECT 1 FROM pg_stat_activity WHERE application_name = '${name}'`);
  await expect.poll(open, { timeout: 20_000 }).toEqual([]);
});

describe('durability', () => {
  test('is refused of a PostgreSQL that does not wait for its disk', async () => {
    await server.query('ALTER ROLE humble SET synchronous_commit = off');
    await server.query('CREATE SCHEMA humbly AUTHORIZATION humble');
    await server.query('GRANT CREATE ON DATABASE test TO humble');
    const backend = await PostgresBackend.open(urlOf('humble'), 'humbly');
    await expect(backend.checkDurability()).rejects.toMatchObject({
      code: 'POSTGRES_NOT_DURABLE',
      message: expect.stringMatching(/^pipeline\.ackOn: enqueued .* synchronous_commit off: set it to on/),
    });
    await backend.close();
  });

  test('is had of any other', async () => {
    const backend = await PostgresBackend.open(server.url, 'durable');
    expect(await backend.checkDurability()).toBeUndefined();
    await backend.makeDurable();
    await backend.close();
  });
});

async function deliverOne(backend: Backend): Promise<void> {
  const rig = new Rig(backend);
  rig.deliver();
  await rig.add(rig.job('m-1'));
  await rig.untilFinished(1);
  await rig.close();
}
