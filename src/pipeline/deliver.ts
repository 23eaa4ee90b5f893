/**
 * Takes events out of the store and through the sinks. An event is delivered when every sink that wants it has
 * confirmed; a retry skips those that had. A message is passed on for acknowledgement only after its job is finished
 * in the store, as delivered or as a dead letter.
 */
import { UnrecoverableError } from 'bullmq';
import type { Acknowledgement } from '../ack/index.js';
import { describeError } from '../errors.js';
import { decode, type EventRecord, type MessageOrigin } from '../receipts/index.js';
import { DeadLetterError, type Sink } from '../sinks/index.js';
import type { QueueStats } from '../stats.js';
import type { Backend, DeliveryOptions, ReceiptQueue, ReceiptWorker, StoredJob } from './backend.js';
import { acknowledgementOf, type DeliveryProgress, jobIdOf, type ReceiptJob } from './job.js';

const RETRY_BASE_MS = 1_000;
const RETRY_CAP_MS = 15 * 60_000;
const LOCK_MS = 15_000;
/** Completed jobs wait for their acknowledgement; past the longest retention of MNS none can come. */
const KEEP_COMPLETED_S = 7 * 24 * 3600;

export interface DelivererOptions {
  backend: Backend;
  queue: ReceiptQueue;
  origin: MessageOrigin;
  sinks: readonly Sink[];
  concurrency: number;
  attempts: number;
  stats: QueueStats;
  /** Delivered or dead, and still to be acknowledged. */
  onFinished(message: Acknowledgement): void;
  onDelivered(): void;
  onDead(messageId: string, reason: string): void;
  onRetry(error: Error, messageId: string): void;
  onError(error: Error): void;
  /** Aborts when the daemon is about to stop hard. */
  signal: AbortSignal;
  /** ms; the first retry comes after half to all of this, each further one after twice that. @default 1000 */
  retryBase?: number;
  /** ms; a job whose process died is taken up by another after at most about 1⅓ of this. @default 15000 */
  lock?: number;
}

export class Deliverer {
  readonly #options: DelivererOptions;
  readonly #worker: ReceiptWorker;
  readonly #finishing = new Set<Promise<void>>();

  constructor(options: DelivererOptions) {
    this.#options = options;
    const { concurrency, retryBase = RETRY_BASE_MS, lock = LOCK_MS } = options;
    const delivery: DeliveryOptions = {
      concurrency,
      lockDuration: lock,
      stalledInterval: lock / 3,
      // Dying in the middle of a delivery costs an attempt: an event that kills its process ends as a dead letter.
      maxStalledCount: options.attempts,
      removeOnComplete: { age: KEEP_COMPLETED_S },
      runRetryDelay: RETRY_BASE_MS,
      settings: { backoffStrategy: (attemptsMade) => retryDelay(attemptsMade, retryBase) },
    };
    this.#worker = options.backend.worker(options.origin.queueName, (job) => this.#deliver(job), delivery);
    this.#worker.on('completed', (job) => {
      options.stats.count('delivered');
      options.stats.lastDeliveryAt = Date.now();
      options.onDelivered();
      this.#finish(job);
    });
    this.#worker.on('failed', (job, error) => {
      if (job?.finishedOn !== undefined && job.finishedOn !== null) {
        options.stats.count('dead');
        options.onDead(job.data.message.messageId, describeError(error));
        this.#finish(job);
      } else {
        options.stats.count('retried');
        options.onRetry(error, job?.data.message.messageId ?? '');
      }
    });
    this.#worker.on('error', options.onError);
  }

  /** Takes no more events; resolves when those under way are finished or due again. */
  async close(): Promise<void> {
    await this.#worker.close();
    await Promise.all(this.#finishing);
  }

  #finish(job: StoredJob): void {
    const finishing = this.#finished(job).finally(() => this.#finishing.delete(finishing));
    this.#finishing.add(finishing);
  }

  async #deliver(job: StoredJob): Promise<void> {
    const record = recordOf(job.data, this.#options.origin);
    const { signal } = this.#options;
    const wanting = this.#options.sinks.filter((sink) => sink.wants(record.messagetype));
    // Configured otherwise when the event was handed off: never to be taken for delivered.
    if (wanting.length === 0) throw new Error(`no sink takes ${record.messagetype}`);
    const confirmed = new Set((job.progress as Partial<DeliveryProgress>).confirmed);
    const missing = wanting.filter((sink) => !confirmed.has(sink.name));
    const context = { attempt: job.attemptsMade + 1, signal };
    const results = await Promise.allSettled(missing.map((sink) => sink.deliver(record, context)));
    const failures: { sink: Sink; error: unknown }[] = [];
    for (const [index, sink] of missing.entries()) {
      const result = results[index];
      if (result?.status === 'rejected') failures.push({ sink, error: result.reason });
      else confirmed.add(sink.name);
    }
    if (failures.length === 0) return;
    if (failures.length < missing.length) await job.updateProgress({ confirmed: [...confirmed] });
    const reason = failures.map(({ sink, error }) => `${sink.name}: ${describeError(error)}`).join('; ');
    const hopeless = failures.every(({ error }) => DeadLetterError.is(error));
    throw hopeless ? new UnrecoverableError(reason) : new Error(reason, { cause: failures[0]?.error });
  }

  async #finished(job: StoredJob): Promise<void> {
    let { message } = job.data;
    if (message.visibleUntil <= Date.now()) {
      // The job may have got a newer handle while it was under way.
      const stored = await this.#options.queue.getJob(jobIdOf(message.messageId)).catch(() => undefined);
      message = stored?.data.message ?? message;
    }
    if (message.visibleUntil > Date.now()) this.#options.onFinished(acknowledgementOf(message));
    else this.#options.stats.count('expired');
  }
}

/** @throws {UnrecoverableError} when the message is still undecodable: a newer version may be able to read it. */
function recordOf({ message, content }: ReceiptJob, origin: MessageOrigin): EventRecord {
  if ('event' in content) return content.event;
  const decoded = decode({ ...message, body: content.undecodable }, origin);
  if ('undecodable' in decoded) throw new UnrecoverableError(`undecodable: ${decoded.undecodable}`);
  return decoded.event;
}

/** Exponential with equal jitter: 0.5–1 s, 1–2 s, 2–4 s … up to a quarter of an hour. */
function retryDelay(attemptsMade: number, base: number): number {
  const delay = Math.min(RETRY_CAP_MS, base * 2 ** (attemptsMade - 1));
  return Math.round(delay / 2 + (Math.random() * delay) / 2);
}
