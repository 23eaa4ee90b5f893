/**
 * The receives that wait for a message of one queue (long polls, mns-http.md §6.2). They are served in order of
 * arrival, each with at least one message (a batch does not wait to fill) or, when its time is up, with none. Who left,
 * because the client hung up, takes no message along. A timer exists only while somebody waits.
 */
import type { Message } from './message.js';

/** What the room needs from its queue. */
export interface Counter {
  receive(max: number, duplicate: boolean): Message[];
  /** Milliseconds until a hidden message becomes visible by itself. */
  untilNext(): number | undefined;
}

export interface Wait {
  readonly max: number;
  readonly milliseconds: number;
  /** Whether what it gets shall be delivered once more. */
  readonly duplicate: boolean;
  /** Called once, with undefined if the queue goes away; never after the client left. */
  readonly done: (messages: Message[] | undefined) => void;
}

interface Waiter extends Wait {
  readonly timer: NodeJS.Timeout;
}

const LONGEST_TIMER = 2 ** 31 - 1;

export class WaitingRoom {
  readonly #counter: Counter;
  readonly #waiters = new Set<Waiter>();
  #wake: NodeJS.Timeout | undefined;
  #queued = false;

  constructor(counter: Counter) {
    this.#counter = counter;
  }

  get size(): number {
    return this.#waiters.size;
  }

  /** @returns what to call when the client hangs up */
  enter(wait: Wait): () => void {
    const waiter: Waiter = { ...wait, timer: setTimeout(() => this.#serve(waiter, []), wait.milliseconds) };
    this.#waiters.add(waiter);
    this.call();
    return () => {
      this.#leave(waiter);
    };
  }

  /** Something may have become visible. Acts in a microtask: messages sent in one go then share a batch. */
  call(): void {
    if (this.#queued || this.#waiters.size === 0) return;
    this.#queued = true;
    queueMicrotask(() => {
      this.#queued = false;
      this.#dispatch();
    });
  }

  close(): void {
    for (const waiter of [...this.#waiters]) this.#serve(waiter, undefined);
    clearTimeout(this.#wake);
  }

  #dispatch(): void {
    for (const waiter of this.#waiters) {
      const messages = this.#counter.receive(waiter.max, waiter.duplicate);
      if (messages.length === 0) break;
      this.#serve(waiter, messages);
    }
    clearTimeout(this.#wake);
    const milliseconds = this.#waiters.size > 0 ? this.#counter.untilNext() : undefined;
    if (milliseconds === undefined) return;
    this.#wake = setTimeout(() => this.#dispatch(), Math.min(Math.max(milliseconds, 1), LONGEST_TIMER));
  }

  #serve(waiter: Waiter, messages: Message[] | undefined): void {
    if (this.#leave(waiter)) waiter.done(messages);
  }

  #leave(waiter: Waiter): boolean {
    clearTimeout(waiter.timer);
    const left = this.#waiters.delete(waiter);
    if (this.#waiters.size === 0) clearTimeout(this.#wake);
    return left;
  }
}
