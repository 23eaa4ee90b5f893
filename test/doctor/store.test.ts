import { describe, expect, it } from 'vitest';
import { type ConfigInput, parseConfig } from '../../src/config/index.js';
import { runChecks } from '../../src/doctor/run-checks.js';
import { storeCheck } from '../../src/doctor/store.js';
import { judgeRedis } from '../../src/pipeline/redis/facts.js';
import { freePort } from '../support/ports.js';
import { TestPostgres } from '../support/postgres.js';
import { TestRedis } from '../support/redis.js';

async function look(pipeline: ConfigInput['pipeline'], more: Partial<ConfigInput> = {}) {
  const config = parseConfig({
    queues: [{ messageType: 'SmsReport', queueName: 'q' }],
    ...more,
    pipeline,
  });
  const [result] = await runChecks([storeCheck(config)]);
  return result;
}

describe('redis', () => {
  it('is well with an append-only file', async () => {
    await using redis = await TestRedis.start('--appendonly', 'yes');
    expect(await look({ backend: 'redis', url: redis.url })).toMatchObject({
      status: 'ok',
      found: expect.stringMatching(
        /^Redis \d+\.\d+\S*, standalone, noeviction, AOF, 0 replica\(s\), \d+ of \d+ clients$/,
      ),
    });
  });

  it('without one is warned of', async () => {
    await using redis = await TestRedis.start();
    expect(await look({ backend: 'redis', url: redis.url })).toMatchObject({
      status: 'warn',
      found: expect.stringMatching(/no AOF.*set appendonly yes/),
    });
    expect(await look({ backend: 'redis', url: redis.url, ackOn: 'enqueued' })).toMatchObject({
      status: 'fail',
      found: expect.stringMatching(/ackOn: enqueued needs a store that survives/),
    });
  });

  it('that evicts, is gone, or refuses the login', async () => {
    await using redis = await TestRedis.start('--maxmemory-policy', 'allkeys-lru');
    expect(await look({ backend: 'redis', url: redis.url })).toMatchObject({
      status: 'fail',
      found: expect.stringMatching(/allkeys-lru.*set it to noeviction/),
    });
    const login = await look({ backend: 'redis', url: `redis://nobody:S3cret@127.0.0.1:${redis.port}` });
    expect(login).toMatchObject({ status: 'fail', found: expect.stringMatching(/refuses the login/) });
    expect(JSON.stringify(login)).not.toContain('S3cret');
    expect(await look({ backend: 'redis', url: `redis://127.0.0.1:${await freePort()}` })).toMatchObject({
      status: 'fail',
      found: expect.stringMatching(/no Redis at .*start it, or correct pipeline\.url/),
    });
  });

  it('that is a replica takes no writes', async () => {
    await using primary = await TestRedis.start();
    await using replica = await TestRedis.start('--replicaof', '127.0.0.1', `${primary.port}`);
    expect(await look({ backend: 'redis', url: replica.url })).toMatchObject({
      status: 'fail',
      found: expect.stringMatching(/a replica, which takes no writes/),
    });
  });

  const info = (changes: Record<string, string | number> = {}) =>
    Object.entries({ redis_version: '7.2.4', redis_mode: 'standalone', role: 'master', ...changes })
      .map(([name, value]) => `${name}:${value}\r\n`)
      .join('');

  it.each([
    [{ redis_version: '6.0.16' }, 'fail', /Redis 6\.0\.16.*too old/],
    [{ redis_version: '6.2.0' }, 'ok', /Redis 6\.2\.0/],
    [{ redis_version: '7.2.4', valkey_version: '8.0.1' }, 'ok', /^Valkey 8\.0\.1/],
    [{ redis_mode: 'cluster' }, 'ok', /cluster/],
    [{ redis_mode: 'sentinel' }, 'fail', /a Sentinel, which holds no data/],
    [{ maxmemory: 1000, used_memory: 900 }, 'warn', /90 % of maxmemory is used/],
    [{ maxmemory: 1000, used_memory: 700 }, 'ok', /./],
    [{ aof_last_write_status: 'err' }, 'warn', /last write to disk failed \(aof_last_write_status\)/],
    [{ rdb_last_bgsave_status: 'err' }, 'warn', /rdb_last_bgsave_status/],
  ] as const)('%j', (changes, status, found) => {
    expect(judgeRedis(info(changes))).toMatchObject({ status, found: expect.stringMatching(found) });
  });
});

describe('postgres', () => {
  it('is looked at without a trace, and told of what is in the way', async () => {
    await using postgres = await TestPostgres.start('max_connections=25');
    const pipeline = { backend: 'postgres', url: postgres.url } as const;
    expect(await look(pipeline, { poll: { threads: 1 } })).toMatchObject({
      status: 'ok',
      found: expect.stringMatching(/synchronous_commit on, schema receiptd will be made$/),
    });
    expect(await look(pipeline)).toMatchObject({
      status: 'warn',
      found: expect.stringMatching(/^PostgreSQL \d+.*\d of 25 connections in use.*may use 30 more/),
    });
    expect(await postgres.query("SELECT FROM pg_namespace WHERE nspname = 'receiptd'")).toEqual([]);
    await postgres.query('CREATE ROLE stranger LOGIN');
    const url = postgres.url.replace('postgres@', 'stranger@');
    expect(await look({ ...pipeline, url })).toMatchObject({
      status: 'fail',
      found: expect.stringMatching(/no schema receiptd, and this user may not make it/),
    });
    expect(await look({ ...pipeline, url: postgres.url.replace('/test', '/other') })).toMatchObject({
      status: 'fail',
      found: expect.stringMatching(/has no database "other"/),
    });
    await postgres.down();
    expect(await look(pipeline)).toMatchObject({
      status: 'fail',
      found: expect.stringMatching(/no PostgreSQL at 127\.0\.0\.1:\d+/),
    });
  });
});
