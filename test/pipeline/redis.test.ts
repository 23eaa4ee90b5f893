/** What only the Redis store does: refuse a Redis that cannot be trusted, and live through its restarts. */
import type { EventEmitter } from 'node:events';
import { Redis } from 'ioredis';
import { describe, expect, test, vi } from 'vitest';
import { ReceiptdError, UsageError } from '../../src/errors.js';
import { openBackend, RedisBackend } from '../../src/pipeline/index.js';
import { FreezingProxy } from '../support/freezing-proxy.js';
import { freePort } from '../support/ports.js';
import { Hold, Rig } from './rig.js';
import { embeddedStore, pipelineConfig, redisStore } from './stores.js';

/** A Redis that asks for a password, which is `secret-of-redis`. */
async function lockedStore(): Promise<Awaited<ReturnType<typeof redisStore>>> {
  const store = await redisStore();
  const client = new Redis(store.server.url);
  await client.config('SET', 'requirepass', 'secret-of-redis');
  client.disconnect();
  return store;
}

describe('opening', () => {
  test.each(['allkeys-lru', 'volatile-ttl', 'allkeys-random'])(
    'refuses a Redis whose policy is %s',
    async (policy) => {
      await using store = await redisStore('--maxmemory-policy', policy);
      const opening = store.open();
      await expect(opening).rejects.toThrow(UsageError);
      await expect(opening).rejects.toMatchObject({
        code: 'REDIS_EVICTS',
        message: `pipeline.url: this Redis has maxmemory-policy ${policy} and may drop receipts: set it to noeviction`,
      });
    },
  );

  test('says where no Redis is, and that this may pass', async () => {
    const port = await freePort();
    const url = `redis://127.0.0.1:${port}`;
    const error = await openBackend(pipelineConfig({ backend: 'redis', url })).catch(
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(ReceiptdError);
    expect(error).not.toBeInstanceOf(UsageError);
    expect(error).toMatchObject({
      code: 'REDIS_UNREACHABLE',
      message: expect.stringMatching(
        new RegExp(
          `^pipeline\\.url: no Redis at 127\\.0\\.0\\.1:${port} \\(.*ECONNREFUSED.*\\): start it, or`,
        ),
      ),
    });
  });

  test.each([
    ['a wrong password', 'redis://:wrong@', /WRONGPASS/],
    ['an unknown user', 'redis://somebody:secret@', /WRONGPASS/],
    ['no password', 'redis://', /NOAUTH/],
  ])('says that Redis refuses %s, without the password', async (_, login, reason) => {
    await using store = await lockedStore();
    const url = store.server.url.replace('redis://', login);
    const error = await openBackend(pipelineConfig({ backend: 'redis', url })).catch(
      (cause: unknown) => cause,
    );
    expect(error).toBeInstanceOf(UsageError);
    expect(error).toMatchObject({ code: 'REDIS_AUTH', message: expect.stringMatching(reason) });
    expect(String(error)).not.toMatch(/wrong@|:secret/);
  });

  test('uses the password of the URL', async () => {
    await using store = await lockedStore();
    const url = store.server.url.replace('redis://', 'redis://:secret-of-redis@');
    const backend = await openBackend(pipelineConfig({ backend: 'redis', url }));
    const rig = new Rig(backend);
    rig.deliver();
    await rig.add(rig.job('m-1'));
    await rig.untilFinished(1);
    await rig.close();
    await backend.close();
  });
});

test.each([
  ['no', /^pipeline\.url: this Redis has no AOF \(appendonly no\): dead letters .*; set appendonly yes$/],
  ['yes', undefined],
])('warns of a Redis whose appendonly is %s: %s', async (appendonly, warning) => {
  await using store = await redisStore('--appendonly', appendonly);
  const backend = new RedisBackend({ url: store.server.url }, 'bull');
  const text = await backend.durabilityWarning();
  if (warning === undefined) expect(text).toBeUndefined();
  else expect(text).toMatch(warning);
  await backend.close();
});

test.each(['redis', 'embedded'] as const)('a queue of a lost %s store prints nothing', async (kind) => {
  await using store = await (kind === 'redis' ? redisStore() : embeddedStore());
  const printed = vi.spyOn(console, 'error').mockImplementation(() => {});
  const backend = await store.open();
  const queue = backend.queue('q');
  await queue.getJobCounts('waiting');
  await backend.close();
  await expect(queue.getJobCounts('waiting')).rejects.toThrow();
  // A closed store says nothing to a queue, so the queue is told as BullMQ tells it.
  (queue as unknown as EventEmitter).emit('error', new Error('lost'));
  expect(printed).not.toHaveBeenCalled();
  printed.mockRestore();
});

describe('a Redis that goes away', () => {
  test('fails a hand-off at once, and takes the same messages when it is back', async () => {
    await using store = await redisStore('--appendonly', 'yes');
    const backend = await store.open();
    const rig = new Rig(backend);
    await rig.add(rig.job('m-1'));
    await store.server.down('SIGKILL');
    await expect(rig.add(rig.job('m-2'), rig.job('m-3'))).rejects.toThrow();
    await expect(rig.queue.getJobCounts('waiting')).rejects.toThrow();
    await store.server.up();
    await expect.poll(() => rig.add(rig.job('m-2'), rig.job('m-3')).catch(() => 'down')).toEqual([]);
    rig.deliver();
    await rig.untilFinished(3);
    expect(rig.sink.seen).toEqual(['m-1', 'm-2', 'm-3']);
    await rig.close();
    await backend.close();
  });

  test('is waited for by an idle worker, which then delivers again by itself', async () => {
    await using store = await redisStore('--appendonly', 'yes');
    const backend = await store.open();
    const rig = new Rig(backend);
    rig.deliver();
    await rig.add(rig.job('m-1'));
    await rig.untilFinished(1);
    for (const [round, signal] of (['SIGKILL', 'SIGTERM'] as const).entries()) {
      await store.server.down(signal);
      await store.server.up();
      const next = rig.job(`m-${round + 2}`);
      await expect.poll(() => rig.add(next).catch(() => 'down')).toEqual([]);
      await rig.untilFinished(round + 2);
    }
    expect(rig.sink.seen).toEqual(['m-1', 'm-2', 'm-3']);
    await rig.close();
    await backend.close();
  });

  test('without closing its connections is found out, by the worker and by the producer', async () => {
    await using store = await redisStore();
    await using proxy = await FreezingProxy.start(store.server.port);
    // An idle worker's call blocks for 5 s.
    const backend = new RedisBackend({ url: `redis://127.0.0.1:${proxy.port}` }, 'bull', 6_000);
    await backend.check();
    const rig = new Rig(backend);
    rig.deliver();
    await rig.add(rig.job('m-1'));
    await rig.untilFinished(1);
    proxy.freeze();
    const next = rig.job('m-2');
    await expect.poll(() => rig.add(next).catch(() => 'down'), { timeout: 20_000 }).toEqual([]);
    await rig.untilFinished(2);
    expect(rig.sink.seen).toEqual(['m-1', 'm-2']);
    await rig.close();
    await backend.close();
  });

  test('in the middle of deliveries and adds loses nothing', async () => {
    await using store = await redisStore('--appendonly', 'yes', '--appendfsync', 'always');
    const backend = await store.open();
    const rig = new Rig(backend, { attempts: 20 });
    const hold = new Hold();
    rig.sink.act = () => (rig.sink.seen.length > 30 ? hold.wait() : undefined);
    rig.deliver({ concurrency: 8, lock: 1_500 });
    const ids = Array.from({ length: 120 }, (_, index) => `m-${index}`);
    /** As poll does it: the same batch again until it is taken. */
    const adding = (async () => {
      for (let at = 0; at < ids.length; at += 4) {
        const jobs = ids.slice(at, at + 4).map((id) => rig.job(id));
        await expect.poll(() => rig.add(...jobs).catch(() => 'down'), { timeout: 20_000 }).toEqual([]);
      }
    })();
    await expect.poll(() => rig.sink.seen.length).toBeGreaterThan(30);
    await store.server.down('SIGKILL');
    hold.release();
    await store.server.up();
    await adding;
    const unfinished = async () => {
      const counts = await rig.queue.getJobCounts('waiting', 'active', 'delayed', 'failed');
      return Object.values(counts).reduce((sum, count) => sum + count, 0);
    };
    await expect.poll(unfinished, { timeout: 40_000 }).toBe(0);
    expect(new Set(rig.sink.seen)).toEqual(new Set(ids));
    // Redis may have finished a job whose worker never got the answer: MNS hands that message out again.
    const passedOn = new Set(rig.finished.map(({ messageId }) => messageId));
    const missed = ids.filter((id) => !passedOn.has(id));
    const again = await rig.add(
      ...missed.map((id) => rig.job(id, { dequeueCount: 2, receiptHandle: 'second' })),
    );
    expect(again.map(({ messageId }) => messageId)).toEqual(missed);
    await rig.close();
    await backend.close();
  });
});
