/**
 * Puts received messages into the pipeline. When `add` resolves, each message is in the store; when it rejects,
 * none counts as handed off and the same ones may be added again, because adding a job that is there does nothing.
 */
import type { Acknowledgement } from '../ack/index.js';
import type { ReceiptQueue } from './backend.js';
import { acknowledgementOf, jobIdOf, type ReceiptJob } from './job.js';

export class HandOff {
  readonly #queue: ReceiptQueue;
  readonly #attempts: number;

  /** @param attempts deliveries tried before an event becomes a dead letter */
  constructor(queue: ReceiptQueue, attempts: number) {
    this.#queue = queue;
    this.#attempts = attempts;
  }

  /** @returns what can be acknowledged at once: messages that came again although they are finished. */
  async add(jobs: readonly ReceiptJob[]): Promise<Acknowledgement[]> {
    // They are stored with each job: what is the same for all is the worker's to know.
    const opts = { attempts: this.#attempts, backoff: { type: 'custom' }, stackTraceLimit: 10 };
    await this.#queue.addBulk(
      jobs.map((job) => ({
        name: 'receipt',
        data: job,
        opts: { ...opts, jobId: jobIdOf(job.message.messageId) },
      })),
    );
    const again = jobs.filter((job) => job.message.dequeueCount > 1);
    const finished = await Promise.all(again.map((job) => this.#redelivered(job)));
    return finished.filter((message) => message !== undefined);
  }

  /**
   * A message came again: its job, if it was here before, gets the new handle (the old one is void), or is finished
   * and only lacks its acknowledgement.
   */
  async #redelivered(job: ReceiptJob): Promise<Acknowledgement | undefined> {
    const stored = await this.#queue.getJob(jobIdOf(job.message.messageId));
    if (stored === undefined || stored.data.message.receiptHandle === job.message.receiptHandle)
      return undefined;
    const before = await stored.getState();
    if (isFinished(before)) return acknowledgementOf(job.message);
    // Neither finished nor waiting: acknowledged and forgotten in this very moment.
    if (before === 'unknown') return undefined;
    await stored.updateData({ ...stored.data, message: job.message });
    return isFinished(await stored.getState()) ? acknowledgementOf(job.message) : undefined;
  }
}

function isFinished(state: string): boolean {
  return state === 'completed' || state === 'failed';
}
