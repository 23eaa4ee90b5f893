/**
 * Slows down who guesses: so many wrong tries an address within a time, then none until it has passed. Holds a bounded
 * number of addresses, the latest. Behind a proxy all share its address.
 */
interface Failures {
  count: number;
  /** ms since the epoch of the first. */
  since: number;
}

export interface AttemptsOptions {
  /** Wrong tries that are free. @default 10 */
  limit?: number;
  /** ms for which they count. @default 60000 */
  window?: number;
  /** Addresses that are remembered. @default 1000 */
  most?: number;
  now?: () => number;
}

export class Attempts {
  readonly #limit: number;
  readonly #window: number;
  readonly #most: number;
  readonly #now: () => number;
  readonly #failures = new Map<string, Failures>();

  constructor({ limit = 10, window = 60_000, most = 1_000, now = Date.now }: AttemptsOptions = {}) {
    this.#limit = limit;
    this.#window = window;
    this.#most = most;
    this.#now = now;
  }

  /** @returns s until this address may try again; 0 when it may */
  waitFor(address: string): number {
    const failures = this.#of(address);
    if (failures === undefined || failures.count < this.#limit) return 0;
    return Math.ceil((failures.since + this.#window - this.#now()) / 1000);
  }

  failed(address: string): void {
    const { count, since } = this.#of(address) ?? { count: 0, since: this.#now() };
    this.#failures.delete(address);
    this.#failures.set(address, { count: count + 1, since });
    if (this.#failures.size <= this.#most) return;
    const [oldest] = this.#failures.keys();
    if (oldest !== undefined) this.#failures.delete(oldest);
  }

  #of(address: string): Failures | undefined {
    const failures = this.#failures.get(address);
    return failures !== undefined && failures.since + this.#window > this.#now() ? failures : undefined;
  }
}
