/**
 * Where a test installs receiptd: a directory of its own with the configuration, the embedded store and the output.
 * Every process started here has ended, by its own process id, when the test is over.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { ConfigInput } from '../../src/config/index.js';
import { type Emulator, type EmulatorOptions, startEmulator } from '../../src/emulator/index.js';
import { Child } from './child.js';
import { Daemon } from './daemon.js';
import { placeEmbeddedStore } from './embedded-store.js';
import { freePort } from './ports.js';

export const QUEUE = 'Alicom-Queue-1234567890123456-SmsReport';

type Environment = Readonly<Record<string, string>>;

export class Site {
  readonly directory: string;
  readonly #children: Child[] = [];

  private constructor(directory: string) {
    this.directory = directory;
  }

  static async create(): Promise<Site> {
    return new Site(await mkdtemp(join(tmpdir(), 'receiptd-e2e-')));
  }

  /** Where {@link configFor} makes the ndjson sink write. */
  get output(): string {
    return this.path('receipts.ndjson');
  }

  path(name: string): string {
    return join(this.directory, name);
  }

  async write(name: string, text: string): Promise<string> {
    await writeFile(this.path(name), text);
    return this.path(name);
  }

  /** `receiptd run` on this configuration, on a port of its own unless it names one. */
  async daemon(config: ConfigInput, env: Environment = {}, flags: readonly string[] = []): Promise<Daemon> {
    const port = config.ops?.port ?? (await freePort());
    const { backend = 'embedded', dataDir = 'data' } = config.pipeline ?? {};
    if (backend === 'embedded') await placeEmbeddedStore(resolve(this.directory, dataDir));
    const file = await this.configure({ ...config, ops: { ...config.ops, port } });
    return this.#own(new Daemon(file, port, { cwd: this.directory, env }, flags));
  }

  /** Writes the configuration (JSON is YAML) and names the file. */
  configure(config: unknown): Promise<string> {
    return this.write('receiptd.yaml', JSON.stringify(config, null, 2));
  }

  /** Any other command, to its end. */
  async run(args: readonly string[], env: Environment = {}): Promise<Child> {
    const child = this.start(args, env);
    await child.end();
    return child;
  }

  /** Any other command, which goes on. */
  start(args: readonly string[], env: Environment = {}): Child {
    return this.#own(new Child(args, { cwd: this.directory, env }));
  }

  /** The MessageIds in the output, line by line. A line that a kill cut short is none. */
  async delivered(): Promise<string[]> {
    const text = await readFile(this.output, 'utf8').catch(() => '');
    return text.split('\n').flatMap(eventId);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#children.map((child) => child.exited ?? child.end('SIGKILL')));
    await rm(this.directory, { recursive: true, force: true });
  }

  #own<T extends Child>(child: T): T {
    this.#children.push(child);
    return child;
  }
}

function eventId(line: string): string[] {
  try {
    return [(JSON.parse(line) as { id: string }).id];
  } catch {
    return [];
  }
}

/** An emulator with one queue of SMS reports, full of so many. */
export async function startCloud(
  receipts: number,
  { visibilityTimeout = 30, ...options }: EmulatorOptions & { visibilityTimeout?: number } = {},
): Promise<Emulator> {
  const queues = [{ name: QUEUE, messageType: 'SmsReport', visibilityTimeout }];
  const cloud = await startEmulator({ queues, ...options });
  if (receipts > 0) cloud.generate(QUEUE, receipts);
  return cloud;
}

/** The least configuration that drains the emulator into {@link Site.output}; `more` replaces whole sections. */
export function configFor(cloud: Emulator, more: Partial<ConfigInput> = {}): ConfigInput {
  return {
    endpoints: { dybaseapi: cloud.url, mns: cloud.url },
    credentials: { accessKeyId: cloud.accessKeyId, accessKeySecret: cloud.accessKeySecret },
    queues: [{ messageType: 'SmsReport', queueName: QUEUE }],
    poll: { waitSeconds: 1 },
    sinks: [{ type: 'ndjson', path: 'receipts.ndjson' }],
    log: { format: 'json' },
    ...more,
  };
}

/** Ids that are in the list more than once, a time less than they are. */
export function duplicates(ids: readonly string[]): string[] {
  const seen = new Set<string>();
  return ids.filter((id) => seen.has(id) || !seen.add(id));
}
