/** So many requests a second and no more. Whoever comes gets the next place in time, in order. */
import { pause } from '../../backoff.js';

/** Timers are late by a millisecond or more: what is lost by that, up to this many ms, is caught up with. */
const CREDIT_MS = 50;

export class Rate {
  readonly #interval: number;
  #next = 0;

  /** @param rate requests a second; 0 is as many as go */
  constructor(rate: number) {
    this.#interval = rate === 0 ? 0 : 1000 / rate;
  }

  /**
   * Resolves when the request may go out. A place that is given up passes unused.
   * @throws the signal's reason
   */
  async turn(signal: AbortSignal): Promise<void> {
    if (this.#interval === 0) return;
    const now = performance.now();
    const place = Math.max(this.#next, now - CREDIT_MS);
    this.#next = place + this.#interval;
    if (place > now) await pause(place - now, signal);
    signal.throwIfAborted();
  }
}
