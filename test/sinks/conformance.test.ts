/**
 * What every kind of sink must do, whatever is behind it. A new kind is one more entry of `kinds`: how it is opened from
 * what a user writes, what has arrived, and how its destination is broken and mended.
 */
import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type ConfigInput, parseConfig } from '../../src/config/index.js';
import { type EventRecord, toEvent } from '../../src/receipts/index.js';
import { openSinks, type Sink } from '../../src/sinks/index.js';
import { migrate, placeOf } from '../../src/sinks/sql/index.js';
import { TestPostgres } from '../support/postgres.js';
import { until } from '../support/until.js';
import { context, record } from './records.js';
import { ok, Receiver, status } from './webhook-receiver.js';

type SinkInput = NonNullable<ConfigInput['sinks']>[number];

interface Arrived {
  id: string;
  /** The receipt as JSON. */
  json: string;
}

/** Where a sink delivers to. */
interface Destination {
  /** What a user writes. */
  config: SinkInput;
  /** In the order of their arrival, and as often as they came. */
  arrived(): Promise<Arrived[]>;
  /** From now on nothing is taken. */
  break(): Promise<void>;
  mend(): Promise<void>;
  close(): Promise<void>;
}

interface Kind {
  name: string;
  /** The same id a second time is stored once. */
  idempotent?: boolean;
  start(directory: string): Promise<Destination>;
}

let postgres: TestPostgres;

const kinds: Kind[] = [
  {
    name: 'ndjson',
    async start(directory) {
      const path = join(directory, 'events.ndjson');
      return {
        config: { type: 'ndjson', path },
        arrived: async () => linesOf(directory).map(fromLine),
        break: async () => {
          renameSync(path, join(directory, 'before.ndjson'));
          mkdirSync(path);
        },
        mend: async () => rmdirSync(path),
        close: async () => {},
      };
    },
  },
  {
    name: 'ndjson that is rotated',
    async start(directory) {
      const path = join(directory, 'events.ndjson');
      return {
        config: { type: 'ndjson', path, maxBytes: 10_000 },
        arrived: async () => linesOf(directory).map(fromLine),
        break: async () => {
          renameSync(path, join(directory, 'before.ndjson'));
          mkdirSync(path);
        },
        mend: async () => rmdirSync(path),
        close: async () => {},
      };
    },
  },
  {
    name: 'module',
    async start(directory) {
      const path = join(directory, 'handlers.mjs');
      const [out, broken] = [join(directory, 'out.ndjson'), join(directory, 'broken')];
      writeFileSync(
        path,
        `import { appendFileSync, existsSync } from 'node:fs';
         export default {
           async default({ id, data }) {
             await new Promise(setImmediate);
             if (existsSync(${JSON.stringify(broken)})) throw new Error('broken');
             appendFileSync(${JSON.stringify(out)}, JSON.stringify({ id, data }) + '\\n');
           },
         };`,
      );
      appendFileSync(out, '');
      return {
        config: { type: 'module', path },
        arrived: async () => linesOf(directory).map(fromLine),
        break: async () => writeFileSync(broken, ''),
        mend: () => rm(broken),
        close: async () => {},
      };
    },
  },
  webhook('structured', ({ body }) => [fromLine(body)]),
  webhook('binary', ({ headers, body }) => [{ id: String(headers['ce-id']), json: body }]),
  webhook('batch', ({ body }) =>
    body
      .slice(1, -1)
      .split(/,(?=\{"specversion":)/)
      .map(fromLine),
  ),
  {
    name: 'sql',
    idempotent: true,
    async start() {
      const table = `t${Math.random().toString(36).slice(2, 12)}`;
      const config = { type: 'sql' as const, url: postgres.url, table };
      await migrate(placeOf(config), 5_000);
      return {
        config,
        arrived: async () => {
          const rows = await postgres.query<{ id: string; json: string | null; event: string | null }>(
            `SELECT id, data::text AS json, event_text AS event FROM ${table}`,
          );
          return rows.map(({ id, json, event }) => ({ id, json: json ?? fromLine(event ?? '').json }));
        },
        break: async () => void (await postgres.query(`ALTER TABLE ${table} RENAME TO ${table}_away`)),
        mend: async () => void (await postgres.query(`ALTER TABLE ${table}_away RENAME TO ${table}`)),
        close: async () => {},
      };
    },
  },
];

/** @param read what a request brings */
function webhook(
  format: 'structured' | 'binary' | 'batch',
  read: (request: Parameters<typeof ok>[0]) => Arrived[],
): Kind {
  return {
    name: `webhook, ${format}`,
    async start() {
      const receiver = await Receiver.start();
      const arrived: Arrived[] = [];
      const taking: typeof ok = (request, response) => {
        arrived.push(...read(request));
        return ok(request, response);
      };
      receiver.replies = [taking];
      return {
        config: { type: 'webhook', url: receiver.url, format },
        arrived: async () => arrived,
        break: async () => {
          receiver.replies = [status(503)];
        },
        mend: async () => {
          receiver.replies = [taking];
        },
        close: () => receiver.stop(),
      };
    },
  };
}

/** Of all `.ndjson` files in the directory. */
function linesOf(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ndjson'))
    .flatMap(({ name }) => readFileSync(join(directory, name), 'utf8').split('\n').slice(0, -1));
}

/** @param line an event as JSON; its receipt is at the end */
function fromLine(line: string): Arrived {
  const { id } = JSON.parse(line) as { id: string };
  return { id, json: line.slice(line.indexOf('"data":') + '"data":'.length, -1) };
}

/** What a receipt says, long numbers with all their digits. */
const parsed = ({ json }: { json: string }) => toEvent(record('x', { json })).data;

beforeAll(async () => {
  postgres = await TestPostgres.start();
});

afterAll(async () => {
  await postgres[Symbol.asyncDispose]();
});

describe.each(kinds)('$name', ({ start, idempotent = false }) => {
  let directory: string;
  let destination: Destination;
  let sinks: Sink[];

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'receiptd-conformance-'));
    destination = await start(directory);
    sinks = [];
  });

  afterEach(async () => {
    await Promise.all(sinks.map((sink) => sink.close()));
    await destination.close();
    await rm(directory, { recursive: true, force: true });
  });

  async function open(more: Partial<Pick<SinkInput, 'name' | 'types' | 'where'>> = {}): Promise<Sink> {
    const config = { ...destination.config, ...more } as SinkInput;
    const { sinks: configs } = parseConfig({
      queues: [{ messageType: config.types?.[0] ?? 'SmsReport', queueName: 'q' }],
      sinks: [config],
    });
    const [sink] = await openSinks(configs, pino({ level: 'silent' }));
    if (sink === undefined) throw new Error('no sink');
    sinks.push(sink);
    return sink;
  }

  const ids = async () => (await destination.arrived()).map(({ id }) => id);
  const many = (count: number): EventRecord[] => Array.from({ length: count }, (_, n) => record(`e-${n}`));

  test('has delivered an event by the time it confirms it', async () => {
    const sink = await open();
    await Promise.all(
      many(40).map(async (event) => {
        await sink.deliver(event, context());
        expect(await ids()).toContain(event.id);
      }),
    );
  });

  test('delivers a thousand at the same time, each once', async () => {
    const sink = await open();
    const events = many(1_000);
    await Promise.all(events.map((event) => sink.deliver(event, context())));
    expect((await ids()).sort()).toEqual(events.map(({ id }) => id).sort());
  });

  test('takes an event that it had, also at the same time', async () => {
    const sink = await open();
    await Promise.all([record('a'), record('a')].map((event) => sink.deliver(event, context())));
    await sink.deliver(record('a'), context());
    const found = await ids();
    expect(new Set(found)).toEqual(new Set(['a']));
    if (idempotent) expect(found).toHaveLength(1);
  });

  test.each([
    ['characters of all planes', '{"content":"短信 😀 é \\u0007 \\" \\\\ \\u2028"}'],
    ['long numbers', '{"n":12345678901234567890,"f":0.1,"e":1e5,"neg":-0.5}'],
    ['white space', '{\r\n\t"a" : 1 ,\n"b":[ ]\r\n}'],
    ['line breaks in text', '{"a":"one\\r\\ntwo"}'],
    ['depth', `{"a":${'['.repeat(200)}${']'.repeat(200)}}`],
    ['a prototype', '{"__proto__":{"x":1},"constructor":2}'],
    ['half a megabyte', JSON.stringify({ a: 'x'.repeat(500_000) })],
    ['nothing', '{}'],
  ])('keeps a receipt with %s', async (_, json) => {
    const sink = await open();
    await sink.deliver(record('odd', { json }), context());
    await sink.deliver(record('next'), context());
    const arrived = await destination.arrived();
    expect(arrived.map(({ id }) => id).sort()).toEqual(['next', 'odd']);
    expect(arrived.filter(({ id }) => id === 'odd').map(parsed)).toEqual([parsed({ json })]);
  });

  test('refuses while its destination is broken, and works once that is mended', async () => {
    const sink = await open();
    await sink.deliver(record('before'), context());
    await destination.break();
    const refused = await Promise.allSettled(many(20).map((event) => sink.deliver(event, context())));
    expect(refused.map(({ status }) => status)).toEqual(refused.map(() => 'rejected'));
    for (const { reason } of refused as PromiseRejectedResult[])
      expect(reason).not.toMatchObject({ code: 'DEAD_LETTER' });
    await destination.mend();
    await Promise.all(many(20).map((event) => sink.deliver(event, context())));
    expect(new Set(await ids())).toEqual(new Set(['before', ...many(20).map(({ id }) => id)]));
  });

  test('ends what is under way when it closes, and leaves nothing open', async () => {
    const sink = await open();
    const delivered = Promise.all(many(100).map((event) => sink.deliver(event, context())));
    await new Promise(setImmediate);
    const closed = sink.close();
    sinks = [];
    await Promise.all([delivered, closed]);
    expect(new Set(await ids()).size).toBe(100);
    const connections = () => process.getActiveResourcesInfo().filter((kind) => kind === 'TCPSocketWrap');
    await until('its connections to be closed', () => connections().length === 0);
  });

  test('refuses an event at once when its attempt is over', async () => {
    const sink = await open();
    const over = { attempt: 1, signal: AbortSignal.abort(new Error('over')) };
    await expect(sink.deliver(record('a'), over)).rejects.toThrow();
    expect(await ids()).toEqual([]);
    const giveUp = new AbortController();
    const attempt = sink.deliver(record('b'), { attempt: 1, signal: giveUp.signal }).catch(() => 'refused');
    giveUp.abort(new Error('over'));
    expect([undefined, 'refused']).toContain(await attempt);
    await sink.deliver(record('c'), context());
    expect(await ids()).toContain('c');
  });

  test('wants its types, selects what it is configured to, and has one name over restarts', async () => {
    const some = await open({ types: ['SmsUp'], where: { 'data.biz_id': '1' } });
    expect(['SmsUp', 'SmsReport'].map((type) => some.wants(type))).toEqual([true, false]);
    expect(some.selects?.(record('a'))).toBe(true);
    expect(some.selects?.(record('a', { json: '{"biz_id":2}' }))).toBe(false);
    await some.close();
    sinks = [];
    const all = await open();
    expect(all.wants('SmsReport')).toBe(true);
    expect(all.selects?.(record('a')) ?? true).toBe(true);
    expect(all.name).toBe(some.name);
    expect((await open({ name: 'mine' })).name).toBe('mine');
  });
});
