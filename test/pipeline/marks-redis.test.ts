/** What marks and claims cost Redis, and where they are in it. */
import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { MARKS_LINGER_MS } from '../../src/pipeline/backend.js';
import { RedisClaims } from '../../src/pipeline/redis/claims.js';
import { RedisMarks } from '../../src/pipeline/redis/marks.js';
import { Rig } from './rig.js';
import { redisStore } from './stores.js';

let store: Awaited<ReturnType<typeof redisStore>>;
let client: Redis;

beforeAll(async () => {
  store = await redisStore();
  client = new Redis(store.server.url);
});

afterAll(async () => {
  client.disconnect();
  await store[Symbol.asyncDispose]();
});

const ids = (count: number) => Array.from({ length: count }, () => randomUUID());
const bytesOf = async (key: string) => Number(await client.call('MEMORY', 'USAGE', key, 'SAMPLES', '0'));

test.each([10_000, 16_500, 40_000])('a mark costs at most 120 bytes, with %i of them', async (count) => {
  const key = `marks-${count}`;
  const marks = new RedisMarks(key, { producer: client, consumer: client });
  await Promise.all(ids(count).map((id) => marks.add(id)));
  expect(await client.zcard(key)).toBe(count);
  expect((await bytesOf(key)) / count).toBeLessThanOrEqual(120);
});

test('nothing is left of marks that were removed, nor of those that are too old', async () => {
  const marks = new RedisMarks('m', { producer: client, consumer: client }, () => 3_600_000, 20);
  const stale = new RedisMarks('m', { producer: client, consumer: client }, () => -1);
  const [first, second] = [ids(500), ids(500)];
  await Promise.all([...first, ...second].map((id) => marks.add(id)));
  await Promise.all(ids(100).map((id) => stale.add(id)));
  await marks.remove(first);
  await expect.poll(() => client.zcard('m')).toBe(500);
  await marks.remove(second);
  await expect.poll(() => client.exists('m')).toBe(0);
});

test('a mark is still found for a while after it was removed, so that no late copy gets past it', async () => {
  const marks = new RedisMarks('late', { producer: client, consumer: client });
  await marks.add('m-1');
  await marks.remove(['m-1', 'm-2']);
  expect(await marks.among(['m-1', 'm-2'])).toEqual(new Set(['m-1']));
  const [score] = await client.zmscore('late', ...(await client.zrangeBuffer('late', '0', '-1')));
  expect(Number(score) - Date.now()).toBeLessThanOrEqual(MARKS_LINGER_MS);
});

test('a delivered event is remembered at 140 bytes, one under way for no longer than an hour', async () => {
  const claims = new RedisClaims('claims', client, 3_600_000);
  const wanted = ids(10_000).map((key) => ({ key, holder: key }));
  await claims.take(wanted);
  const [pending = ''] = await client.keys('claims:pending:*');
  expect(await client.pttl(pending)).toBeGreaterThan(3_500_000);
  expect(await client.pttl(pending)).toBeLessThanOrEqual(3_600_000);
  await claims.settle(wanted);
  expect(await client.keys('claims*')).toEqual(['claims:settled']);
  expect((await bytesOf('claims:settled')) / 10_000).toBeLessThanOrEqual(140);
});

test('what is delivered out of the window costs nothing once another is delivered', async () => {
  await new RedisClaims('old', client, 1).settle(ids(100).map((key) => ({ key, holder: key })));
  await expect
    .poll(async () => (await new RedisClaims('old', client, 1).take([{ key: 'x', holder: 'x' }]))[0])
    .toBe('mine');
  await new RedisClaims('old', client, 60_000).settle([{ key: 'x', holder: 'x' }]);
  await expect.poll(() => client.zcard('old:settled')).toBe(1);
});

test('all keys of a queue share its slot and the prefix', async () => {
  await client.flushall();
  const backend = await store.open();
  const rig = new Rig(backend);
  const claims = backend.claims(rig.queueName, 60_000);
  rig.deliver();
  await rig.add(rig.job('m-1'));
  await rig.untilFinished(1);
  await claims.take(['a', 'b'].map((key) => ({ key, holder: key })));
  await claims.settle([{ key: 'a', holder: 'a' }]);
  const keys = await client.keys('*');
  const start = `receiptd:{${rig.queueName}}:`;
  expect(keys.filter((key) => !key.startsWith(start))).toEqual([]);
  const own = keys.map((key) => key.slice(start.length)).filter((key) => key.startsWith('receiptd:'));
  expect(own.toSorted()).toEqual([
    expect.stringMatching(/^receiptd:claim:pending:[\w-]{16}$/),
    'receiptd:claim:settled',
    'receiptd:delivered',
  ]);
  await rig.close();
  await backend.close();
});
