/** The sql sink on real servers. */
import { connect, createServer, type Server } from 'node:net';
import { CompiledQuery, sql as kysely } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { migrate, migrationScript, placeOf } from '../../src/sinks/sql/index.js';
import { openDatabase } from '../../src/sinks/sql/pools.js';
import { FreezingProxy } from '../support/freezing-proxy.js';
import { freePort } from '../support/ports.js';
import { dice, whole } from '../support/random.js';
import { until } from '../support/until.js';
import { context, record } from './records.js';
import { outcomes, SqlRig, servers, type TestDatabase } from './sql-rig.js';

const ids = (count: number, prefix = 'e') =>
  Array.from({ length: count }, (_, index) => `${prefix}-${index}`);

describe.each(servers)('sql sink on $name', ({ name, start }) => {
  const postgres = name === 'PostgreSQL';
  let database: TestDatabase;
  let tables = 0;
  beforeAll(async () => {
    database = await start();
  });
  afterAll(() => database[Symbol.asyncDispose]());

  const rig = () => new SqlRig(database, `events_${++tables}`);
  async function migrated(): Promise<SqlRig> {
    const made = rig();
    await made.migrate();
    return made;
  }

  /** Ids of the connections that are busy with such a statement. */
  async function running(like: string): Promise<number[]> {
    const found = await database.query<{ id: number }>(
      postgres
        ? `SELECT pid AS id FROM pg_stat_activity WHERE query LIKE '${like}' AND state = 'active' AND pid <> pg_backend_pid()`
        : `SELECT id FROM information_schema.processlist WHERE info LIKE '${like}' AND id <> connection_id()`,
    );
    return found.map(({ id }) => Number(id));
  }

  it('makes its table once, however often and by how many at a time it is asked to', async () => {
    await using sql = rig();
    const runs = await Promise.all([sql.migrate(), sql.migrate(), sql.migrate()]);
    expect(runs.flat()).toEqual(['0001_events']);
    expect(await sql.migrate()).toEqual([]);
    expect(await sql.count()).toBe(0);
  });

  it('leaves a table that was made from the printed script as it is', async () => {
    await using sql = rig();
    const script = migrationScript(placeOf({ url: database.url, table: sql.table }));
    for (const statement of script.split(';\n')) if (statement.trim() !== '') await database.query(statement);
    const sink = sql.open();
    await sink.deliver(record('before'), context());
    await sql.migrate();
    expect(await sql.count()).toBe(1);
  });

  it('stores an event column by column', async () => {
    await using sql = await migrated();
    const sink = sql.open({ phoneKey: 'k' });
    const event = record('A1', {
      subject: '通话#1',
      idempotencykey: 'f'.repeat(32),
      time: '2024-01-01T02:03:04.567Z',
      enqueuedat: '2024-01-01T02:03:05.000Z',
      json: '{"biz_id":"b^1","call_id":"c^1","out_id":"订单 1","callee":"13800138000","caller":"057188888888","n":1.5}',
    });
    await sink.deliver(event, context());
    const [row] = await sql.rows<Record<string, unknown>>();
    const { data, insertedat, ...columns } = row ?? {};
    expect(typeof data === 'string' ? JSON.parse(data) : data).toEqual(JSON.parse(event.json));
    expect(Math.abs(Number(insertedat) - Date.now())).toBeLessThan(26 * 3_600_000);
    expect({ ...columns, time: undefined, enqueuedat: undefined }).toEqual({
      id: 'A1',
      source: event.source,
      type: event.type,
      messagetype: event.messagetype,
      subject: '通话#1',
      idempotencykey: 'f'.repeat(32),
      queuename: event.queuename,
      dequeuecount: event.dequeuecount,
      biz_id: 'b^1',
      call_id: 'c^1',
      out_id: '订单 1',
      phone_hash: expect.stringMatching(/^[0-9a-f]{32}$/),
      peer_hash: expect.stringMatching(/^[0-9a-f]{32}$/),
      event_text: null,
      dedupe_key: null,
    });
    const utc = postgres
      ? "to_char(time at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS.MS')"
      : 'cast(time AS char)';
    expect(await sql.rows(`${utc} AS time`)).toMatchObject([{ time: '2024-01-01 02:03:04.567' }]);
  });

  it.runIf(postgres)(
    'uses the schema that the table is named with, and no other table of that name',
    async () => {
      await using outside = await migrated();
      await using inside = new SqlRig(database, `"Inside".${outside.table}`);
      const table = `Inside.${outside.table}`;
      await migrate(placeOf({ url: database.url, table }), 5_000);
      await inside.open({ table }).deliver(record('a'), context());
      expect([await inside.count(), await outside.count()]).toEqual([1, 0]);
    },
  );

  it('stores each event once: delivered again, twice in a batch, by several at a time', async () => {
    await using sql = await migrated();
    const random = dice(7);
    const sinks = [sql.open(), sql.open(), sql.open({ batch: { size: 7, linger: 1 } })];
    const all = ids(400);
    const deliveries = sinks.flatMap((sink) => {
      const shuffled = [...all, ...all.slice(0, 30)].sort(() => random() - 0.5);
      return shuffled.map((id) => sink.deliver(record(id), context()));
    });
    expect(new Set(await outcomes(deliveries))).toEqual(new Set(['stored']));
    expect(await sql.count()).toBe(400);
  });

  it('tells ids apart by case, by blanks at the end, and by their last characters', async () => {
    await using sql = await migrated();
    const sink = sql.open();
    const long = 'x'.repeat(2_000);
    const different = ['a', 'A', 'a ', 'a  ', 'é', 'e\u0301', `${long}1`, `${long}2`, 'nul\0', 'half\ud800'];
    await Promise.all([...different, ...different].map((id) => sink.deliver(record(id), context())));
    expect(await sql.count()).toBe(different.length);
    const texts = await sql.rows<{ event_text: string }>('event_text', 'WHERE event_text IS NOT NULL');
    const kept = texts.map(({ event_text }) => (JSON.parse(event_text) as { id: string }).id);
    expect(kept.sort()).toEqual(different.slice(2).sort());
  });

  it('keeps a second event with the same idempotency key out when told to, and only then', async () => {
    await using sql = await migrated();
    const plain = sql.open();
    const strict = sql.open({ unique: 'idempotencykey' });
    const twins = (prefix: string) => [1, 2].map((n) => record(`${prefix}${n}`, { idempotencykey: prefix }));
    const store = async (sink: typeof plain, events: ReturnType<typeof twins>) => {
      for (const event of events) await sink.deliver(event, context());
      await Promise.all(events.map((event) => sink.deliver(event, context())));
    };
    await store(plain, twins('plain'));
    await store(strict, twins('strict'));
    await store(
      strict,
      ['x1', 'x2'].map((id) => record(id)),
    );
    await store(plain, twins('back'));
    const stored = await sql.rows<{ id: string }>('id', 'ORDER BY id');
    expect(stored.map(({ id }) => id)).toEqual(['back1', 'back2', 'plain1', 'plain2', 'strict1', 'x1', 'x2']);
  });

  it('makes a dead letter of a refused row, and of no other', async () => {
    await using sql = await migrated();
    await database.query(`ALTER TABLE ${sql.table} ADD CONSTRAINT ${sql.table}_c CHECK (biz_id <> 'bad')`);
    const sink = sql.open({ batch: { size: 64, linger: 200 } });
    const bad = new Set([3, 4, 40]);
    const deliveries = ids(64).map((id, index) =>
      sink.deliver(record(id, bad.has(index) ? { json: '{"biz_id":"bad"}' } : {}), context()),
    );
    const expected = ids(64).map((_, index) => (bad.has(index) ? 'dead' : 'stored'));
    expect(await outcomes(deliveries)).toEqual(expected);
    expect(await sql.count()).toBe(61);
  });

  it('burns nothing when the table has got a column that must be filled', async () => {
    await using sql = await migrated();
    await database.query(`ALTER TABLE ${sql.table} ADD COLUMN tenant varchar(9) NOT NULL`);
    const delivery = sql.open().deliver(record('a'), context());
    await expect(delivery).rejects.toThrow(/column that was added to events_\d+ must have a default/);
    await expect(delivery).rejects.not.toMatchObject({ code: 'DEAD_LETTER' });
  });

  it('takes a column and an index that others have added', async () => {
    await using sql = await migrated();
    await database.query(`ALTER TABLE ${sql.table} ADD COLUMN seen integer DEFAULT 0`);
    await database.query(`CREATE INDEX ${sql.table}_mine ON ${sql.table} (queuename)`);
    await sql.open().deliver(record('a'), context());
    expect(await sql.rows('seen')).toMatchObject([{ seen: 0 }]);
  });

  it('says at once that the table is missing, tries again, and stores once it is there', async () => {
    await using sql = rig();
    const sink = sql.open();
    await until('a line in the log', () => sql.logged.some((line) => /receiptd sql migrate/.test(line)));
    const delivery = sink.deliver(record('a'), context());
    await expect(delivery).rejects.toThrow(
      `there is no table ${sql.table}, make it with: receiptd sql migrate`,
    );
    await expect(delivery).rejects.not.toMatchObject({ code: 'DEAD_LETTER' });
    await sql.migrate();
    await sink.deliver(record('a'), context());
    expect(await sql.count()).toBe(1);
  });

  it('stores receipts that together are larger than the server takes at once', async () => {
    await using sql = await migrated();
    const sink = sql.open({ batch: { size: 400, linger: 100 } });
    const json = (id: string) => JSON.stringify({ biz_id: id, text: '中'.repeat(20_000) });
    const deliveries = ids(400).map((id) => sink.deliver(record(id, { json: json(id) }), context()));
    expect(new Set(await outcomes(deliveries))).toEqual(new Set(['stored']));
    expect(await sql.count()).toBe(400);
  });

  it('stores any JSON so that nothing of it is lost', async ({ annotate }) => {
    await using sql = await migrated();
    const sink = sql.open();
    const seed = Date.now() % 1_000_000;
    await annotate(`seed ${seed}`);
    const random = dice(seed);
    const texts = [...hostile, ...Array.from({ length: 400 }, () => anyObject(random))];
    const deliveries = texts.map((json, index) => sink.deliver(record(`j${index}`, { json }), context()));
    expect(new Set(await outcomes(deliveries))).toEqual(new Set(['stored']));
    const rows = await sql.rows<{ id: string; data: unknown; event_text: string | null }>(
      'id, data, event_text',
    );
    expect(rows).toHaveLength(texts.length);
    for (const { id, data, event_text } of rows) {
      const json = texts[Number(id.slice(1))] ?? '';
      if (event_text === null) {
        // White space, escapes and the order of keys aside it is the same text: no key, digit or character is lost.
        expect(sorted(typeof data === 'string' ? JSON.parse(data) : data)).toBe(sorted(JSON.parse(json)));
        expect(keys(json)).toBe(keys(JSON.stringify(JSON.parse(json))));
      } else expect(event_text.endsWith(`"data":${json.replace(/[\r\n]+/g, ' ')}}`)).toBe(true);
    }
    // Queries over all rows work, whatever is in them.
    const field = postgres ? "data->>'biz_id'" : "json_value(data, '$.biz_id')";
    expect(await sql.rows(field)).toHaveLength(texts.length);
  });

  it('gives up waiting when the delivery is called off', async () => {
    await using sql = await migrated();
    const sink = sql.open({ batch: { size: 50, linger: 60_000 } });
    const called = new AbortController();
    const delivery = sink.deliver(record('a'), { attempt: 1, signal: called.signal });
    called.abort(new Error('called off'));
    await expect(delivery).rejects.toThrow('called off');
    expect(await sql.count()).toBe(0);
  });

  it('cuts a statement that nobody waits for any longer, so that closing does not wait for it', async () => {
    await using sql = await migrated();
    const { table } = sql;
    const sink = sql.open({ timeout: 600_000 });
    const locked = postgres
      ? database.query(`DO $$ BEGIN LOCK TABLE ${table} IN EXCLUSIVE MODE; PERFORM pg_sleep(600); END $$`)
      : database.query(`SELECT sleep(600) FROM (SELECT count(*) FROM ${table} FOR UPDATE) AS t`);
    const ended = locked.catch(() => 'ended');
    try {
      await until('the lock', async () => (await running('%sleep(600)%')).length > 0);
      const called = new AbortController();
      const delivery = sink.deliver(record('a'), { attempt: 1, signal: called.signal });
      await until('the statement', async () => (await running(`insert into _${table}_ %`)).length > 0);
      called.abort(new Error('called off'));
      await expect(delivery).rejects.toThrow('called off');
      await sink.close();
      expect(await running('%sleep(600)%')).toHaveLength(1);
    } finally {
      for (const id of await running('%sleep(600)%')) {
        await database.query(postgres ? `SELECT pg_terminate_backend(${id})` : `KILL ${id}`);
      }
    }
    await ended;
  });

  it('leaves a server that has become read-only, for the one that its address leads to then', async () => {
    await using sql = await migrated();
    const user = `writer_${sql.table}`;
    const url = Object.assign(new URL(database.url), { username: user }).href;
    if (postgres) {
      // A session keeps what it began with: like one on a server that is a standby since.
      await database.query(`CREATE ROLE ${user} SUPERUSER LOGIN`);
      await database.query(`ALTER ROLE ${user} SET default_transaction_read_only = on`);
      const sink = sql.open({ url, connections: 1 });
      await expect(sink.deliver(record('a'), context())).rejects.toThrow(/read-only transaction/);
      await database.query(`ALTER ROLE ${user} RESET default_transaction_read_only`);
      await sink.deliver(record('a'), context());
    } else {
      await database.query(`CREATE USER ${user}@'127.0.0.1'`);
      await database.query(`GRANT SELECT, INSERT, UPDATE ON ${sql.table} TO ${user}@'127.0.0.1'`);
      const sink = sql.open({ url, connections: 1 });
      await sink.deliver(record('before'), context());
      await database.query('SET GLOBAL read_only = 1');
      try {
        await expect(sink.deliver(record('a'), context())).rejects.toThrow(/read-only/);
      } finally {
        await database.query('SET GLOBAL read_only = 0');
      }
      const connected = `SELECT id FROM information_schema.processlist WHERE user = '${user}'`;
      await until('the connection to go', async () => (await database.query(connected)).length === 0);
      await sink.deliver(record('a'), context());
    }
    expect(await sql.rows('id', "WHERE id = 'a'")).toHaveLength(1);
  });

  it.runIf(postgres)('migrates for the owner of a schema who may make none', async () => {
    const table = `events_${++tables}`;
    await database.query('CREATE ROLE owner LOGIN');
    await database.query('CREATE SCHEMA owned AUTHORIZATION owner');
    const url = Object.assign(new URL(database.url), { username: 'owner' }).href;
    const place = placeOf({ url, table: `owned.${table}` });
    expect(await migrate(place, 5_000)).toEqual(['0001_events']);
    // The printed script, by the same user.
    const db = openDatabase(place, { connections: 1, timeout: 5_000 });
    try {
      for (const statement of migrationScript(place)
        .split(';\n')
        .filter((text) => text.trim() !== '')) {
        await db.executeQuery(CompiledQuery.raw(statement));
      }
    } finally {
      await db.destroy();
    }
  });

  it.runIf(postgres)('asks for a statement timeout by a statement, which poolers let through', async () => {
    await using proxy = await StartupProxy.start(database.port);
    const limits = async (query: string, timeout: number, statementTimeout = timeout) => {
      const url = Object.assign(new URL(database.url), { port: String(proxy.port), search: query }).href;
      const place = placeOf({ url, table: 'events' });
      const db = openDatabase(place, { connections: 1, timeout, statementTimeout });
      try {
        const { rows } = await kysely<{ statement_timeout: string }>`SHOW statement_timeout`.execute(db);
        return rows[0]?.statement_timeout;
      } finally {
        await db.destroy();
      }
    };
    expect(await limits('', 5_000)).toBe('5s');
    expect(await limits('', 5_000, 0)).toBe('0');
    expect(await limits('?statement_timeout=1234', 5_000)).toBe('1234ms');
    expect(await limits('?statement_timeout=0&application_name=x', 5_000)).toBe('0');
    expect(proxy.startups).toHaveLength(4);
    expect(proxy.startups.join()).toContain('application_name');
    expect(proxy.startups.join()).not.toContain('timeout');
  });

  it('names what is wrong with the user, the database or the port, and never the password', async () => {
    await using sql = await migrated();
    if (postgres) await askReaderForPassword(database);
    await database.query(
      postgres
        ? "CREATE ROLE reader LOGIN PASSWORD 's3cret'"
        : "CREATE USER reader@'127.0.0.1' IDENTIFIED BY 's3cret'",
    );
    const failing = (change: Partial<Record<'pathname' | 'port' | 'username' | 'password', string>>) => {
      const url = Object.assign(new URL(database.url), change);
      return expect(sql.open({ url: url.href }).deliver(record('a'), context())).rejects;
    };
    const reader = { username: 'reader', password: 's3cret' };
    await failing({ pathname: '/nowhere' }).toThrow(/nowhere/);
    await failing({ port: '1' }).toThrow(/ECONNREFUSED/);
    await failing(reader).toThrow(
      postgres ? /needs INSERT and SELECT on events_/ : /needs INSERT, SELECT and UPDATE on events_/,
    );
    await failing({ ...reader, password: 'wr0ng' }).toThrow(/check user and password in the url of the sink/);
    expect(sql.logged.join('\n')).not.toMatch(/s3cret|wr0ng/);
  });

  it('opens without it, fails while it is away, and stores everything once when it is back', async () => {
    await using sql = await migrated();
    await database.down();
    const sink = sql.open();
    expect(await outcomes([sink.deliver(record('early'), context())])).toEqual(['again']);
    await database.up();
    const pending = new Set(['early', ...ids(300)]);
    const attempt = async (id: string) => {
      const [outcome] = await outcomes([sink.deliver(record(id), context())]);
      if (outcome === 'stored') pending.delete(id);
      return outcome;
    };
    await Promise.all([...pending].slice(0, 100).map(attempt));
    for (const signal of ['SIGKILL', undefined] as const) {
      const underWay = [...pending].slice(0, 100).map(attempt);
      await database.down(signal);
      expect(await Promise.all(underWay)).not.toContain('dead');
      await database.up();
    }
    while (pending.size > 0) expect(await Promise.all([...pending].map(attempt))).not.toContain('dead');
    expect(await sql.count()).toBe(301);
  });

  it('does not wait for ever on a connection that hangs, and does not keep it', async () => {
    await using sql = await migrated();
    await using proxy = await FreezingProxy.start(database.port);
    const url = Object.assign(new URL(database.url), { port: String(proxy.port) }).href;
    const sink = sql.open({ url, timeout: 300, connections: 1 });
    await sink.deliver(record('hangs-1'), context());
    proxy.freeze();
    const delivery = sink.deliver(record('hangs-2'), context());
    await expect(delivery).rejects.toThrow(/did not answer within 300 ms/);
    await sink.deliver(record('hangs-2'), context());
    expect(await sql.rows('id', "WHERE id LIKE 'hangs%'")).toHaveLength(2);
  });

  it('gives up a statement that waits for a lock', async () => {
    await using sql = await migrated();
    const { table } = sql;
    const sink = sql.open({ timeout: 500 });
    const locked = postgres
      ? database.query(`DO $$ BEGIN LOCK TABLE ${table} IN EXCLUSIVE MODE; PERFORM pg_sleep(2); END $$`)
      : database.query(`SELECT sleep(2) FROM (SELECT count(*) FROM ${table} FOR UPDATE) AS t`);
    let stored = 0;
    await until('the lock to be met', async () => {
      const [outcome] = await outcomes([sink.deliver(record(`lock-${stored}`), context())]);
      if (outcome === 'stored') stored += 1;
      return outcome === 'again';
    });
    await locked;
    await sink.deliver(record(`lock-${stored}`), context());
    expect(await sql.rows('id', "WHERE id LIKE 'lock%'")).toHaveLength(stored + 1);
  });
});

/** Keeps the first packet of each connection, in which PostgreSQL's clients say what they ask for. */
class StartupProxy {
  readonly startups: string[] = [];
  readonly port: number;
  readonly #server: Server;

  private constructor(port: number, target: number) {
    this.port = port;
    this.#server = createServer((client) => {
      const upstream = connect(target, '127.0.0.1');
      client.once('data', (packet) => this.startups.push(packet.toString('latin1')));
      for (const socket of [client, upstream]) socket.on('error', () => {});
      client.pipe(upstream).pipe(client);
    });
  }

  static async start(target: number): Promise<StartupProxy> {
    const proxy = new StartupProxy(await freePort(), target);
    await new Promise<void>((resolve) => proxy.#server.listen(proxy.port, '127.0.0.1', resolve));
    return proxy;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** Everybody else is let in without one. */
async function askReaderForPassword(database: TestDatabase): Promise<void> {
  const [row] = await database.query<{ hba_file: string }>('SHOW hba_file');
  const lines = ['host all reader 127.0.0.1/32 scram-sha-256', 'host all all 127.0.0.1/32 trust'];
  await database.query(
    `COPY (VALUES ${lines.map((line) => `('${line}')`).join(', ')}) TO '${row?.hba_file}'`,
  );
  await database.query('SELECT pg_reload_conf()');
}

const deep = (depth: number) => `{"a":${'['.repeat(depth)}${']'.repeat(depth)}}`;

const hostile = [
  '{}',
  '{"biz_id":"\\u0000"}',
  '{"\\u0000":1,"\\ud800":2,"a\\udc00":3}',
  '{"biz_id":"\\ud83d\\ude00 \\\\u0000 \\"\\/ \u2028"}',
  '{"biz_id":12345678901234567890123,"x":0.1234567890123456789,"y":1e400,"z":-0,"w":1e-400,"v":1E+2,"u":1.0}',
  '{"biz_id":"1","biz_id":"2"}',
  '{"__proto__":{"a":1},"constructor":null,"2":1,"1":2,"":3}',
  `{"phone_number":["13800138000"],"out_id":{"a":1},"call_id":"${'长'.repeat(300)}"}`,
  '{\n "a" :\t[1 ,\r\n 2],"b":"中文 😀"}',
  deep(10),
  deep(31),
  deep(32),
  deep(120),
  deep(9_000),
];

/** JSON text of an object: any characters, escaped or not, any numbers, keys that come again. */
function anyObject(random: () => number): string {
  const pick = <T>(items: readonly T[]): T => items[whole(random, 0, items.length - 1)] as T;
  const piece = () =>
    pick([
      'a',
      '1',
      ' ',
      '"',
      '\\',
      '\0',
      '\n',
      '\u007f',
      '\u2028',
      'é',
      '中',
      '😀',
      '\ud800',
      '\udfff',
      '\uffff',
    ]);
  const text = () => {
    const raw = Array.from({ length: whole(random, 0, 6) }, piece).join('');
    const json = JSON.stringify(raw);
    if (random() < 0.6) return json;
    // Without the surrounding quotes, each character as an escape.
    return `"${[...raw].map((c) => [...c].map((u) => unit(u)).join('')).join('')}"`;
  };
  const number = () =>
    pick([
      () => String(whole(random, -1_000_000, 1_000_000)),
      () => String(random() * 10 ** whole(random, -300, 300)),
      () => `${whole(random, 1, 9)}${String(random()).slice(2)}${whole(random, 0, 99_999_999)}`,
      () => `-0.${whole(random, 0, 99)}0e${whole(random, -40, 40)}`,
    ])();
  const space = () => pick(['', '', '', ' ', '\n\t']);
  const key = () => pick([text, text, () => '"biz_id"', () => '"callee"', () => '"out_id"'])();
  const value = (depth: number): string => {
    const kind = whole(random, 0, depth > 4 ? 3 : 5);
    const some = <T>(make: () => T) => Array.from({ length: whole(random, 0, 3) }, make);
    if (kind === 0) return pick(['null', 'true', 'false']);
    if (kind === 1) return number();
    if (kind <= 3) return text();
    if (kind === 4) return `[${some(() => value(depth + 1)).join(`,${space()}`)}]`;
    return `{${some(() => `${key()}${space()}:${value(depth + 1)}`).join(',')}}`;
  };
  return `{${space()}${Array.from({ length: whole(random, 0, 5) }, () => `${key()}:${value(0)}`).join(',')}}`;
}

function unit(character: string): string {
  return character
    .split('')
    .map((half) => `\\u${half.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('');
}

function sorted(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) =>
    typeof item === 'object' && item !== null && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)))
      : item,
  );
}

/** How many members there are: fewer once equal keys are one. */
function keys(json: string): number {
  return [...json.matchAll(/"[^"\\]*(?:\\.[^"\\]*)*"\s*:/gs)].length;
}
