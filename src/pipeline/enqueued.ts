/**
 * Handing off for `ackOn: enqueued`: a message is acknowledged as soon as the store has it for good, before it is
 * delivered. Its job has no handle that could become void; from then on the store is the only place that has it.
 */
import type { Acknowledgement } from '../ack/index.js';
import type { HandOff } from './hand-off.js';
import { acknowledgementOf, type ReceiptJob } from './job.js';

/** `visibleUntil` of a job whose message was acknowledged when it was put into the store. */
const FOR_EVER = Number.MAX_SAFE_INTEGER;

export class EnqueuedHandOff {
  readonly #handOff: HandOff;
  /** The same object each time it is tried, by which a hand-off knows what it has tried before. */
  readonly #stored = new WeakMap<ReceiptJob, ReceiptJob>();

  /** @param handOff makes what it adds durable */
  constructor(handOff: HandOff) {
    this.#handOff = handOff;
  }

  /** @returns all of them: they are in the store, or were delivered before. */
  async add(jobs: readonly ReceiptJob[]): Promise<Acknowledgement[]> {
    await this.#handOff.add(jobs.map((job) => this.#asStored(job)));
    return jobs.map(({ message }) => acknowledgementOf(message));
  }

  #asStored(job: ReceiptJob): ReceiptJob {
    const known = this.#stored.get(job);
    if (known !== undefined) return known;
    const { message } = job;
    const hiddenUntil = message.visibleUntil;
    const stored = { ...job, message: { ...message, visibleUntil: FOR_EVER }, hiddenUntil };
    this.#stored.set(job, stored);
    return stored;
  }
}

/** A finished message that was acknowledged before, whatever the configuration says since. */
export function isAcknowledged({ visibleUntil }: Acknowledgement): boolean {
  return visibleUntil === FOR_EVER;
}
