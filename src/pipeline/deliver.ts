/**
 * Takes messages out of the store and their events through the sinks. An event is delivered when every sink that wants
 * it has confirmed; a retry skips those that had. A message is passed on for acknowledgement only after its job is
 * finished in the store: all of its events delivered, or dead.
 */
import { DelayedError, UnrecoverableError } from 'bullmq';
import type { Acknowledgement } from '../ack/index.js';
import { describeError } from '../errors.js';
import { decode, type EventRecord, type MessageOrigin } from '../receipts/index.js';
import { delayOf, type Sink } from '../sinks/index.js';
import type { QueueStats } from '../stats.js';
import type {
  Backend,
  DeliveredMarks,
  DeliveryOptions,
  ReceiptQueue,
  ReceiptWorker,
  StoredJob,
} from './backend.js';
import { type Dedupe, deliverEvents, NotNowError } from './delivery.js';
import {
  acknowledgementOf,
  type DeliveryOutcome,
  type DeliveryProgress,
  jobIdOf,
  type ReceiptJob,
} from './job.js';

const RETRY_BASE_MS = 1_000;
const RETRY_CAP_MS = 15 * 60_000;
const LOCK_MS = 15_000;
/** Completed jobs that nobody removes; past the longest retention of MNS none can come again. */
const KEEP_COMPLETED_S = 7 * 24 * 3600;

export interface DelivererOptions {
  backend: Backend;
  queue: ReceiptQueue;
  origin: MessageOrigin;
  sinks: readonly Sink[];
  concurrency: number;
  attempts: number;
  stats: QueueStats;
  /**
   * Where delivered messages are remembered until MNS has confirmed their delete; without it their completed jobs stay
   * in the store until somebody removes them.
   */
  marks?: DeliveredMarks | undefined;
  dedupe?: Dedupe | undefined;
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
  /** Job id → what aborts its attempt. */
  readonly #underWay = new Map<string, AbortController>();

  constructor(options: DelivererOptions) {
    this.#options = options;
    const { concurrency, retryBase = RETRY_BASE_MS, lock = LOCK_MS, marks, signal } = options;
    const delivery: DeliveryOptions = {
      concurrency,
      lockDuration: lock,
      stalledInterval: lock / 3,
      // Dying in the middle of a delivery costs an attempt: an event that kills its process ends as a dead letter.
      maxStalledCount: options.attempts,
      removeOnComplete: marks === undefined ? { age: KEEP_COMPLETED_S } : { count: 0 },
      runRetryDelay: RETRY_BASE_MS,
      settings: {
        backoffStrategy: (attemptsMade, _type, error) =>
          Math.max(retryDelay(attemptsMade, retryBase), delayOf(error)),
      },
    };
    const process = (job: StoredJob, token?: string) => this.#process(job, token);
    this.#worker = options.backend.worker(options.origin.queueName, process, delivery);
    this.#worker.on('completed', (job, { delivered, duplicates, filtered }) => {
      options.stats.count('delivered', delivered);
      options.stats.count('duplicates', duplicates);
      options.stats.count('filtered', filtered);
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
    // Whoever has the lock now delivers the message: this attempt must not go on waiting for its sink.
    this.#worker.on('lockRenewalFailed', (jobIds) => {
      for (const id of jobIds) this.#underWay.get(id)?.abort(new Error('the lock of the job was lost'));
    });
    signal.addEventListener('abort', () => {
      for (const attempt of this.#underWay.values()) attempt.abort(signal.reason);
    });
  }

  /** Takes no more events; resolves when those under way are finished or due again. */
  async close(): Promise<void> {
    for (const sink of this.#options.sinks) sink.drain?.();
    await this.#worker.close();
    await Promise.all(this.#finishing);
  }

  #finish(job: StoredJob): void {
    const finishing = this.#finished(job).finally(() => this.#finishing.delete(finishing));
    this.#finishing.add(finishing);
  }

  async #process(job: StoredJob, token: string | undefined): Promise<DeliveryOutcome> {
    const { marks } = this.#options;
    const { messageId, dequeueCount } = job.data.message;
    // It may be done already: by an attempt that died before its end, or before MNS handed the message out again.
    const again = dequeueCount > 1 || job.attemptsStarted > 1;
    if (again && (await marks?.among([messageId]))?.has(messageId))
      return { delivered: 0, duplicates: eventCount(job.data), filtered: 0 };
    try {
      const outcome = await this.#deliver(job);
      await this.#refreshHandle(job);
      await marks?.add([messageId]);
      return outcome;
    } catch (error) {
      if (!(error instanceof NotNowError)) throw error;
      await job.moveToDelayed(Date.now() + error.wait, token);
      throw new DelayedError();
    }
  }

  async #deliver(job: StoredJob): Promise<DeliveryOutcome> {
    const { origin, sinks, dedupe, signal } = this.#options;
    const id = job.id ?? '';
    const attempt = new AbortController();
    if (signal.aborted) attempt.abort(signal.reason);
    this.#underWay.set(id, attempt);
    try {
      return await deliverEvents({
        records: recordsOf(job.data, origin),
        sinks,
        context: { attempt: job.attemptsMade + 1, signal: attempt.signal },
        confirmed: new Set((job.progress as Partial<DeliveryProgress>).confirmed),
        onProgress: (confirmed) => job.updateProgress({ confirmed: [...confirmed] }),
        dedupe,
      });
    } finally {
      this.#underWay.delete(id);
    }
  }

  /** The job may have got a newer handle while it was under way, and may be gone from the store once it is finished. */
  async #refreshHandle(job: StoredJob): Promise<void> {
    const { messageId, visibleUntil } = job.data.message;
    if (visibleUntil > Date.now()) return;
    const stored = await this.#options.queue.getJob(jobIdOf(messageId)).catch(() => undefined);
    if (stored !== undefined) job.data.message = stored.data.message;
  }

  async #finished(job: StoredJob): Promise<void> {
    await this.#refreshHandle(job);
    const { message } = job.data;
    if (message.visibleUntil > Date.now()) this.#options.onFinished(acknowledgementOf(message));
    else this.#options.stats.count('expired');
  }
}

/** @throws {UnrecoverableError} when the message is still undecodable: a newer version may be able to read it. */
function recordsOf({ message, content }: ReceiptJob, origin: MessageOrigin): readonly EventRecord[] {
  if ('events' in content) return content.events;
  const decoded = decode({ ...message, body: content.undecodable }, origin);
  if ('undecodable' in decoded) throw new UnrecoverableError(`undecodable: ${decoded.undecodable}`);
  return decoded.events;
}

function eventCount({ content }: ReceiptJob): number {
  return 'events' in content ? content.events.length : 1;
}

/** Exponential with equal jitter: 0.5–1 s, 1–2 s, 2–4 s … up to a quarter of an hour. */
function retryDelay(attemptsMade: number, base: number): number {
  const delay = Math.min(RETRY_CAP_MS, base * 2 ** (attemptsMade - 1));
  return Math.round(delay / 2 + (Math.random() * delay) / 2);
}
