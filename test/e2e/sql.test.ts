/** The sql sink from end to end: its commands, and its effect exactly once however often the daemon is killed. */
import { expect, it } from 'vitest';
import { phoneHash } from '../../src/index.js';
import { TestPostgres } from '../support/postgres.js';
import { TestRedis } from '../support/redis.js';
import { configFor, QUEUE, Site, startCloud } from '../support/site.js';
import { until } from '../support/until.js';

const LIMIT = 150_000;

it('stores each of 2,000 receipts once over three kill -9s', async () => {
  const receipts = 2_000;
  await using database = await TestPostgres.start();
  await using redis = await TestRedis.start('--appendonly', 'yes');
  await using site = await Site.create();
  await using cloud = await startCloud(receipts, { visibilityTimeout: 4 });
  const queue = cloud.queue(QUEUE);
  const sent = queue.messages.map(({ id }) => id).sort();
  const config = configFor(cloud, {
    pipeline: { backend: 'redis', url: redis.url, concurrency: 64 },
    poll: { threads: 2, waitSeconds: 1 },
    sinks: [{ type: 'sql', url: database.url, name: 'db', connections: 2 }],
  });
  const file = await site.configure(config);
  const migrated = await site.run(['sql', 'migrate', '-c', file]);
  expect(migrated.stdout).toBe('db: table receiptd_events is ready\n');
  for (const progress of [150, 700, 1_400]) {
    const daemon = await site.daemon(config);
    await until(`${progress} deleted`, () => queue.deleted >= progress, LIMIT);
    expect(await daemon.end('SIGKILL')).toEqual({ code: null, signal: 'SIGKILL' });
    expect(queue.deleted).toBeLessThan(receipts);
  }
  const daemon = await site.daemon(config);
  await until('an empty queue', () => queue.deleted === receipts, LIMIT);
  await until('an empty store', async () => (await daemon.status()).queues[0]?.backlog === 0, LIMIT);
  expect(await daemon.deadLetters()).toBe(0);
  expect(await daemon.end('SIGTERM')).toEqual({ code: 0, signal: null });
  const rows = await database.query<{ id: string }>('SELECT id FROM receiptd_events');
  expect(rows.map(({ id }) => id).sort()).toEqual(sent);
}, 240_000);

it('says what to run while the table is missing, and delivers by itself once it is there', async () => {
  await using database = await TestPostgres.start();
  await using site = await Site.create();
  await using cloud = await startCloud(20);
  const config = configFor(cloud, { sinks: [{ type: 'sql', url: database.url, name: 'db' }] });
  const daemon = await site.daemon(config);
  await daemon.untilLogged(/there is no table receiptd_events, make it with: receiptd sql migrate/);
  expect((await site.run(['sql', 'migrate', '-c', site.path('receiptd.yaml')])).exited?.code).toBe(0);
  // The probes of a sink that is down come at longer and longer intervals.
  const stored = async () => {
    const [row] = await database.query<{ count: string }>('SELECT count(*) FROM receiptd_events');
    return Number(row?.count) === 20;
  };
  await until('all to be stored', stored, LIMIT);
  expect(await daemon.deadLetters()).toBe(0);
  expect((await daemon.end('SIGTERM')).code).toBe(0);
}, 240_000);

it('migrates every sql sink, twice and at once, prints the statements, and hashes phone numbers', async () => {
  await using database = await TestPostgres.start();
  await using site = await Site.create();
  const file = await site.configure({
    credentials: { accessKeyId: 'a', accessKeySecret: 'b' },
    queues: [{ messageType: 'SmsReport', queueName: QUEUE }],
    sinks: [
      { type: 'ndjson', path: '-' },
      { type: 'sql', url: database.url, name: 'one', phoneKey: 'k' },
      { type: 'sql', url: database.url, name: 'two', table: 'app.events', phoneKey: 'other' },
    ],
  });
  const run = (...args: string[]) => site.run(['sql', ...args, '-c', file]);
  const printed = await run('migrate', '--print', '--sink', 'two');
  expect(printed.stdout).toMatch(
    /^-- two\n\nDO \$\$ BEGIN IF .* THEN CREATE SCHEMA "app"; END IF; END \$\$;\n/,
  );
  expect(await database.query("SELECT FROM information_schema.schemata WHERE schema_name = 'app'")).toEqual(
    [],
  );
  const both = await Promise.all([run('migrate'), run('migrate')]);
  expect(both.map(({ exited }) => exited?.code)).toEqual([0, 0]);
  expect((await run('migrate')).stdout).toBe(
    'one: table receiptd_events is up to date\ntwo: table app.events is up to date\n',
  );
  const tables = await database.query<{ name: string }>(
    `SELECT table_schema || '.' || table_name AS name FROM information_schema.tables
     WHERE table_schema IN ('public', 'app') ORDER BY 1`,
  );
  expect(tables.map(({ name }) => name)).toEqual([
    'app.events',
    'app.events_migrations',
    'app.events_migrations_lock',
    'public.receiptd_events',
    'public.receiptd_events_migrations',
    'public.receiptd_events_migrations_lock',
  ]);
  const hashed = await run('hash-phone', '13800138000', '--sink', 'one');
  expect(hashed.stdout).toBe(`${phoneHash('13800138000', 'k')}  13800138000\n`);
});

it('exits with 2 for what can never work, and with 1 for what does not work now', async () => {
  await using site = await Site.create();
  const told = async (sink: object, ...args: string[]) => {
    const file = await site.configure({
      credentials: { accessKeyId: 'a', accessKeySecret: 'b' },
      queues: [{ messageType: 'SmsReport', queueName: QUEUE }],
      sinks: [sink],
    });
    const child = await site.run(['sql', ...args, '-c', file]);
    return [child.exited?.code, child.stderr];
  };
  const sink = { type: 'sql', url: 'postgres://user:s3cret@127.0.0.1:1/db', name: 'db' };
  expect(await told({ type: 'ndjson', path: '-' }, 'migrate')).toEqual([
    2,
    'error: sinks: none is of type sql\n',
  ]);
  expect(await told(sink, 'migrate', '--sink', 'x')).toEqual([
    2,
    'error: --sink: no sql sink is called x; there is db\n',
  ]);
  expect(await told({ ...sink, table: 'a-b' }, 'migrate')).toMatchObject([2, /table/]);
  expect(await told(sink, 'hash-phone', 'alice')).toEqual([2, 'error: alice is no phone number\n']);
  expect(await told(sink, 'migrate')).toEqual([1, 'error: db: connect ECONNREFUSED 127.0.0.1:1\n']);
});
