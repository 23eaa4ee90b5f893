/** Whether a Redis keeps what it has confirmed, on real servers; what 7.2 can do more, on one that is played. */
import { Redis } from 'ioredis';
import { describe, expect, test } from 'vitest';
import { UsageError } from '../../src/errors.js';
import { RedisBackend } from '../../src/pipeline/index.js';
import { type DurableClient, RedisDurability } from '../../src/pipeline/redis/durability.js';
import { DeadLetterError } from '../../src/sinks/index.js';
import { TestRedis } from '../support/redis.js';
import { asked } from '../support/redis-cluster.js';
import { until } from '../support/until.js';
import { Rig } from './rig.js';

const AOF = ['--appendonly', 'yes', '--appendfsync'];

test.each([
  ['appendonly no', ['--appendonly', 'no'], /this Redis has appendonly no: set appendonly yes/],
  ['appendfsync no', [...AOF, 'no'], /this Redis has appendfsync no: set appendfsync everysec, or always/],
])('refuses a Redis with %s', async (_name, settings, reason) => {
  await using server = await TestRedis.start(...settings);
  const backend = new RedisBackend({ url: server.url }, 'bull');
  const error = await backend.checkDurability().catch((cause: unknown) => cause);
  expect(error).toBeInstanceOf(UsageError);
  expect(error).toMatchObject({ code: 'REDIS_NOT_DURABLE', message: expect.stringMatching(reason) });
  await backend.close();
});

test('has nothing to say of one that writes each command to disk', async () => {
  await using server = await TestRedis.start(...AOF, 'always');
  const backend = new RedisBackend({ url: server.url }, 'bull');
  expect(await backend.checkDurability()).toBeUndefined();
  await backend.makeDurable('q');
  await backend.close();
});

test('waits for a replica where there is one, and goes on without when it has left', async () => {
  await using server = await TestRedis.start(
    ...AOF,
    'everysec',
    '--repl-timeout',
    '2',
    '--repl-ping-replica-period',
    '1',
    '--repl-diskless-sync-delay',
    '0',
  );
  await using replica = await TestRedis.start('--replicaof', `127.0.0.1 ${server.port}`);
  const admin = new Redis(server.url);
  await until('the replica', async () => /state=online/.test(await admin.info('replication')));
  admin.disconnect();
  const backend = new RedisBackend({ url: server.url }, 'bull');
  expect(await backend.checkDurability()).toBeUndefined();
  await backend.makeDurable('q');
  process.kill(replica.pid, 'SIGSTOP');
  await expect(backend.makeDurable('q')).rejects.toMatchObject({
    message: 'Redis has not got it to a replica within 5 s',
  });
  process.kill(replica.pid, 'SIGCONT');
  await replica.down('SIGKILL');
  await until('it to work again', () =>
    backend.makeDurable('q').then(
      () => true,
      () => false,
    ),
  );
  await backend.close();
});

test('acknowledges a dead letter once a replica has it, and else when its message comes again', async () => {
  await using server = await TestRedis.start('--repl-diskless-sync-delay', '0');
  await using replica = await TestRedis.start('--replicaof', `127.0.0.1 ${server.port}`);
  await until('the replica', () =>
    asked(server, async (client) => /state=online/.test(await client.info('replication'))),
  );
  const backend = new RedisBackend({ url: server.url }, 'bull');
  const rig = new Rig(backend);
  rig.sink.act = () => {
    throw new DeadLetterError('no use');
  };
  rig.deliver();
  await rig.add(rig.job('kept-1'));
  await rig.untilFinished(1);
  process.kill(replica.pid, 'SIGSTOP');
  await rig.add(rig.job('unsafe-1'));
  await until('it to be given up', () => rig.errors.length > 0);
  process.kill(replica.pid, 'SIGCONT');
  expect(rig.errors).toMatchObject([{ message: 'Redis has not got it to a replica within 5 s' }]);
  expect(rig.dead).toEqual(['kept-1', 'unsafe-1']);
  expect(rig.finished).toMatchObject([{ messageId: 'kept-1' }]);
  const again = { dequeueCount: 2, receiptHandle: 'second' };
  expect(await rig.add(rig.job('unsafe-1', again))).toMatchObject([{ receiptHandle: 'second' }]);
  await rig.close();
  await backend.close();
});

describe('on Redis 7.2', () => {
  /** @param local how many files WAITAOF says are written */
  function played(fsync: string | undefined, local: number, replicas = 0) {
    const calls: string[] = [];
    const answer = (name: unknown): [Error | null, unknown] => {
      if (name === 'INFO')
        return [null, `aof_enabled:1\r\nredis_version:7.2.4\r\nconnected_slaves:${replicas}\r\n`];
      if (name === 'CONFIG' && fsync === undefined)
        return [new Error('NOPERM this user has no permissions'), undefined];
      if (name === 'CONFIG') return [null, ['appendfsync', fsync]];
      calls.push(String(name));
      return [null, name === 'WAIT' ? replicas : [local, 0]];
    };
    const client = {
      set: async (key: string) => calls.push(`SET ${key}`),
      pipeline: ([marker, asked]: unknown[][]) => ({
        exec: async () => {
          expect(marker?.slice(0, 2)).toEqual(['set', 'marker']);
          return [[null, 'OK'], answer(asked?.[1])] as [Error | null, unknown][];
        },
      }),
      on: () => client,
    };
    return { durability: new RedisDurability(client as unknown as DurableClient, 'marker'), calls };
  }

  test.each([
    // The first mark finds the node that is then asked how it is set.
    ['everysec', ['SET marker', 'SET marker', 'WAITAOF']],
    [undefined, ['SET marker', 'SET marker', 'WAITAOF']],
    ['always', ['SET marker']],
  ])('appendfsync %s: %j', async (fsync, wanted) => {
    const { durability, calls } = played(fsync, 1);
    await durability.makeDurable();
    expect(calls).toEqual(wanted);
  });

  test('fails when the file was not written', async () => {
    const { durability } = played('everysec', 0);
    await expect(durability.makeDurable()).rejects.toMatchObject({
      code: 'REDIS_NOT_DURABLE_YET',
      message: 'Redis has not written it to its append-only file within 5 s',
    });
  });

  test('those who ask at the same time share the wait', async () => {
    const { durability, calls } = played('everysec', 1, 1);
    await Promise.all(Array.from({ length: 20 }, () => durability.makeDurable()));
    expect(calls).toEqual(['SET marker', 'SET marker', 'WAITAOF', 'WAIT']);
  });
});

test('warns of an older Redis that writes to disk every second', async () => {
  await using server = await TestRedis.start(...AOF, 'everysec');
  const backend = new RedisBackend({ url: server.url }, 'bull');
  const warning = await backend.checkDurability();
  // Where the tests run on 7.2 or later there is nothing to warn of.
  if (warning !== undefined)
    expect(warning).toMatch(/before 7\.2 .*set appendfsync always, or use ackOn: delivered$/);
  await backend.makeDurable('q');
  await backend.close();
});
