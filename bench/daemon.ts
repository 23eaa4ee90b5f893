/** The whole daemon as a child process: it drains a queue of the emulator into a file. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ConfigInput } from '../src/config/index.js';
import { Child } from './child.js';
import type { EmulatorProcess } from './emulator.js';
import { CLI } from './paths.js';

const SAMPLE_MS = 20;
/** No progress for this long is a failure. */
const PATIENCE_MS = 20_000;

export interface Drain {
  /** Messages acknowledged a second, after the warm-up. */
  rate: number;
  /** TCP connections that it opened to MNS and the token service. */
  connections: number;
  /** µs of CPU a message meanwhile, by process; NaN where the system does not tell. */
  cpu: Record<string, number>;
}

export interface DrainOptions {
  emulator: EmulatorProcess;
  queueName: string;
  messages: number;
  /** Messages that go through before the clock starts. */
  warmUp: number;
  pipeline: NonNullable<ConfigInput['pipeline']>;
  /** Scratch directory of this drain alone. */
  directory: string;
  /** Other processes whose CPU time is of interest. */
  others: Record<string, Child>;
}

export async function drain(options: DrainOptions): Promise<Drain> {
  const { emulator, queueName, messages, warmUp, directory } = options;
  const output = join(directory, 'events.ndjson');
  const config: ConfigInput = {
    endpoints: { dybaseapi: emulator.url, mns: emulator.url },
    credentials: { accessKeyId: 'testId', accessKeySecret: 'testSecret' },
    queues: [{ messageType: 'SmsReport', queueName }],
    poll: { threads: 2 },
    pipeline: options.pipeline,
    sinks: [{ type: 'ndjson', path: output }],
    shutdown: { pollGrace: 100 },
    ops: { port: 0 },
    log: { level: 'error' },
  };
  const file = join(directory, 'receiptd.yaml');
  await writeFile(file, JSON.stringify(config));
  await emulator.generate(queueName, messages);
  const { connections, queues } = await emulator.stats();
  const before = queues[queueName]?.deleted ?? 0;

  const daemon = Child.node('receiptd', CLI, ['run', '-c', file]);
  const watched = { receiptd: daemon, ...options.others };
  let first: Sample | undefined;
  let last: Sample = { at: performance.now(), deleted: 0, cpu: {} };
  while (last.deleted < messages) {
    await sleep(SAMPLE_MS);
    const stats = await emulator.stats();
    const sample = { at: performance.now(), deleted: (stats.queues[queueName]?.deleted ?? 0) - before };
    if (sample.deleted > last.deleted) last = { ...sample, cpu: cpuOf(watched) };
    else if (!daemon.running || sample.at - last.at > PATIENCE_MS)
      throw new Error(`receiptd stopped at ${last.deleted} of ${messages} messages`);
    if (last.deleted >= warmUp) first ??= last;
  }
  const opened = (await emulator.stats()).connections - connections;
  await daemon.stop();
  const lines = (await readFile(output, 'utf8')).split('\n').length - 1;
  if (lines !== messages) throw new Error(`receiptd wrote ${lines} events for ${messages} messages`);
  const start = first ?? last;
  const count = last.deleted - start.deleted;
  const cpu = Object.entries(last.cpu).map(([name, ms]) => [
    name,
    ((ms - (start.cpu[name] ?? 0)) * 1000) / count,
  ]);
  return {
    rate: (count * 1000) / (last.at - start.at),
    connections: opened,
    cpu: Object.fromEntries(cpu),
  };
}

/** How far it was at some moment. */
interface Sample {
  at: number;
  deleted: number;
  /** ms since the start of each process */
  cpu: Record<string, number>;
}

function cpuOf(children: Record<string, Child>): Record<string, number> {
  return Object.fromEntries(Object.entries(children).map(([name, child]) => [name, child.cpu]));
}
