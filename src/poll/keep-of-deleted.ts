/**
 * How long the mark of a delivered message lasts where messages are deleted before they are delivered. Such a mark is only
 * for a delete that failed, or that its process did not live to make: its message comes again as soon as MNS has hidden it
 * for as long as its queue says, the mark acknowledges it, and the confirmed delete ends the mark.
 *
 * A message that waited in the store is marked after its delete was confirmed, and nobody ends its mark. So marks cannot be
 * kept for as long as MNS keeps messages: a busy queue would leave a week of them in the store. Twice the longest timeout
 * seen outlasts the return and one failed delete more; a quarter of an hour at least outlasts a restart where the timeout
 * is short. A process that has not seen the timeout, because it receives nothing of the queue, assumes the longest there
 * is: there is little to mark then. Where all processes are away for longer than that, what was stored and not deleted when
 * they ended is delivered again.
 */

const LEAST_MS = 15 * 60_000;
/** The longest visibility timeout that a queue of MNS can have. */
const LONGEST_TIMEOUT_MS = 43_200_000;

export class KeepOfDeleted {
  #timeout: number | undefined;

  /** A receive brought these. */
  note(messages: readonly { receivedAt: number; visibleUntil: number }[]): void {
    for (const { receivedAt, visibleUntil } of messages)
      this.#timeout = Math.min(LONGEST_TIMEOUT_MS, Math.max(this.#timeout ?? 0, visibleUntil - receivedAt));
  }

  get ms(): number {
    return Math.max(LEAST_MS, 2 * (this.#timeout ?? LONGEST_TIMEOUT_MS));
  }
}
