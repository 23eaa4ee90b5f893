/** A real Redis Cluster of the test's own: three masters and their replicas, each a server that can be killed. */
import { createServer } from 'node:net';
import { Redis } from 'ioredis';
import { freePort } from './ports.js';
import { TestRedis } from './redis.js';
import { until } from './until.js';

const MASTERS = 3;
const SLOTS = 16_384;
/** How far the port of the cluster's bus is from a node's own. */
const BUS = 10_000;

export interface ClusterOptions {
  /** ms after which a silent node is taken for dead, and one of its replicas for the new master. @default 5000 */
  nodeTimeout?: number;
  /** Further settings of each node. */
  settings?: string[];
}

export class TestCluster {
  /** The first three were made masters, the others their replicas in the same order. */
  readonly nodes: readonly TestRedis[];

  private constructor(nodes: readonly TestRedis[]) {
    this.nodes = nodes;
  }

  static async start({ nodeTimeout = 5_000, settings = [] }: ClusterOptions = {}): Promise<TestCluster> {
    const nodes: TestRedis[] = [];
    const cluster = new TestCluster(nodes);
    const fixed = ['--cluster-enabled', 'yes', '--cluster-node-timeout', `${nodeTimeout}`];
    // However long it has been without its master, a replica may take its place.
    const replication = ['--cluster-replica-validity-factor', '0', '--repl-diskless-sync-delay', '0'];
    try {
      for (let index = 0; index < 2 * MASTERS; index += 1)
        nodes.push(await TestRedis.startOn(await nodePort(), ...fixed, ...replication, ...settings));
      await cluster.#join();
      return cluster;
    } catch (error) {
      await cluster[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Of the first node. */
  get url(): string {
    return this.#node(0).url;
  }

  /** All others, as `pipeline.redis.nodes` has them. */
  get others(): string[] {
    return this.nodes.slice(1).map(({ port }) => `127.0.0.1:${port}`);
  }

  /** The node that is master of this key by what the others say, which a dead one's are slow to take back. */
  async masterOf(key: string): Promise<TestRedis> {
    const slot = Number(await this.#ask(this.#alive(), 'KEYSLOT', key));
    for (const node of this.nodes) {
      if (node.pid === 0) continue;
      const ranges = (await this.#ask(node, 'SLOTS')) as [number, number, [string, number, string]][];
      const range = ranges.find(([from, to]) => from <= slot && slot <= to);
      const master = this.nodes.find(({ port }) => port === range?.[2][1]);
      if (master !== undefined) return master;
    }
    throw new Error(`no node is master of ${key}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.nodes.map((node) => node[Symbol.asyncDispose]()));
  }

  async #join(): Promise<void> {
    const ids = await Promise.all(this.nodes.map((node) => this.#ask(node, 'MYID')));
    await Promise.all(
      this.nodes.map(async (node, index) => {
        await this.#ask(node, 'SET-CONFIG-EPOCH', index + 1);
        if (index < MASTERS) await this.#ask(node, 'ADDSLOTS', ...slotsOf(index));
      }),
    );
    for (const node of this.nodes.slice(1)) await this.#ask(node, 'MEET', '127.0.0.1', this.#node(0).port);
    await this.#untilAll('every node to know every other', async (node) => {
      const known = String(await this.#ask(node, 'NODES'))
        .trim()
        .split('\n');
      return known.length === this.nodes.length && !known.some((line) => /handshake|noaddr/.test(line));
    });
    await Promise.all(
      this.nodes.slice(MASTERS).map((node, index) => this.#ask(node, 'REPLICATE', String(ids[index]))),
    );
    await this.#untilAll('the cluster to be whole', async (node) => {
      const [state, replication] = await asked(node, (client) =>
        Promise.all([client.cluster('INFO'), client.info('replication')]),
      );
      return /cluster_state:ok/.test(String(state)) && /role:master|master_link_status:up/.test(replication);
    });
    await this.#untilAll('every node to know the replicas', async (node) => {
      const ranges = (await this.#ask(node, 'SLOTS')) as unknown[][];
      return ranges.length === MASTERS && ranges.every((range) => range.length === 4);
    });
  }

  async #untilAll(what: string, ask: (node: TestRedis) => Promise<boolean>): Promise<void> {
    await until(what, async () => (await Promise.all(this.nodes.map(ask))).every(Boolean));
  }

  #ask(node: TestRedis, name: string, ...args: (string | number)[]): Promise<unknown> {
    return asked(node, (client) => client.call('CLUSTER', name, ...args));
  }

  #alive(): TestRedis {
    const node = this.nodes.find(({ pid }) => pid !== 0);
    if (node === undefined) throw new Error('all nodes are down');
    return node;
  }

  #node(index: number): TestRedis {
    const node = this.nodes[index];
    if (node === undefined) throw new Error(`no node ${index}`);
    return node;
  }
}

/** What one server answers, asked on a connection of its own. */
export async function asked<T>(node: TestRedis, ask: (client: Redis) => Promise<T>): Promise<T> {
  const client = new Redis(node.url, { lazyConnect: true, retryStrategy: null });
  client.on('error', () => {});
  try {
    return await ask(client);
  } finally {
    client.disconnect();
  }
}

/** @param master which of so many */
export function slotsOf(master: number, masters = MASTERS): number[] {
  const from = Math.floor((master * SLOTS) / masters);
  const to = Math.floor(((master + 1) * SLOTS) / masters);
  return Array.from({ length: to - from }, (_, index) => from + index);
}

/** A free port whose bus has one as well. */
export async function nodePort(): Promise<number> {
  for (;;) {
    const port = await freePort();
    if (port + BUS < 65_536 && (await isFree(port + BUS))) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer().once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
