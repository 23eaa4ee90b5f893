/** What is said when `pipeline.redis` and the servers do not fit; and that failovers are lived through, without a daemon. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ReceiptdError, UsageError } from '../../src/errors.js';
import { openBackend, type PipelineConfig, RedisBackend } from '../../src/pipeline/index.js';
import { freePort } from '../support/ports.js';
import { TestRedis } from '../support/redis.js';
import { asked, TestCluster } from '../support/redis-cluster.js';
import { MASTER_NAME, TestSentinels } from '../support/redis-sentinel.js';
import { Rig } from './rig.js';
import { clusterConfig, pipelineConfig, sentinelConfig } from './stores.js';

let server: TestRedis;
let cluster: TestCluster;
let sentinels: TestSentinels;

beforeAll(async () => {
  [server, cluster, sentinels] = await Promise.all([
    TestRedis.start(),
    TestCluster.start({ nodeTimeout: 3_000, settings: ['--appendonly', 'yes', '--appendfsync', 'always'] }),
    TestSentinels.start(),
  ]);
});

afterAll(async () => {
  await Promise.all([server, cluster, sentinels].map((started) => started[Symbol.asyncDispose]()));
});

async function refusal(config: PipelineConfig): Promise<ReceiptdError> {
  const error = await openBackend(config).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ReceiptdError);
  expect((error as Error).message).not.toMatch(/hunter2|\n/);
  return error as ReceiptdError;
}

const standalone = (url: string) => pipelineConfig({ backend: 'redis', url });
const asCluster = (url: string, nodes: string[] = []) =>
  pipelineConfig({ backend: 'redis', url, redis: { topology: 'cluster', nodes } });
const bySentinels = (url: string, name = MASTER_NAME, nodes: string[] = []) =>
  pipelineConfig({ backend: 'redis', url, redis: { topology: 'sentinel', nodes, sentinel: { name } } });

describe('a topology that is another', () => {
  test.each([
    [
      'standalone',
      'a cluster',
      () => standalone(cluster.url),
      /: this is a cluster node, set topology: cluster$/,
    ],
    [
      'standalone',
      'a Sentinel',
      () => standalone(sentinels.url),
      /: this is a Sentinel: set topology: sentinel/,
    ],
    [
      'cluster',
      'one server',
      () => asCluster(server.url),
      /: 127\.0\.0\.1:\d+ is no node of a Redis Cluster: set topology: standalone$/,
    ],
    [
      'cluster',
      'a Sentinel',
      () => asCluster(sentinels.url),
      /: 127\.0\.0\.1:\d+ is a Sentinel: set topology/,
    ],
    [
      'sentinel',
      'one server',
      () => bySentinels(server.url),
      / is no Sentinel: set topology: standalone, or name/,
    ],
    [
      'sentinel',
      'a cluster',
      () => bySentinels(cluster.url),
      / is no Sentinel: set topology: cluster, or name/,
    ],
  ])('%s on %s', async (_topology, _what, config, message) => {
    const error = await refusal(config());
    expect(error).toBeInstanceOf(UsageError);
    expect(error.code).toBe('REDIS_TOPOLOGY');
    expect(error.message).toMatch(/^pipeline\.redis\.topology: /);
    expect(error.message).toMatch(message);
  });
});

test('names the groups that a Sentinel watches where the name is wrong', async () => {
  const error = await refusal(bySentinels(sentinels.url, 'hismaster'));
  expect(error).toBeInstanceOf(UsageError);
  expect(error.message).toMatch(
    /^pipeline\.redis\.sentinel\.name: the Sentinel at 127\.0\.0\.1:\d+ watches no "hismaster", only mymaster$/,
  );
});

test('sends a replica away, as that may pass', async () => {
  const master = await sentinels.master();
  const replica = sentinels.servers.find((one) => one !== master);
  const error = await refusal(standalone(replica?.url ?? ''));
  expect(error).not.toBeInstanceOf(UsageError);
  expect(error.message).toMatch(/^pipeline\.url: this Redis is a replica, which takes no writes: /);
});

test.each([
  ['cluster', (url: string, other: string) => asCluster(url, [other])],
  ['sentinel', (url: string, other: string) => bySentinels(url, MASTER_NAME, [other])],
] as const)('says where no %s is, and that this may pass', async (topology, config) => {
  const [one, two] = [await freePort(), await freePort()];
  const error = await refusal(config(`redis://:hunter2@127.0.0.1:${one}`, `127.0.0.1:${two}`));
  expect(error).not.toBeInstanceOf(UsageError);
  expect(error.code).toBe('REDIS_UNREACHABLE');
  expect(error.message).toMatch(
    new RegExp(
      `^pipeline\\.url: no ${topology === 'sentinel' ? 'Sentinel' : 'Redis'} at 127\\.0\\.0\\.1:${one}.*ECONNREFUSED`,
    ),
  );
});

test('finds the cluster, or the Sentinels, by a further node when the one in the URL is away', async () => {
  const gone = `redis://127.0.0.1:${await freePort()}`;
  for (const config of [
    { ...clusterConfig(cluster), url: gone },
    { ...sentinelConfig(sentinels), url: gone },
  ]) {
    const backend = await openBackend(config);
    await backend.close();
  }
});

test('looks at every master of a cluster: its policy, its log', async () => {
  const [, second, third] = cluster.nodes;
  if (second === undefined || third === undefined) throw new Error('no masters');
  await asked(second, (client) => client.config('SET', 'maxmemory-policy', 'allkeys-lru'));
  const error = await refusal(clusterConfig(cluster));
  expect(error.message).toBe(
    `pipeline.url: the Redis at 127.0.0.1:${second.port} has maxmemory-policy allkeys-lru and may drop receipts: set it to noeviction`,
  );
  await asked(second, (client) => client.config('SET', 'maxmemory-policy', 'noeviction'));
  await asked(third, (client) => client.config('SET', 'appendonly', 'no'));
  const backend = new RedisBackend(clusterConfig(cluster), 'receiptd');
  expect(await backend.durabilityWarning()).toMatch(
    new RegExp(`^pipeline\\.url: the Redis at 127\\.0\\.0\\.1:${third.port} has no AOF`),
  );
  await expect(backend.checkDurability()).rejects.toMatchObject({ code: 'REDIS_NOT_DURABLE' });
  await asked(third, (client) => client.config('SET', 'appendonly', 'yes'));
  expect(await backend.durabilityWarning()).toBeUndefined();
  expect(await backend.checkDurability()).toBeUndefined();
  await backend.close();
});

test('waits for the replica of the very node that has the queue', async () => {
  const backend = await openBackend(clusterConfig(cluster));
  expect(await backend.checkDurability()).toBeUndefined();
  for (const name of ['queue-a', 'queue-b', 'queue-c', 'queue-d']) {
    const master = await cluster.masterOf(`receiptd:{${name}}:wait`);
    const before = await markersOf(master);
    await backend.makeDurable(name);
    expect((await markersOf(master)).filter((key) => !before.includes(key))).toEqual([
      `receiptd:{${name}}:receiptd:durable`,
    ]);
    expect(await waits(master)).toBeGreaterThan(0);
  }
  await backend.close();
});

const markersOf = (node: TestRedis) => asked(node, (client) => client.keys('*:durable'));
const waits = (node: TestRedis) =>
  asked(node, async (client) =>
    Number(/cmdstat_wait:calls=(\d+)/.exec(await client.info('commandstats'))?.[1] ?? 0),
  );

test.each([
  ['cluster', () => clusterConfig(cluster), (name: string) => cluster.masterOf(`receiptd:{${name}}:wait`)],
  ['sentinel', () => sentinelConfig(sentinels), () => sentinels.master()],
])(
  'with a failover of the %s: adds fail fast, an idle worker goes on by itself',
  async (_name, config, masterOf) => {
    const backend = await openBackend(config());
    const rig = new Rig(backend);
    rig.deliver();
    await rig.add(rig.job('m-1'));
    await rig.untilFinished(1);
    const master = await masterOf(rig.queueName);
    await master.down('SIGKILL');
    const failing = performance.now();
    await expect(rig.add(rig.job('m-2'))).rejects.toThrow();
    await expect(rig.queue.getJobCounts('waiting')).rejects.toThrow();
    // Not by its time-out, which is 8 s.
    expect(performance.now() - failing).toBeLessThan(6_000);
    const next = rig.job('m-2');
    await expect.poll(() => rig.add(next).catch(() => 'down'), { timeout: 30_000 }).toEqual([]);
    await rig.untilFinished(2);
    expect(rig.sink.seen).toEqual(['m-1', 'm-2']);
    expect(await masterOf(rig.queueName)).not.toBe(master);
    await rig.close();
    await backend.close();
    await master.up();
  },
);
