/**
 * The messages that may be received now: one first-in-first-out list a priority, 1 served first (mns-http.md §6).
 * Taking, adding and forgetting are O(1) on average. A message that went away while it waited here is skipped when its
 * turn comes, and not kept until then: nobody may ever come for it.
 */
export interface Listed {
  readonly priority: number;
  readonly state: string;
}

/** Consumed slots are cut off in steps of this many: a shift a message would cost O(n) on a long backlog. */
const TRIM_AT = 4096;

class Fifo<T extends Listed> {
  /** Undefined once consumed, so that nothing is held by a slot that was not cut off yet. */
  #items: (T | undefined)[] = [];
  #head = 0;
  /** How many of those that wait have gone away. */
  #gone = 0;

  push(item: T): void {
    this.#items.push(item);
  }

  shift(): T | undefined {
    while (this.#head < this.#items.length) {
      const item = this.#items[this.#head];
      this.#items[this.#head] = undefined;
      this.#head += 1;
      this.#trim();
      if (item?.state === 'visible') return item;
      this.#gone -= 1;
    }
    return undefined;
  }

  /** One of those that wait is no longer visible. */
  forget(): void {
    this.#gone += 1;
    if (this.#gone * 2 <= this.#items.length - this.#head) return;
    this.#items = [...this];
    this.#head = 0;
    this.#gone = 0;
  }

  *[Symbol.iterator](): Generator<T> {
    for (let index = this.#head; index < this.#items.length; index++) {
      const item = this.#items[index];
      if (item?.state === 'visible') yield item;
    }
  }

  #trim(): void {
    if (this.#head === this.#items.length) this.#items = [];
    else if (this.#head < TRIM_AT || this.#head * 2 < this.#items.length) return;
    else this.#items = this.#items.slice(this.#head);
    this.#head = 0;
  }
}

export class VisibleList<T extends Listed> {
  readonly #byPriority: Fifo<T>[] = Array.from({ length: 16 }, () => new Fifo<T>());

  add(item: T): void {
    this.#byPriority[item.priority - 1]?.push(item);
  }

  take(): T | undefined {
    for (const list of this.#byPriority) {
      const item = list.shift();
      if (item !== undefined) return item;
    }
    return undefined;
  }

  /** It waits here, and its state is no longer `visible`. */
  forget(item: T): void {
    this.#byPriority[item.priority - 1]?.forget();
  }

  /** In the order they would be received, without taking them. */
  *[Symbol.iterator](): Generator<T> {
    for (const list of this.#byPriority) yield* list;
  }
}
