/**
 * Takes messages out of the store and their events through the sinks. An event is delivered when every sink that wants
 * it has confirmed; a retry skips those that had. A message is passed on for acknowledgement only after its job is
 * finished in the store: all of its events delivered, or dead.
 */
import { setMaxListeners } from 'node:events';
import { DelayedError, UnrecoverableError } from 'bullmq';
import type { Acknowledgement } from '../ack/index.js';
import { describeError } from '../errors.js';
import { decode, type EventRecord, type MessageOrigin } from '../receipts/index.js';
import { delayOf, type Sink } from '../sinks/index.js';
import type { EventOutcome, QueueStats } from '../stats.js';
import type {
  Backend,
  DeliveredMarks,
  DeliveryOptions,
  ReceiptQueue,
  ReceiptWorker,
  StoredJob,
} from './backend.js';
import { claimsOf, type Dedupe } from './dedupe.js';
import { deliverEvents, NotNowError } from './delivery.js';
import {
  acknowledgementOf,
  type DeliveryOutcome,
  type DeliveryProgress,
  type Envelope,
  eventCount,
  jobIdOf,
  type ReceiptJob,
  tallyOf,
} from './job.js';

const RETRY_BASE_MS = 1_000;
const RETRY_CAP_MS = 15 * 60_000;
const LOCK_MS = 15_000;
/** Processes that may die, and outages of the store that may outlast a lock, while an event is being delivered. */
const LEAST_STALLS = 8;
/** Completed jobs that nobody removes; past the longest retention of MNS none can come again. */
const KEEP_COMPLETED_S = 7 * 24 * 3600;
const LOCK_LOST = 'the lock of the job was lost';

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
  /** A job was taken out of the store, also one that had been before. */
  onTaken?(job: StoredJob): void;
  /** Resolves when another message may be delivered. @default at once */
  room?(): Promise<void>;
  /** Delivered or dead, and still to be acknowledged. */
  onFinished(message: Acknowledgement): void;
  onDelivered(): void;
  /** What became of each event of a message that is done; one that is dead has them all dead. */
  onEvents?(job: ReceiptJob, outcomes: readonly EventOutcome[]): void;
  onDead(messageId: string, reason: string): void;
  onRetry(error: Error, messageId: string): void;
  /** The event of this message failed and is tried again then, in ms since the epoch. */
  onRetryScheduled?(message: Envelope, dueAt: number): void;
  onError(error: Error): void;
  /** Goes on from what each job says that it belongs to; absent where nothing is traced. */
  telemetry?: DeliveryOptions['telemetry'] | undefined;
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
  /** More than its job says to the store. */
  readonly #outcomes = new WeakMap<StoredJob, EventOutcome[]>();

  constructor(options: DelivererOptions) {
    this.#options = options;
    const { concurrency, retryBase = RETRY_BASE_MS, lock = LOCK_MS, marks, signal, telemetry } = options;
    const delivery: DeliveryOptions = {
      concurrency,
      lockDuration: lock,
      stalledInterval: lock / 3,
      // An event that kills its process each time ends as a dead letter; one that is only there each time does not so soon.
      maxStalledCount: Math.max(options.attempts, LEAST_STALLS),
      removeOnComplete: marks === undefined ? { age: KEEP_COMPLETED_S } : { count: 0 },
      runRetryDelay: RETRY_BASE_MS,
      ...(telemetry && { telemetry }),
      settings: {
        backoffStrategy: (attemptsMade, _type, error) =>
          Math.max(retryDelay(attemptsMade, retryBase), delayOf(error)),
      },
    };
    const process = (job: StoredJob, token?: string) => this.#process(job, token);
    this.#worker = options.backend.worker(options.origin.queueName, process, delivery);
    this.#worker.on('completed', (job, { delivered, duplicates, filtered }) => {
      const { stats } = options;
      const now = Date.now();
      stats.count('delivered', delivered);
      stats.count('duplicates', duplicates);
      stats.count('filtered', filtered);
      stats.lastDeliveryAt = now;
      const { receivedAt = job.timestamp } = job.data.message;
      stats.time('receive_to_delivered', (now - receivedAt) / 1000, delivered);
      options.onDelivered();
      options.onEvents?.(job.data, this.#outcomes.get(job) ?? []);
      this.#finish(job, performance.now());
    });
    this.#worker.on('failed', (job, error) => {
      if (job?.finishedOn !== undefined && job.finishedOn !== null) {
        options.stats.count('dead');
        options.onDead(job.data.message.messageId, describeError(error));
        options.onEvents?.(job.data, new Array<EventOutcome>(eventCount(job.data)).fill('dead'));
        this.#finish(job);
      } else {
        options.stats.count('retried');
        options.onRetry(error, job?.data.message.messageId ?? '');
        if (job !== undefined) options.onRetryScheduled?.(job.data.message, Date.now() + job.delay);
      }
    });
    this.#worker.on('error', options.onError);
    // Whoever has the lock now delivers the message: this attempt must not go on waiting for its sink.
    this.#worker.on('lockRenewalFailed', (jobIds) => {
      for (const id of jobIds) this.#underWay.get(id)?.abort(new Error(LOCK_LOST));
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

  /** @param deliveredAt absent when it is dead */
  #finish(job: StoredJob, deliveredAt?: number): void {
    const finishing = this.#finished(job, deliveredAt).finally(() => this.#finishing.delete(finishing));
    this.#finishing.add(finishing);
  }

  async #process(job: StoredJob, token: string | undefined): Promise<DeliveryOutcome> {
    const { signal } = this.#options;
    const id = job.id ?? '';
    const attempt = new AbortController();
    // Each delivery of a list of events listens, and more than ten are no leak.
    setMaxListeners(0, attempt.signal);
    if (signal.aborted) attempt.abort(signal.reason);
    // One that is still under way here has lost the job to this one.
    this.#underWay.get(id)?.abort(new Error(LOCK_LOST));
    this.#underWay.set(id, attempt);
    this.#options.onTaken?.(job);
    try {
      await this.#options.room?.();
      return await this.#deliverOnce(job, attempt.signal);
    } catch (error) {
      if (!(error instanceof NotNowError)) throw error;
      await job.moveToDelayed(Date.now() + error.wait, token);
      throw new DelayedError();
    } finally {
      if (this.#underWay.get(id) === attempt) this.#underWay.delete(id);
    }
  }

  /**
   * ```
   * marked? ──▶ sinks confirm ──▶ mark ──▶ job finished and forgotten ──▶ acknowledged ──▶ confirmed: unmarked
   * ```
   * What ends in between is taken up by its job or by its message, whichever comes first, and both find the mark.
   */
  async #deliverOnce(job: StoredJob, signal: AbortSignal): Promise<DeliveryOutcome> {
    const { origin, sinks, marks, dedupe } = this.#options;
    const { messageId, dequeueCount } = job.data.message;
    // It may be done already: by an attempt that died before its end, or before MNS handed the message out again.
    const again = dequeueCount > 1 || job.attemptsStarted > 1 || job.stalledCounter > 0;
    if (marks !== undefined && again && (await marks.has(messageId)))
      return this.#told(job, new Array<EventOutcome>(eventCount(job.data)).fill('duplicate'));
    const outcomes = await deliverEvents({
      records: recordsOf(job.data, origin),
      sinks,
      context: { attempt: job.attemptsMade + 1, signal },
      confirmed: new Set((job.progress as Partial<DeliveryProgress>).confirmed),
      onProgress: (confirmed) => job.updateProgress({ confirmed: [...confirmed] }),
      dedupe,
    });
    if (marks !== undefined) {
      await marks.add(messageId);
      await this.#refreshHandle(job);
    }
    return this.#told(job, outcomes);
  }

  #told(job: StoredJob, outcomes: EventOutcome[]): DeliveryOutcome {
    this.#outcomes.set(job, outcomes);
    return tallyOf(outcomes);
  }

  /** The job may have got a newer handle while it was under way, and is gone from the store once it is delivered. */
  async #refreshHandle(job: StoredJob): Promise<void> {
    const { messageId, visibleUntil } = job.data.message;
    if (visibleUntil > Date.now()) return;
    const stored = await this.#options.queue.getJob(jobIdOf(messageId)).catch(() => undefined);
    if (stored !== undefined) job.data.message = stored.data.message;
  }

  async #finished(job: StoredJob, deliveredAt: number | undefined): Promise<void> {
    if (deliveredAt === undefined) {
      await this.#release(job);
      if (!(await this.#isSafe())) return;
    }
    await this.#refreshHandle(job);
    const { message } = job.data;
    if (message.visibleUntil > Date.now())
      this.#options.onFinished({
        ...acknowledgementOf(message),
        ...(deliveredAt !== undefined && { deliveredAt }),
      });
    else this.#options.stats.count('expired');
  }

  /** A dead letter is all that is left of its message: one that a failover may lose is acknowledged when it comes again. */
  async #isSafe(): Promise<boolean> {
    const { backend, origin, onError } = this.#options;
    try {
      await backend.replicate(origin.queueName);
      return true;
    } catch (error) {
      onError(error as Error);
      return false;
    }
  }

  /** A dead letter keeps no duplicate of its events from being delivered; where this fails, only for as long as a claim lasts. */
  async #release({ data: { content } }: StoredJob): Promise<void> {
    const { dedupe } = this.#options;
    if (dedupe === undefined || !('events' in content)) return;
    await dedupe.claims.release(claimsOf(content.events, dedupe)).catch(() => {});
  }
}

/** @throws {UnrecoverableError} when the message is still undecodable: a newer version may be able to read it. */
function recordsOf({ message, content }: ReceiptJob, origin: MessageOrigin): readonly EventRecord[] {
  if ('events' in content) return content.events;
  const decoded = decode({ ...message, body: content.undecodable }, origin);
  if ('undecodable' in decoded) throw new UnrecoverableError(`undecodable: ${decoded.undecodable}`);
  return decoded.events;
}

/** Exponential with equal jitter: 0.5–1 s, 1–2 s, 2–4 s … up to a quarter of an hour. */
function retryDelay(attemptsMade: number, base: number): number {
  const delay = Math.min(RETRY_CAP_MS, base * 2 ** (attemptsMade - 1));
  return Math.round(delay / 2 + (Math.random() * delay) / 2);
}
