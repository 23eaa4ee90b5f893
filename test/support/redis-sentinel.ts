/** A real master with its replica, and three Sentinels that replace it when it is gone. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { freePort } from './ports.js';
import { TestRedis } from './redis.js';
import { until } from './until.js';

const SENTINELS = 3;
/** ms after which a silent master is taken for dead. */
const DOWN_AFTER = 1_500;

export const MASTER_NAME = 'mymaster';

export class TestSentinels {
  readonly servers: readonly TestRedis[];
  readonly #directory: string;
  readonly #sentinels: { port: number; process: ChildProcess }[] = [];

  private constructor(servers: readonly TestRedis[], directory: string) {
    this.servers = servers;
    this.#directory = directory;
  }

  /** @param settings of both servers */
  static async start(...settings: string[]): Promise<TestSentinels> {
    const common = ['--repl-diskless-sync-delay', '0', ...settings];
    const master = await TestRedis.start(...common);
    const replica = await TestRedis.start('--replicaof', `127.0.0.1 ${master.port}`, ...common);
    const directory = await mkdtemp(join(tmpdir(), 'receiptd-sentinel-'));
    const started = new TestSentinels([master, replica], directory);
    try {
      for (let index = 0; index < SENTINELS; index += 1) await started.#watch(index, master.port);
      await started.#untilWhole();
      return started;
    } catch (error) {
      await started[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Of the first Sentinel. */
  get url(): string {
    return `redis://127.0.0.1:${this.#sentinels[0]?.port}`;
  }

  /** All others, as `pipeline.redis.nodes` has them. */
  get others(): string[] {
    return this.#sentinels.slice(1).map(({ port }) => `127.0.0.1:${port}`);
  }

  /** Who is master by what the Sentinels say. */
  async master(): Promise<TestRedis> {
    const [, port] = (await this.#ask(0, 'GET-MASTER-ADDR-BY-NAME')) as [string, string];
    const master = this.servers.find((server) => server.port === Number(port));
    if (master === undefined) throw new Error(`the Sentinels name a master that is none of ours: ${port}`);
    return master;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = this.#sentinels.map(
      ({ process }) =>
        new Promise((resolve) => {
          if (process.exitCode !== null || process.signalCode !== null) return resolve(undefined);
          process.once('exit', resolve);
          process.kill('SIGKILL');
        }),
    );
    await Promise.all([...ended, ...this.servers.map((server) => server[Symbol.asyncDispose]())]);
    await rm(this.#directory, { recursive: true, force: true });
  }

  async #watch(index: number, masterPort: number): Promise<void> {
    const port = await freePort();
    const file = join(this.#directory, `sentinel-${index}.conf`);
    // It rewrites its own file.
    await writeFile(
      file,
      [
        `port ${port}`,
        'bind 127.0.0.1',
        `dir ${this.#directory}`,
        `sentinel monitor ${MASTER_NAME} 127.0.0.1 ${masterPort} 2`,
        `sentinel down-after-milliseconds ${MASTER_NAME} ${DOWN_AFTER}`,
        `sentinel failover-timeout ${MASTER_NAME} 6000`,
        '',
      ].join('\n'),
    );
    const process = spawn('redis-server', [file, '--sentinel'], { stdio: 'ignore' });
    this.#sentinels.push({ port, process });
  }

  /** Each knows the others and the replica: before that there is no failover. */
  async #untilWhole(): Promise<void> {
    await until('the Sentinels to know everybody', async () => {
      const known = await Promise.all(
        this.#sentinels.map(async (_, index) => {
          const [others, replicas] = await Promise.all([
            this.#ask(index, 'SENTINELS'),
            this.#ask(index, 'REPLICAS'),
          ]);
          return { others, replicas };
        }),
      ).catch(() => []);
      return (
        known.length === SENTINELS &&
        known.every(({ others, replicas }) => {
          const online = JSON.stringify(replicas).includes('"master-link-status","ok"');
          return Array.isArray(others) && others.length === SENTINELS - 1 && online;
        })
      );
    });
  }

  async #ask(index: number, name: string): Promise<unknown> {
    const client = new Redis({
      host: '127.0.0.1',
      port: this.#sentinels[index]?.port ?? 0,
      lazyConnect: true,
      retryStrategy: null,
    });
    client.on('error', () => {});
    try {
      return await client.call('SENTINEL', name, MASTER_NAME);
    } finally {
      client.disconnect();
    }
  }
}
