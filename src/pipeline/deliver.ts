/**
 * Takes messages out of the store and their events through the sinks. An event is delivered when every sink that wants
 * it has confirmed; a retry skips those that had. A message is passed on for acknowledgement only after its job is
 * finished in the store: all of its events delivered, or dead.
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
/** Of one message, where it has several events. */
const DELIVERIES_AT_A_TIME = 16;
/** Of the failures of one message, as many are told. */
const FAILURES_TOLD = 3;
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
      options.stats.count('delivered', eventCount(job.data));
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
    const records = recordsOf(job.data, this.#options.origin);
    const context = { attempt: job.attemptsMade + 1, signal: this.#options.signal };
    const confirmed = new Set((job.progress as Partial<DeliveryProgress>).confirmed);
    const missing = records.flatMap((record, index) =>
      this.#missing(record, index, records.length, confirmed),
    );
    const failures: { sink: Sink; error: unknown }[] = [];
    let tried = 0;
    while (tried < missing.length && !context.signal.aborted) {
      const part = missing.slice(tried, tried + DELIVERIES_AT_A_TIME);
      const results = await Promise.allSettled(part.map(({ sink, record }) => sink.deliver(record, context)));
      tried += part.length;
      const before = confirmed.size;
      let retryable = 0;
      for (const [index, { sink, key }] of part.entries()) {
        const result = results[index];
        if (result?.status !== 'rejected') confirmed.add(key);
        else {
          failures.push({ sink, error: result.reason });
          if (!DeadLetterError.is(result.reason)) retryable += 1;
        }
      }
      const done = tried === missing.length && failures.length === 0;
      // Also while more is to come: what is confirmed is not delivered again if this process dies.
      if (!done && confirmed.size > before) await job.updateProgress({ confirmed: [...confirmed] });
      // Nothing gets through: the rest would only wait for the same.
      if (retryable === part.length) break;
    }
    const left = missing.length - tried;
    if (failures.length === 0 && left === 0) return;
    const reason = reasonOf(failures, left);
    const hopeless = left === 0 && failures.every(({ error }) => DeadLetterError.is(error));
    throw hopeless ? new UnrecoverableError(reason) : new Error(reason, { cause: failures[0]?.error });
  }

  /** The deliveries of one event that are still to be made. `key` is what its confirmation is kept under. */
  #missing(record: EventRecord, index: number, count: number, confirmed: ReadonlySet<string>) {
    const wanting = this.#options.sinks.filter((sink) => sink.wants(record.messagetype));
    // Configured otherwise when the event was handed off: never to be taken for delivered.
    if (wanting.length === 0) throw new Error(`no sink takes ${record.messagetype}`);
    return wanting
      .map((sink) => ({ sink, record, key: count === 1 ? sink.name : `${sink.name}#${index}` }))
      .filter(({ key }) => !confirmed.has(key));
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
function recordsOf({ message, content }: ReceiptJob, origin: MessageOrigin): readonly EventRecord[] {
  if ('events' in content) return content.events;
  const decoded = decode({ ...message, body: content.undecodable }, origin);
  if ('undecodable' in decoded) throw new UnrecoverableError(`undecodable: ${decoded.undecodable}`);
  return decoded.events;
}

function eventCount({ content }: ReceiptJob): number {
  return 'events' in content ? content.events.length : 1;
}

/** @param left deliveries that were not tried */
function reasonOf(failures: readonly { sink: Sink; error: unknown }[], left: number): string {
  const told = failures
    .slice(0, FAILURES_TOLD)
    .map(({ sink, error }) => `${sink.name}: ${describeError(error)}`);
  const more = failures.length - told.length;
  const rest = [...(more > 0 ? [`and ${more} more`] : []), ...(left > 0 ? [`${left} not tried`] : [])];
  return [...told, ...rest].join('; ');
}

/** Exponential with equal jitter: 0.5–1 s, 1–2 s, 2–4 s … up to a quarter of an hour. */
function retryDelay(attemptsMade: number, base: number): number {
  const delay = Math.min(RETRY_CAP_MS, base * 2 ** (attemptsMade - 1));
  return Math.round(delay / 2 + (Math.random() * delay) / 2);
}
