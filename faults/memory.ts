/** How much memory the daemons take, minute by minute. */
import type { Options } from './options.js';

/** What a daemon may grow by during an outage: garbage that is not collected yet. */
const GROWTH = 1.3;
const SLACK_MIB = 32;
const MINUTE_MS = 60_000;

export interface Measured {
  readonly memory: number;
}

export class MemoryLog {
  readonly #processes: readonly Measured[];
  readonly #startedAt = performance.now();
  readonly #peaks: number[] = [];

  constructor(processes: readonly Measured[]) {
    this.#processes = processes;
  }

  sample(): void {
    this.add(
      performance.now() - this.#startedAt,
      Math.max(0, ...this.#processes.map(({ memory }) => memory)),
    );
  }

  /** @param at ms since the start */
  add(at: number, mebibytes: number): void {
    if (mebibytes === 0) return;
    const minute = Math.floor(at / MINUTE_MS);
    while (this.#peaks.length <= minute) this.#peaks.push(0);
    this.#peaks[minute] = Math.max(this.#peaks[minute] ?? 0, mebibytes);
  }

  /** MiB of the largest daemon, the most in each minute. */
  get peaks(): readonly number[] {
    return this.#peaks;
  }

  /** During a long outage memory stays where it was in its first whole minute. */
  problems({ scenario, away }: Pick<Options, 'scenario' | 'away'>): string[] {
    // It begins in the first minute, and the one it ends in has the catching up as well.
    const end = Math.floor(away / MINUTE_MS);
    const first = this.#peaks[1];
    const most = Math.max(0, ...this.#peaks.slice(2, end));
    if (scenario === 'faults' || first === undefined || most <= first * GROWTH + SLACK_MIB) return [];
    return [`memory of a daemon grew from ${Math.round(first)} to ${Math.round(most)} MiB during the outage`];
  }
}
