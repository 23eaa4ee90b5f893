/** End to end: the daemon's rate beside what BullMQ alone does on the same store, in turns. */
import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BullResult, BullTask } from './bull.js';
import { Child } from './child.js';
import { type Drain, type DrainOptions, drain } from './daemon.js';
import type { EmulatorProcess } from './emulator.js';
import { median } from './median.js';
import { BULL } from './paths.js';
import { RedisProcess } from './redis.js';

/** The daemon's defaults, which BullMQ alone gets too. */
const CONCURRENCY = 64;
const MAX_IN_FLIGHT = 1024;
const ADDERS = 8;

export interface EndToEndResult {
  store: 'redis' | 'embedded';
  /** Messages a second, median of the rounds. */
  rate: number;
  /** BullMQ alone, adding and processing: jobs a second, median of the rounds. */
  ceiling: number;
  /** TCP connections that one run of the daemon opened to the emulator, at most. */
  connections: number;
  /** µs of CPU a message while the daemon drains, median of the rounds, by process; NaN where that cannot be told. */
  cpu: Record<string, number>;
}

export interface EndToEndOptions {
  emulator: EmulatorProcess;
  queueName: string;
  messages: number;
  /** Messages that go through before the clock starts. */
  warmUp: number;
  rounds: number;
}

export async function measureRedis(options: EndToEndOptions): Promise<EndToEndResult> {
  const redis = await RedisProcess.start();
  try {
    return await alternate('redis', options, redis, async () => {
      await redis.clear();
      return {
        pipeline: { backend: 'redis', url: redis.url, concurrency: CONCURRENCY, maxInFlight: MAX_IN_FLIGHT },
        store: { url: redis.url },
      };
    });
  } finally {
    await redis.stop();
  }
}

export function measureEmbedded(options: EndToEndOptions): Promise<EndToEndResult> {
  return alternate('embedded', options, undefined, async (directory) => ({
    pipeline: {
      backend: 'embedded',
      dataDir: join(directory, 'data'),
      concurrency: CONCURRENCY,
      maxInFlight: MAX_IN_FLIGHT,
    },
    store: { dataDir: join(directory, 'data') },
  }));
}

interface Store {
  pipeline: DrainOptions['pipeline'];
  store: BullTask['store'];
}

/** @param clean a store without jobs, for one run */
async function alternate(
  store: EndToEndResult['store'],
  options: EndToEndOptions,
  redis: RedisProcess | undefined,
  clean: (directory: string) => Promise<Store>,
): Promise<EndToEndResult> {
  const { emulator, rounds } = options;
  const ceilings: number[] = [];
  const drains: Drain[] = [];
  const others = { ...(redis && { redis: redis.child }), emulator: emulator.child };
  for (let round = 0; round < rounds; round += 1) {
    await inScratch(async (directory) => {
      ceilings.push((await bullAlone((await clean(directory)).store, options)).rate);
    });
    await inScratch(async (directory) => {
      const { pipeline } = await clean(directory);
      drains.push(await drain({ ...options, pipeline, directory, others }));
    });
  }
  const cpu = Object.keys(drains[0]?.cpu ?? {}).map((name) => [
    name,
    median(drains.map((run) => run.cpu[name] ?? Number.NaN)),
  ]);
  return {
    store,
    rate: median(drains.map(({ rate }) => rate)),
    ceiling: median(ceilings),
    connections: Math.max(...drains.map(({ connections }) => connections)),
    cpu: Object.fromEntries(cpu),
  };
}

async function bullAlone(
  store: BullTask['store'],
  { queueName, messages, warmUp }: EndToEndOptions,
): Promise<BullResult> {
  const task: BullTask = {
    queueName,
    store,
    jobs: messages,
    warmUp,
    concurrency: CONCURRENCY,
    adders: ADDERS,
    maxInFlight: MAX_IN_FLIGHT,
  };
  const child = Child.node('BullMQ alone', BULL, [JSON.stringify(task)]);
  await child.done();
  return JSON.parse(child.output) as BullResult;
}

async function inScratch(work: (directory: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'receiptd-bench-'));
  const remove = () => rmSync(directory, { recursive: true, force: true });
  // Also when a signal ends the bench half-way.
  process.once('exit', remove);
  try {
    await work(directory);
  } finally {
    process.off('exit', remove);
    remove();
  }
}
