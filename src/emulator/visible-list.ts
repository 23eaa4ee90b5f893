/**
 * The messages that may be received now: one first-in-first-out list a priority, 1 served first (mns-http.md §6).
 * Taking and adding are O(1). A message that went away while it waited here is skipped when its turn comes.
 */
export interface Listed {
  readonly priority: number;
  readonly state: string;
}

/** Consumed slots are cut off in steps of this many: a shift a message would cost O(n) on a long backlog. */
const TRIM_AT = 4096;

class Fifo<T> {
  #items: T[] = [];
  #head = 0;

  push(item: T): void {
    this.#items.push(item);
  }

  shift(): T | undefined {
    const item = this.#items[this.#head];
    if (item === undefined) return undefined;
    this.#head += 1;
    if (this.#head === this.#items.length) {
      this.#items = [];
      this.#head = 0;
    } else if (this.#head >= TRIM_AT && this.#head * 2 >= this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }

  *[Symbol.iterator](): Generator<T> {
    for (let index = this.#head; index < this.#items.length; index++) yield this.#items[index] as T;
  }
}

export class VisibleList<T extends Listed> {
  readonly #byPriority: Fifo<T>[] = Array.from({ length: 16 }, () => new Fifo<T>());

  add(item: T): void {
    this.#byPriority[item.priority - 1]?.push(item);
  }

  take(): T | undefined {
    for (const list of this.#byPriority) {
      for (let item = list.shift(); item !== undefined; item = list.shift()) {
        if (item.state === 'visible') return item;
      }
    }
    return undefined;
  }

  /** In the order they would be received, without taking them. */
  *[Symbol.iterator](): Generator<T> {
    for (const list of this.#byPriority) {
      for (const item of list) if (item.state === 'visible') yield item;
    }
  }
}
