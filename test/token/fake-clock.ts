/** A clock that moves when a test says so, and lets promises settle after each timer. */
import type { KeeperClock } from '../../src/token/index.js';

export class FakeClock implements KeeperClock {
  #now = 5_000;
  #timers = new Set<{ at: number; callback: () => void }>();

  now(): number {
    return this.#now;
  }

  setTimeout(callback: () => void, ms: number): unknown {
    const timer = { at: this.#now + ms, callback };
    this.#timers.add(timer);
    return timer;
  }

  clearTimeout(timer: unknown): void {
    this.#timers.delete(timer as { at: number; callback: () => void });
  }

  get pending(): number {
    return this.#timers.size;
  }

  /** Moves on by `ms`, running what falls due on the way, in order. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    for (;;) {
      await settle();
      const [next] = [...this.#timers].filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at);
      if (!next) break;
      this.#timers.delete(next);
      this.#now = Math.max(this.#now, next.at);
      next.callback();
    }
    this.#now = end;
    await settle();
  }
}

/** All promise callbacks that are due. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
