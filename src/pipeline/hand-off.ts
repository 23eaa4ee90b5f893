/**
 * Puts received messages into the pipeline. When `add` resolves, each message is in the store; when it rejects,
 * none counts as handed off and the same ones may be added again, because adding a job that is there does nothing.
 *
 * ```
 *  came before? ──no──▶ job added
 *       │ yes
 *       ▼
 *    marked? ──no──▶ job added, or the one that is there gets the new handle; a dead letter is acknowledged at once
 *       │ yes
 *       ▼
 *  job there? ──no──▶ acknowledged at once
 *       └──yes──▶ the job gets the new handle: it died, or is, between its mark and its end, and finds the mark itself
 * ```
 */
import type { Acknowledgement } from '../ack/index.js';
import type { DeliveredMarks, ReceiptQueue, StoredJob } from './backend.js';
import { acknowledgementOf, eventCount, jobIdOf, type ReceiptJob } from './job.js';

export interface HandOffOptions {
  /** As the deliverer has them. */
  marks?: DeliveredMarks | undefined;
  /** So many events are acknowledged without a job, because they had been delivered before. */
  onDuplicates?(events: number): void;
  /** Resolves when all that was added before is safe in the store. @default it is so when adding returns */
  makeDurable?: (() => Promise<void>) | undefined;
}

export class HandOff {
  readonly #queue: ReceiptQueue;
  readonly #attempts: number;
  readonly #options: HandOffOptions;
  /** An add failed that they were part of: they may be in the store, and out of it again. */
  readonly #uncertain = new WeakSet<ReceiptJob>();

  /** @param attempts deliveries tried before an event becomes a dead letter */
  constructor(queue: ReceiptQueue, attempts: number, options: HandOffOptions = {}) {
    this.#queue = queue;
    this.#attempts = attempts;
    this.#options = options;
  }

  /** @returns what can be acknowledged at once: messages that came again although they are finished. */
  async add(jobs: readonly ReceiptJob[]): Promise<Acknowledgement[]> {
    const again = jobs.filter((job) => job.message.dequeueCount > 1 || this.#uncertain.has(job));
    const delivered = await this.#delivered(again);
    // They are stored with each job: what is the same for all is the worker's to know.
    const opts = { attempts: this.#attempts, backoff: { type: 'custom' }, stackTraceLimit: 10 };
    const added = jobs.filter((job) => !delivered.has(job));
    try {
      if (added.length > 0) {
        await this.#queue.addBulk(
          added.map((job) => ({
            name: 'receipt',
            data: job,
            opts: { ...opts, jobId: jobIdOf(job.message.messageId) },
          })),
        );
      }
      const finished = await Promise.all(
        again.filter((job) => !delivered.has(job)).map((job) => this.#redelivered(job)),
      );
      await this.#options.makeDurable?.();
      // What came for the first time was delivered under this very handle, and is acknowledged by whoever did that.
      const duplicates = [...delivered].filter(({ message }) => message.dequeueCount > 1);
      this.#count(duplicates);
      return [
        ...duplicates.map(({ message }) => acknowledgementOf(message)),
        ...finished.filter((message) => message !== undefined),
      ];
    } catch (error) {
      for (const job of jobs) this.#uncertain.add(job);
      throw error;
    }
  }

  /** Those that are delivered and have no job any more. */
  async #delivered(jobs: readonly ReceiptJob[]): Promise<ReadonlySet<ReceiptJob>> {
    const marked = await this.#options.marks?.among(jobs.map(({ message }) => message.messageId));
    const done = jobs.filter(({ message }) => marked?.has(message.messageId));
    const stored = await Promise.all(done.map((job) => this.#stored(job)));
    return new Set(done.filter((_, index) => stored[index] === undefined));
  }

  /**
   * A message came again: its job, if it was here before, gets the new handle (the old one is void), or is finished
   * and only lacks its acknowledgement.
   */
  async #redelivered(job: ReceiptJob): Promise<Acknowledgement | undefined> {
    const stored = await this.#stored(job);
    // What was added this moment, or delivered in it with this handle.
    if (stored === undefined || stored.data.message.receiptHandle === job.message.receiptHandle)
      return undefined;
    const before = await stored.getState();
    if (isFinished(before)) return acknowledgementOf(job.message);
    const updated = before === 'unknown' ? undefined : await this.#update(stored, job);
    const after = updated && (await stored.getState());
    if (after !== undefined && after !== 'unknown')
      return isFinished(after) ? acknowledgementOf(job.message) : undefined;
    // It was finished and forgotten meanwhile, under a handle that is void.
    const [gone] = await this.#delivered([job]);
    if (gone === undefined) return undefined;
    this.#count([job]);
    return acknowledgementOf(job.message);
  }

  /** Undefined when it is not there any more. */
  async #update(stored: StoredJob, job: ReceiptJob): Promise<true | undefined> {
    try {
      // A job that is the only copy from here on must say so, even if it was made where it was not; never the reverse.
      const mark = job.onlyHere === true ? { onlyHere: true as const } : {};
      // It counts from when it was received first.
      const { receivedAt = job.message.receivedAt } = stored.data.message;
      const message = { ...job.message, ...(receivedAt !== undefined && { receivedAt }) };
      await stored.updateData({ ...stored.data, ...mark, message });
      return true;
    } catch (error) {
      if ((await this.#stored(job)) !== undefined) throw error;
      return undefined;
    }
  }

  #stored(job: ReceiptJob): Promise<StoredJob | undefined> {
    return this.#queue.getJob(jobIdOf(job.message.messageId));
  }

  #count(duplicates: readonly ReceiptJob[]): void {
    const events = duplicates.reduce((sum, job) => sum + eventCount(job), 0);
    if (events > 0) this.#options.onDuplicates?.(events);
  }
}

function isFinished(state: string): boolean {
  return state === 'completed' || state === 'failed';
}
