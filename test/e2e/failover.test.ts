/**
 * The master that has the queue dies under load, and takes with it what it had not passed on to its replica: two daemons
 * say so, go on with the replica by themselves, and MNS hands out again what Redis has lost.
 */
import { expect, it } from 'vitest';
import type { ConfigInput } from '../../src/config/index.js';
import type { Daemon } from '../support/daemon.js';
import type { TestRedis } from '../support/redis.js';
import { asked, TestCluster } from '../support/redis-cluster.js';
import { MASTER_NAME, TestSentinels } from '../support/redis-sentinel.js';
import { configFor, duplicates, QUEUE, Site, startCloud } from '../support/site.js';
import { until } from '../support/until.js';

type Pipeline = NonNullable<ConfigInput['pipeline']>;

/** Several servers of which one has the queue. */
interface Servers extends AsyncDisposable {
  pipeline: Pipeline;
  master(): Promise<TestRedis>;
  replicaOf(master: TestRedis): TestRedis;
}

const IN_FLIGHT = 256;
const RECEIPTS = 2_000;

/** ms a delivery takes, so that there always are jobs in the store. */
const SLOW = `
  import { appendFileSync } from 'node:fs';
  export default {
    async default(event) {
      await new Promise((resolve) => setTimeout(resolve, 15));
      appendFileSync('receipts.ndjson', JSON.stringify({ id: event.id }) + '\\n');
    },
  };`;

function other(servers: readonly TestRedis[], one: TestRedis): TestRedis {
  const found = servers.find((server) => server !== one);
  if (found === undefined) throw new Error('there is no replica');
  return found;
}

async function cluster(): Promise<Servers> {
  const made = await TestCluster.start({ nodeTimeout: 2_000 });
  const pairs = made.nodes
    .slice(0, 3)
    .map((node, index) => [node, ...made.nodes.slice(3 + index, 4 + index)]);
  return {
    pipeline: { backend: 'redis', url: made.url, redis: { topology: 'cluster', nodes: made.others } },
    master: () => made.masterOf(`receiptd:{${QUEUE}}:wait`),
    replicaOf: (master) => other(pairs.find((pair) => pair.includes(master)) ?? [], master),
    [Symbol.asyncDispose]: () => made[Symbol.asyncDispose](),
  };
}

async function sentinels(): Promise<Servers> {
  const made = await TestSentinels.start();
  const redis = { topology: 'sentinel' as const, nodes: made.others, sentinel: { name: MASTER_NAME } };
  return {
    pipeline: { backend: 'redis', url: made.url, redis },
    master: () => made.master(),
    replicaOf: (master) => other(made.servers, master),
    [Symbol.asyncDispose]: () => made[Symbol.asyncDispose](),
  };
}

/** Ids of the jobs in a server's queue; a replica in a cluster tells them only to those who want no more than to read. */
function jobsOf(server: TestRedis): Promise<string[]> {
  return asked(server, async (client) => {
    await client.readonly().catch(() => {});
    const lists = ['wait', 'active'].map((type) => client.lrange(`receiptd:{${QUEUE}}:${type}`, 0, -1));
    return (await Promise.all(lists)).flat();
  });
}

async function stopReplication(master: TestRedis, replica: TestRedis): Promise<void> {
  // A server that asks for no password refuses one.
  await asked(replica, (client) => client.config('SET', 'masterauth', 'nonsense'));
  await asked(master, (client) => client.call('CLIENT', 'KILL', 'TYPE', 'replica'));
  await until('the replica to be cut off', () =>
    asked(replica, async (client) => /master_link_status:down/.test(await client.info('replication'))),
  );
}

it.each([
  ['Redis Cluster', cluster],
  ['Sentinels', sentinels],
])(
  'a failover of %s under load loses nothing, and nobody has to do anything',
  async (_name, start) => {
    await using servers = await start();
    await using site = await Site.create();
    await using cloud = await startCloud(RECEIPTS, { visibilityTimeout: 6 });
    const queue = cloud.queue(QUEUE);
    const ids = queue.messages.map(({ id }) => id);
    await site.write('slow.mjs', SLOW);
    const config = configFor(cloud, {
      poll: { threads: 1, waitSeconds: 1 },
      pipeline: { ...servers.pipeline, concurrency: 4, maxInFlight: IN_FLIGHT },
      sinks: [{ type: 'module', path: 'slow.mjs' }],
    });
    const daemons: Daemon[] = [];
    for (let count = 0; count < 2; count += 1) {
      const daemon = await site.daemon(config);
      daemons.push(daemon);
      await daemon.untilReady();
    }

    const master = await servers.master();
    const replica = servers.replicaOf(master);
    await stopReplication(master, replica);
    const before = (await site.delivered()).length;
    // All that is in the queue by then came after the replica was cut off.
    await until('more deliveries', async () => (await site.delivered()).length >= before + 2 * IN_FLIGHT);
    const there = await jobsOf(master);
    const kept = new Set(await jobsOf(replica));
    await master.down('SIGKILL');
    expect(there.filter((id) => !kept.has(id)).length).toBeGreaterThan(0);

    await Promise.all(daemons.map((daemon) => daemon.untilNotReady(/store|Redis|handing/)));
    expect(queue.deleted).toBeLessThan(RECEIPTS);
    await Promise.all(daemons.map((daemon) => daemon.untilReady()));
    await until(
      'all to be delivered',
      async () => new Set(await site.delivered()).size === ids.length,
      60_000,
    );
    await until('all to be deleted', () => queue.deleted === ids.length, 60_000);
    expect(new Set(await site.delivered())).toEqual(new Set(ids));
    // Not more than the replica still took for undelivered, and what was under way.
    expect(duplicates(await site.delivered()).length).toBeLessThanOrEqual(2 * IN_FLIGHT);
    for (const daemon of daemons) {
      await daemon.untilReady();
      expect((await daemon.status()).slices.restarts).toBe(0);
      expect(await daemon.end('SIGTERM'), daemon.stderr).toEqual({ code: 0, signal: null });
    }
  },
  240_000,
);
