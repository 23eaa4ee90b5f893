/**
 * Where BullMQ keeps its jobs. Everything else in the pipeline is written against BullMQ's own `Queue` and `Worker`,
 * so a backend only says how those are made, and whether its store can be worked with right now.
 */
import type { Job, Queue, Worker, WorkerOptions } from 'bullmq';
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
 * removed when MNS has confirmed the delete. Ids are MessageIds.
 */
export interface DeliveredMarks {
  /** Resolves once they are kept. */
  add(messageIds: readonly string[]): Promise<void>;
  /** @returns those of these that are marked */
  among(messageIds: readonly string[]): Promise<ReadonlySet<string>>;
  remove(messageIds: readonly string[]): Promise<void>;
}

/** Who delivers the event of a key, so that another event with the same key is not delivered as well. */
export interface Claims {
  /** Takes the key for `holder`, an event id: it is free, is the holder's already, is another's, or was delivered. */
  take(key: string, holder: string): Promise<'mine' | 'taken' | 'delivered'>;
  /** The holder has delivered: whoever comes with the same key before the window is over is a duplicate. */
  settle(key: string, holder: string): Promise<void>;
  /** The holder will not deliver. Does nothing once the key is settled, or another's. */
  release(key: string, holder: string): Promise<void>;
}

export interface Backend {
  /** For adding jobs and asking about them: calls fail fast while the store is out of reach. */
  queue(name: string): ReceiptQueue;
  /** For delivering: waits out whatever happens to the store. */
  worker(name: string, processor: ReceiptProcessor, options: DeliveryOptions): ReceiptWorker;
  /** Forgets those of these jobs that are completed, all in one call; any other stays as it is. */
  removeCompleted(name: string, jobIds: readonly string[]): Promise<void>;
  marks(name: string): DeliveredMarks;
  /** @param window ms for which a delivered key is remembered */
  claims(name: string, window: number): Claims;
  /** Closes the connections. Queues and workers must be closed before. */
  close(): Promise<void>;
}

/** In Redis Cluster a queue's keys must share a slot: what stands in braces decides it. */
export function bullName(queueName: string): string {
  return `{${queueName}}`;
}
