/** A store that answers, but only that it can do nothing now: workers wait until it can, and do not pester it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { describe, expect, test } from 'vitest';
import { PostgresBackend, RedisBackend } from '../../src/pipeline/index.js';
import { isStoreTrouble } from '../../src/pipeline/outage/store-trouble.js';
import { freePort } from '../support/ports.js';
import { TestPostgres } from '../support/postgres.js';
import { TestRedis } from '../support/redis.js';
import { until } from '../support/until.js';
import { Rig } from './rig.js';

const IDS = Array.from({ length: 40 }, (_, index) => `m-${index}`);
/** ms of trouble */
const WHILE = 2_000;
const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

async function outlives(
  rig: Rig,
  trouble: { begin(): Promise<unknown>; end(): Promise<unknown>; asked(): Promise<number> },
): Promise<void> {
  rig.sink.act = () => sleep(20);
  rig.deliver({ concurrency: 4, lock: 10_000 });
  await rig.add(...IDS.map((id) => rig.job(id)));
  await until('some deliveries', () => rig.sink.seen.length >= 8);
  await trouble.begin();
  // One that has nothing to finish, and finds jobs waiting.
  const idle = new Rig(rig.backend, { queueName: rig.queueName, sinks: rig.sinks });
  idle.deliver({ concurrency: 4, lock: 10_000 });
  const [before, errors] = [await trouble.asked(), rig.errors.length];
  await sleep(WHILE);
  expect((await trouble.asked()) - before).toBeLessThan(200);
  expect(rig.errors.length + idle.errors.length - errors).toBeLessThan(20);
  expect(rig.sink.seen.length).toBeLessThan(IDS.length);
  await trouble.end();
  await until('all to be finished', () => rig.finished.length + idle.finished.length === IDS.length);
  await idle.close();
  // Each once: what had been delivered when the trouble began was booked as delivered when it ended.
  expect(rig.sink.seen.toSorted()).toEqual(IDS.toSorted());
  expect(rig.stats.counters.retried).toBe(0);
}

describe('a Redis that', () => {
  test.each([
    [
      'has no memory left (OOM)',
      (port: number) => [['CONFIG', 'SET', 'maxmemory', '1'], ['CONFIG', 'SET', 'maxmemory', '0'], port],
    ],
    [
      'became a replica (READONLY)',
      (port: number) => [['REPLICAOF', '127.0.0.1', `${port}`], ['REPLICAOF', 'NO', 'ONE'], port],
    ],
    [
      'misses its replicas (NOREPLICAS)',
      () => [
        ['CONFIG', 'SET', 'min-replicas-to-write', '1'],
        ['CONFIG', 'SET', 'min-replicas-to-write', '0'],
        0,
      ],
    ],
  ] as [string, (port: number) => [string[], string[], number]][])('%s', async (_name, commands) => {
    await using server = await TestRedis.start();
    const [begin, end] = commands(await freePort());
    const admin = new Redis(server.url);
    const call = ([name = '', ...args]: string[]) => admin.call(name, ...args);
    const backend = new RedisBackend({ url: server.url }, 'bull');
    const rig = new Rig(backend);
    await outlives(rig, { begin: () => call(begin), end: () => call(end), asked: () => commandsOf(admin) });
    await rig.close();
    await backend.close();
    admin.disconnect();
  });

  test('cannot write its data to disk (MISCONF)', async () => {
    await using server = await TestRedis.start('--enable-protected-configs', 'yes');
    const admin = new Redis(server.url);
    const directory = await mkdtemp(join(tmpdir(), 'receiptd-misconf-'));
    const backend = new RedisBackend({ url: server.url }, 'bull');
    const rig = new Rig(backend);
    const begin = async () => {
      await admin.config('SET', 'dir', directory);
      await rm(directory, { recursive: true });
      await admin.config('SET', 'save', '3600 1');
      await admin.bgsave();
      await until('the save to fail', async () =>
        /rdb_last_bgsave_status:err/.test(await admin.info('persistence')),
      );
    };
    const end = () => admin.config('SET', 'save', '');
    await outlives(rig, { begin, end, asked: () => commandsOf(admin) });
    await rig.close();
    await backend.close();
    admin.disconnect();
  });
});

describe('a PostgreSQL that', () => {
  test('is read-only, as after a failover', async () => {
    await using server = await TestPostgres.start();
    const backend = await PostgresBackend.open(server.url, 'bull');
    const rig = new Rig(backend);
    const readOnly = async (value: string) => {
      await server.query(`ALTER SYSTEM SET default_transaction_read_only = ${value}`);
      await server.query('SELECT pg_reload_conf()');
    };
    await outlives(rig, {
      begin: () => readOnly('on'),
      end: () => readOnly('off'),
      asked: () => statementsOf(server),
    });
    await rig.close();
    await backend.close();
  });

  test('lets nobody in, and throws out who is', async () => {
    await using server = await TestPostgres.start();
    const backend = await PostgresBackend.open(server.url, 'bull');
    const rig = new Rig(backend);
    const admin = (text: string) => new TestPostgresAdmin(server).query(text);
    await outlives(rig, {
      begin: async () => {
        await admin('ALTER DATABASE test ALLOW_CONNECTIONS false');
        await admin("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'test'");
      },
      end: () => admin('ALTER DATABASE test ALLOW_CONNECTIONS true'),
      asked: async () => 0,
    });
    await rig.close();
    await backend.close();
  });

  test('terminates its connections now and then', async () => {
    await using server = await TestPostgres.start();
    const backend = await PostgresBackend.open(server.url, 'bull');
    const rig = new Rig(backend);
    rig.sink.act = () => sleep(50);
    rig.deliver({ concurrency: 4, lock: 1_500 });
    await rig.add(...IDS.map((id) => rig.job(id)));
    for (let round = 1; round <= 4; round += 1) {
      await until('more deliveries', () => rig.sink.seen.length >= round * 8);
      await server.query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'receiptd'",
      );
    }
    await until('all to be delivered', () => new Set(rig.sink.seen).size === IDS.length);
    const left = async () =>
      Object.values(await rig.queue.getJobCounts('waiting', 'active', 'delayed', 'failed'));
    await until('all to be finished', async () => (await left()).every((count) => count === 0));
    await rig.close();
    await backend.close();
  });
});

test.each([
  ['ERR Error running script: @user_script: 12: WRONGTYPE Operation against a key', false],
  ['Missing lock for job m-1. moveToFinished', false],
  ['LOADING Redis is loading the dataset in memory', true],
  ['Connection terminated unexpectedly', true],
  ['Query read timeout', true],
])('%s is trouble of the store: %s', (message, trouble) => {
  expect(isStoreTrouble(new Error(message))).toBe(trouble);
});

test.each([
  ['57P03', true],
  ['57P01', true],
  ['53100', true],
  ['23505', false],
  ['42P01', false],
  ['BM001', false],
])('SQLSTATE %s is trouble of the store: %s', (code, trouble) => {
  expect(isStoreTrouble(Object.assign(new Error('told by the server'), { code }))).toBe(trouble);
});

/** Administers the server from another database than the one that is in trouble. */
class TestPostgresAdmin {
  readonly #server: TestPostgres;

  constructor(server: TestPostgres) {
    this.#server = server;
  }

  async query(text: string): Promise<void> {
    const { default: pg } = await import('pg');
    const client = new pg.Client({ connectionString: this.#server.url.replace(/test$/, 'postgres') });
    await client.connect();
    await client.query(text);
    await client.end();
  }
}

async function commandsOf(admin: Redis): Promise<number> {
  return Number(/total_commands_processed:(\d+)/.exec(await admin.info('stats'))?.[1]);
}

async function statementsOf(server: TestPostgres): Promise<number> {
  const [row] = await server.query<{ count: string }>(
    "SELECT xact_commit + xact_rollback AS count FROM pg_stat_database WHERE datname = 'test'",
  );
  return Number(row?.count);
}
