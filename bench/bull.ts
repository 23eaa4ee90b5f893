/**
 * BullMQ alone, in a process of its own: adds jobs in bulks of 16 and processes them with a processor that does nothing,
 * both at once. The jobs are those that receiptd makes of sample receipts; nothing of receiptd runs while it is measured.
 */
import { createHash } from 'node:crypto';
import { sampleReceipt } from '../src/emulator/index.js';
import {
  type Backend,
  EmbeddedBackend,
  jobIdOf,
  type ReceiptJob,
  RedisBackend,
} from '../src/pipeline/index.js';
import { decode } from '../src/receipts/index.js';
import { BATCH } from './clients.js';

export interface BullTask {
  /** The same as the daemon's: its length counts, as each command carries many keys. */
  queueName: string;
  /** A Redis server, or a directory for the embedded store. */
  store: { url: string } | { dataDir: string };
  jobs: number;
  /** Jobs that are processed before the clock starts. */
  warmUp: number;
  concurrency: number;
  /** Bulks under way at once. */
  adders: number;
  /** Jobs added and not yet processed, at most. */
  maxInFlight: number;
}

export interface BullResult {
  /** Jobs a second, after the warm-up. */
  rate: number;
}

/** The daemon's default for `pipeline.prefix`. */
const PREFIX = 'receiptd';

async function run(task: BullTask): Promise<BullResult> {
  const backend: Backend =
    'url' in task.store
      ? new RedisBackend({ url: task.store.url }, PREFIX)
      : await EmbeddedBackend.open(task.store.dataDir);
  if (backend instanceof RedisBackend) await backend.check();
  const jobs = Array.from({ length: task.jobs }, (_, n) => job(task.queueName, n));
  const queue = backend.queue(task.queueName);
  let added = 0;
  let processed = 0;
  let warmAt = 0;
  let freed: (() => void)[] = [];
  let finish: () => void = () => {};
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const worker = backend.worker(task.queueName, async () => ({ delivered: 1, duplicates: 0, filtered: 0 }), {
    concurrency: task.concurrency,
  });
  worker.on('completed', () => {
    processed += 1;
    if (processed === task.warmUp) warmAt = performance.now();
    for (const resolve of freed.splice(0)) resolve();
    if (processed === task.jobs) finish();
  });
  const add = async () => {
    while (added < task.jobs) {
      if (added + BATCH - processed > task.maxInFlight) {
        await new Promise<void>((resolve) => freed.push(resolve));
        continue;
      }
      const bulk = jobs.slice(added, added + BATCH);
      added += bulk.length;
      await queue.addBulk(
        bulk.map((data) => ({
          name: 'receipt',
          data,
          opts: { jobId: jobIdOf(data.message.messageId), removeOnComplete: true },
        })),
      );
    }
  };
  await Promise.all(Array.from({ length: task.adders }, add));
  await finished;
  const rate = ((task.jobs - task.warmUp) * 1000) / (performance.now() - warmAt);
  freed = [];
  await worker.close();
  await queue.close();
  await backend.close();
  return { rate };
}

function job(queueName: string, n: number): ReceiptJob {
  const messageId = createHash('md5').update(`${n}`).digest('hex').toUpperCase();
  const body = Buffer.from(JSON.stringify(sampleReceipt('SmsReport', n))).toString('base64');
  const now = Date.now();
  const decoded = decode(
    { messageId, body, enqueueTime: now, dequeueCount: 1 },
    { mnsHost: '127.0.0.1:8099', queueName, messageType: 'SmsReport' },
  );
  if ('undecodable' in decoded) throw new Error(decoded.undecodable);
  const receiptHandle = `8-${messageId}-1-${n}-0-3`;
  return {
    message: { messageId, enqueueTime: now, dequeueCount: 1, receiptHandle, visibleUntil: now + 30_000 },
    content: { events: decoded.events },
  };
}

const result = await run(JSON.parse(process.argv[2] ?? '') as BullTask);
process.stdout.write(`${JSON.stringify(result)}\n`);
