/**
 * Where BullMQ keeps its jobs. Everything else in the pipeline is written against BullMQ's own `Queue` and `Worker`,
 * so a backend only says how those are made, and whether its store can be worked with right now.
 */
import type { Job, Queue, Telemetry, Worker, WorkerOptions } from 'bullmq';
import type { Config } from '../config/index.js';
import type { DeliveryOutcome, ReceiptJob } from './job.js';

export type PipelineConfig = Config['pipeline'];
export type StoredJob = Job<ReceiptJob>;

/** The part of BullMQ's Queue that receiptd uses, the same over all backends. */
export interface ReceiptQueue
  extends Pick<
    Queue<ReceiptJob>,
    'addBulk' | 'getJob' | 'getJobCounts' | 'getJobs' | 'getJobState' | 'remove' | 'obliterate' | 'close'
  > {
  on(event: 'error', listener: (error: Error) => void): unknown;
}

/** The part of BullMQ's Worker that receiptd uses, the same over all backends. */
export interface ReceiptWorker extends Pick<Worker<ReceiptJob>, 'close'> {
  on(event: 'completed', listener: (job: StoredJob, outcome: DeliveryOutcome) => void): unknown;
  on(event: 'failed', listener: (job: StoredJob | undefined, error: Error) => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'stalled', listener: (jobId: string) => void): unknown;
  /** These jobs are others' by now. */
  on(event: 'lockRenewalFailed', listener: (jobIds: string[]) => void): unknown;
}

export type ReceiptProcessor = (job: StoredJob, token?: string) => Promise<DeliveryOutcome>;

/** What the caller decides of a worker; connections and names are the backend's. */
export type DeliveryOptions = Omit<WorkerOptions, 'connection' | 'prefix'>;

/**
 * Messages whose delivery is done while MNS may still hand them out again: set before the job is finished and forgotten,
 * removed when MNS has confirmed the delete. Those that nobody removes are forgotten when MNS cannot have them any more.
 */
export interface DeliveredMarks {
  /** Resolves once it is kept; waits out, where the store can, whatever happens to it. */
  add(messageId: string): Promise<void>;
  /** For whoever delivers: waits like `add`. */
  has(messageId: string): Promise<boolean>;
  /** For whoever adds jobs: fails fast while the store is out of reach. @returns those of these that are marked */
  among(messageIds: readonly string[]): Promise<ReadonlySet<string>>;
  /** They may still be found for a little longer than {@link MARKS_LINGER_MS}. */
  remove(messageIds: readonly string[]): Promise<void>;
}

/**
 * ms that a mark outlives the confirmed delete: an add whose answer was lost is made again, and would find neither job nor
 * mark. Longer than a frozen connection is waited for, and hand-off pauses after it.
 */
export const MARKS_LINGER_MS = 20_000;

/** MNS keeps no message longer. */
export const KEEP_MARKS_MS = 7 * 24 * 3_600_000;

/** ms, asked whenever marks are set. */
export type MarksKeep = () => number;

export interface Claim {
  /** What two duplicates have in common. */
  key: string;
  /** The id of the event that is to be delivered. */
  holder: string;
}

/** The holder may deliver; another does; or it was delivered, by whomever. */
export type ClaimState = 'mine' | 'taken' | 'delivered';

/**
 * ms that a claim lasts which nobody takes again or settles: whoever had it is gone, and a duplicate may be delivered.
 * Longer than the pause before any retry that is not asked for.
 */
export const PENDING_MS = 3_600_000;

/** Who delivers the event of a key, so that another event with the same key is not delivered as well. */
export interface Claims {
  /** Takes the keys that are free or the holder's already. @returns what came of each */
  take(claims: readonly Claim[]): Promise<ClaimState[]>;
  /** The holders have delivered: whoever comes with the same key before the window is over is a duplicate. */
  settle(claims: readonly Claim[]): Promise<void>;
  /** The holders will not deliver. Nothing is done to a key that is settled, or another's. */
  release(claims: readonly Claim[]): Promise<void>;
  /** Forgets all that was delivered, of a queue that is no more. */
  clear(): Promise<void>;
}

/** What adds jobs may write into them what they belong to; it is undefined where nothing is traced. */
export interface QueueTracing {
  readonly telemetry: Telemetry | undefined;
}

/** A job as it was read. */
export interface UntriedJob {
  id: string;
  receiptHandle: string;
}

/** What a queue of the store holds, of all processes that are on it. */
export interface Glance {
  /**
   * ms since the epoch when MNS got the oldest message that is not delivered; 0 when there is none. Of those that wait for
   * a retry, only {@link GLANCE_AT_DELAYED} are looked at.
   */
  oldestUndeliveredAt: number;
  deadLetters: number;
}

export const GLANCE_AT_DELAYED = 1_000;

export interface Backend {
  /** For adding jobs and asking about them: calls fail fast while the store is out of reach. */
  queue(name: string, tracing?: QueueTracing): ReceiptQueue;
  /** For delivering: waits out whatever happens to the store. */
  worker(name: string, processor: ReceiptProcessor, options: DeliveryOptions): ReceiptWorker;
  /** Forgets those of these jobs that are completed, all in one call; any other stays as it is. */
  removeCompleted(name: string, jobIds: readonly string[]): Promise<void>;
  /**
   * Forgets those of these jobs that wait, that no worker has ever taken, and that still have this handle: one that has
   * got another meanwhile is a message that came again, and may be nowhere else by now. All in one call. @returns how many
   */
  removeUntried(name: string, jobs: readonly UntriedJob[]): Promise<number>;
  /** Costs little however much the queue holds, for now and then. Fails fast while the store is out of reach. */
  glance(name: string): Promise<Glance>;
  /** @param keep how long a mark lasts that nobody removes. @default KEEP_MARKS_MS */
  marks(name: string, keep?: MarksKeep): DeliveredMarks;
  /** @param window ms for which a delivered key is remembered */
  claims(name: string, window: number): Claims;
  /**
   * For `ackOn: enqueued`: whether what is added survives the loss of power.
   * @throws {UsageError} when it does not
   * @returns one line on what may be lost all the same, if the store can do no better
   */
  checkDurability(): Promise<string | undefined>;
  /** Resolves when all that was added to this queue here before is safe; rejects when that is not known. */
  makeDurable(name: string): Promise<void>;
  /**
   * Resolves when all that was written of this queue before outlives the loss of the store's primary, as far as it has
   * others to take its place; rejects when that is not known.
   */
  replicate(name: string): Promise<void>;
  /** Closes the connections. Queues and workers must be closed before. */
  close(): Promise<void>;
}

/** In Redis Cluster a queue's keys must share a slot: what stands in braces decides it. */
export function bullName(queueName: string): string {
  return `{${queueName}}`;
}
