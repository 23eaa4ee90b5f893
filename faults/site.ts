/**
 * Everything a run needs, started and ended together: the emulator, the store, the sinks' other sides, and the daemons
 * with a proxy of their own to each of those.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ConfigInput } from '../src/config/index.js';
import { freePort } from '../test/support/ports.js';
import { TestPostgres } from '../test/support/postgres.js';
import { TestRedis } from '../test/support/redis.js';
import { Daemon } from './daemon.js';
import { EmulatorProcess } from './emulator.js';
import type { Options, SinkKind } from './options.js';
import type { Link, ReceiverMode } from './plan.js';
import { Process } from './process.js';
import { FaultyProxy } from './proxy.js';

const QUEUE = 'Alicom-Queue-1234567890123456-SmsReport';
const RECEIVER = fileURLToPath(new URL('./receiver.js', import.meta.url));

export interface Receiver {
  process: Process;
  port: number;
  file: string;
  secret: string;
}

export class Site {
  readonly directory: string;
  readonly options: Options;
  readonly daemons: Daemon[] = [];
  readonly #proxies = new Map<string, FaultyProxy>();
  #emulator: EmulatorProcess | undefined;
  redis: TestRedis | undefined;
  database: TestPostgres | undefined;
  receiver: Receiver | undefined;

  private constructor(directory: string, options: Options) {
    this.directory = directory;
    this.options = options;
  }

  static async start(options: Options, say: (text: string) => void): Promise<Site> {
    const site = new Site(await mkdtemp(join(tmpdir(), 'receiptd-faults-')), options);
    try {
      await site.#start(say);
      return site;
    } catch (error) {
      say(`logs and files are kept in ${site.directory}`);
      await site.stop(true);
      throw error;
    }
  }

  get emulator(): EmulatorProcess {
    if (this.#emulator === undefined) throw new Error('there is no emulator');
    return this.#emulator;
  }

  proxy(daemon: number, link: Link): FaultyProxy | undefined {
    return this.#proxies.get(`${daemon} ${link}`);
  }

  /** Undefined is as it should be. */
  async receiverMode(mode: ReceiverMode | undefined): Promise<void> {
    await this.#askReceiver({ mode });
  }

  async receiverCounts(): Promise<Record<string, number>> {
    return (await this.#askReceiver()) as Record<string, number>;
  }

  /** @param keep leaves the files, to be looked at */
  async stop(keep = false): Promise<void> {
    await Promise.all(this.daemons.map((daemon) => daemon.kill()));
    for (const proxy of this.#proxies.values()) await proxy[Symbol.asyncDispose]();
    await this.receiver?.process.end('SIGKILL');
    await this.#emulator?.stop();
    await this.redis?.[Symbol.asyncDispose]();
    await this.database?.[Symbol.asyncDispose]();
    if (!keep) await rm(this.directory, { recursive: true, force: true });
  }

  async #start(say: (text: string) => void): Promise<void> {
    // Those that are not stopped by their owner, whatever happens to the driver.
    process.once('exit', () => {
      for (const pid of [this.redis?.pid, this.database?.pid]) if (pid) killIfThere(pid);
    });
    const { backend, cli, sinks, visibilityTimeout } = this.options;
    const { directory } = this;
    this.#emulator = await EmulatorProcess.start({ cli, directory, queueName: QUEUE, visibilityTimeout });
    if (backend === 'redis') this.redis = await TestRedis.start('--appendonly', 'yes');
    if (sinks.includes('sql') || backend === 'postgres')
      this.database = await TestPostgres.start(
        'max_connections=100',
        'shared_buffers=64MB',
        'max_wal_size=512MB',
      );
    if (sinks.includes('webhook')) this.receiver = await this.#startReceiver();
    for (let n = 0; n < this.options.daemons; n += 1) this.daemons.push(await this.#daemon(n, say));
    if (sinks.includes('sql')) await this.#migrate();
    for (const daemon of this.daemons) daemon.start();
    for (const daemon of this.daemons) await daemon.untilReady();
  }

  async #startReceiver(): Promise<Receiver> {
    const file = join(this.directory, 'webhook.ndjson');
    const secret = `whsec_${randomBytes(24).toString('base64')}`;
    const log = join(this.directory, 'receiver.log');
    const child = new Process(RECEIVER, [file, secret], { log, cwd: this.directory });
    const [, port] = await child.says(/listening on (\d+)/);
    return { process: child, port: Number(port), file, secret };
  }

  async #daemon(n: number, say: (text: string) => void): Promise<Daemon> {
    const name = `daemon-${n + 1}`;
    const output = join(this.directory, `${name}-lines`);
    await mkdir(output);
    const opsPort = await freePort();
    const configFile = join(this.directory, `${name}.yaml`);
    const config = await this.#config(n, output, opsPort);
    await writeFile(configFile, JSON.stringify(config, null, 2));
    const { cli } = this.options;
    return new Daemon({ name, cli, directory: this.directory, configFile, opsPort, output, onEnd: say });
  }

  async #config(n: number, output: string, opsPort: number): Promise<ConfigInput> {
    const { ackOn, backend, sinks, maxInFlight } = this.options;
    const mns = `http://127.0.0.1:${await this.#link(n, 'mns', this.emulator.port)}`;
    const pipeline: ConfigInput['pipeline'] = { ackOn, backend, maxInFlight };
    if (this.redis !== undefined)
      pipeline.url = `redis://127.0.0.1:${await this.#link(n, 'redis', this.redis.port)}`;
    else if (backend === 'postgres') pipeline.url = await this.#databaseUrl(n);
    else pipeline.dataDir = join(this.directory, 'data');
    return {
      endpoints: { dybaseapi: mns, mns },
      credentials: { accessKeyId: 'testId', accessKeySecret: 'testSecret' },
      queues: [{ messageType: 'SmsReport', queueName: QUEUE }],
      poll: { waitSeconds: 3 },
      pipeline,
      sinks: await Promise.all(sinks.map((kind) => this.#sink(kind, n, output))),
      shutdown: { pollGrace: 1_000, timeout: 15_000 },
      ops: { port: opsPort },
      log: { format: 'json' },
    };
  }

  /** The name is the same in all daemons: what one has confirmed, another does not deliver again. */
  async #sink(kind: SinkKind, n: number, output: string): Promise<NonNullable<ConfigInput['sinks']>[number]> {
    if (kind === 'ndjson') return { type: 'ndjson', name: kind, path: join(output, 'receipts.ndjson') };
    if (kind === 'sql') return { type: 'sql', name: kind, url: await this.#databaseUrl(n) };
    const { port = 0, secret = '' } = this.receiver ?? {};
    const url = `http://127.0.0.1:${await this.#link(n, 'webhook', port)}/events`;
    return { type: 'webhook', name: kind, url, format: 'batch', secrets: [secret], timeout: 5_000 };
  }

  async #databaseUrl(n: number): Promise<string> {
    const url = new URL(this.database?.url ?? '');
    url.port = `${await this.#link(n, 'database', Number(url.port))}`;
    return url.href;
  }

  /** The port of the way to `target`. */
  async #link(daemon: number, link: Link, target: number): Promise<number> {
    if (!this.options.links.includes(link)) return target;
    const key = `${daemon} ${link}`;
    const proxy = this.#proxies.get(key) ?? (await FaultyProxy.start(target));
    this.#proxies.set(key, proxy);
    return proxy.port;
  }

  async #migrate(): Promise<void> {
    const log = join(this.directory, 'migrate.log');
    const args = ['sql', 'migrate', '-c', join(this.directory, 'daemon-1.yaml')];
    const { code } = await new Process(this.options.cli, args, { log, cwd: this.directory }).exit;
    if (code !== 0) throw new Error(`receiptd sql migrate ended with ${code}, see ${log}`);
  }

  async #askReceiver(body?: object): Promise<unknown> {
    const url = `http://127.0.0.1:${this.receiver?.port}/mode`;
    const answer = await fetch(url, body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) });
    return answer.json();
  }
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}
