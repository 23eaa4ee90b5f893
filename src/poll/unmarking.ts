/** Forgets that messages were delivered which MNS has deleted for good, so that they cannot come again. */
import type { DeliveredMarks } from '../pipeline/index.js';

export class Unmarking {
  readonly #marks: DeliveredMarks;
  readonly #underWay = new Set<Promise<void>>();

  constructor(marks: DeliveredMarks) {
    this.#marks = marks;
  }

  /** What stays by accident costs a little room until it is too old. */
  forget(messages: readonly { messageId: string }[]): void {
    const removal = this.#marks
      .remove(messages.map(({ messageId }) => messageId))
      .catch(() => {})
      .finally(() => this.#underWay.delete(removal));
    this.#underWay.add(removal);
  }

  /** Resolves when nothing is under way. */
  async settled(): Promise<void> {
    await Promise.all(this.#underWay);
  }
}
