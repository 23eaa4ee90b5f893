/** `replay --dry-run` over a large capture: how fast it is beside the embedded pipeline, and how much memory it takes. */
import { createWriteStream, readFileSync, rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { SAMPLE_TYPES, sampleReceipt } from '../src/emulator/index.js';
import { captureLine } from '../src/message-file/index.js';
import { Child } from './child.js';
import { CLI } from './paths.js';

const SAMPLE_MS = 100;
const CHUNK = 1_000;
/** Parts of the run of each of which the memory is told. */
const PARTS = 4;

export interface DryRunResult {
  messages: number;
  /** Messages a second, all message types in turns, without the start of the process. */
  rate: number;
  /** MiB of memory, the most in each quarter of the run, one after the other; NaN where the system does not tell. */
  memory: number[];
}

export async function measureDryRun({ messages }: { messages: number }): Promise<DryRunResult> {
  const directory = await mkdtemp(join(tmpdir(), 'receiptd-bench-'));
  const remove = () => rmSync(directory, { recursive: true, force: true });
  process.once('exit', remove);
  try {
    const file = join(directory, 'capture.ndjson');
    await pipeline(Readable.from(lines(messages)), createWriteStream(file));
    const child = Child.node('replay --dry-run', CLI, ['replay', '--dry-run', '--json', file]);
    const samples: number[] = [];
    while (child.running) {
      const sample = memoryOf(child.pid);
      if (sample !== undefined) samples.push(sample);
      await sleep(SAMPLE_MS);
    }
    await child.done();
    const { rate, types } = JSON.parse(child.output) as Summary;
    const decoded = Object.values(types).reduce((sum, { counts }) => sum + counts.ok + counts.drifted, 0);
    if (decoded !== messages) throw new Error(`replay --dry-run decoded ${decoded} of ${messages} messages`);
    return { messages, rate, memory: parts(samples).map((part) => Math.max(...part)) };
  } finally {
    process.off('exit', remove);
    remove();
  }
}

/** `embedded`: messages a second of the daemon on the embedded store, measured in the same run. */
export function formatDryRun({
  messages,
  rate,
  memory,
  embedded,
}: DryRunResult & { embedded: number }): string {
  const whole = (value: number) => Math.round(value).toLocaleString('en');
  return [
    `replay --dry-run, ${whole(messages)} messages: ${whole(rate)} messages/s, `,
    `${(rate / embedded).toFixed(1)} × the embedded pipeline (${whole(embedded)} messages/s); `,
    `memory by quarter of the run: ${memory.map(whole).join(', ')} MiB`,
  ].join('');
}

interface Summary {
  rate: number;
  types: Record<string, { counts: { ok: number; drifted: number } }>;
}

function* lines(messages: number): Generator<string> {
  for (let start = 0; start < messages; start += CHUNK) {
    const count = Math.min(CHUNK, messages - start);
    yield Array.from({ length: count }, (_, index) => line(start + index)).join('');
  }
}

function line(n: number): string {
  const messageType = SAMPLE_TYPES[n % SAMPLE_TYPES.length] ?? '';
  const enqueueTime = 1_700_000_000_000 + n;
  return captureLine({
    messageId: `F${n.toString(16).toUpperCase().padStart(31, '0')}`,
    queueName: `Alicom-Queue-1234567890123456-${messageType}`,
    messageType,
    body: Buffer.from(JSON.stringify(sampleReceipt(messageType, n))).toString('base64'),
    enqueueTime,
    dequeueCount: 1,
    receivedAt: enqueueTime + 250,
    mnsHost: '1943695596114318.mns.cn-hangzhou.aliyuncs.com',
  });
}

/** MiB that a process has in memory; undefined where the system does not tell, or it has ended. */
function memoryOf(pid: number): number | undefined {
  try {
    const kilobytes = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return kilobytes === undefined ? undefined : Number(kilobytes) / 1024;
  } catch {
    return undefined;
  }
}

function parts(samples: readonly number[]): number[][] {
  const size = Math.max(1, Math.ceil(samples.length / PARTS));
  return Array.from({ length: PARTS }, (_, part) => samples.slice(part * size, (part + 1) * size)).filter(
    (part) => part.length > 0,
  );
}
