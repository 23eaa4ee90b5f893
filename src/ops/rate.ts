/** How fast counters grow, over the last minute, or for as long as there are readings. */

const OVER_MS = 60_000;
/** A shorter time makes a rate of chance. */
const LEAST_MS = 1_000;

export interface Throughput {
  received: number;
  delivered: number;
}

interface Reading extends Throughput {
  /** ms by a clock that nobody sets. */
  ticks: number;
}

export class Rate {
  readonly #readings: Reading[] = [];

  /** @param ticks ms by a clock that nobody sets */
  add({ received, delivered }: Throughput, ticks: number): void {
    this.#readings.push({ received, delivered, ticks });
    // The one before the minute stays, so that the whole of it is seen.
    while ((this.#readings[1]?.ticks ?? ticks) <= ticks - OVER_MS) this.#readings.shift();
  }

  /** A second, as of now. */
  of({ received, delivered }: Throughput, ticks: number): Throughput {
    const [first] = this.#readings;
    if (first === undefined) return { received: 0, delivered: 0 };
    const seconds = Math.max(LEAST_MS, ticks - first.ticks) / 1000;
    return {
      received: (received - first.received) / seconds,
      delivered: (delivered - first.delivered) / seconds,
    };
  }
}
