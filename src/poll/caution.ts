/**
 * How many messages may be in flight behind a sink that is down: as many as it takes to find out when it works again, or
 * as few as there have been meanwhile, whichever is more, and one more a minute. So the backlog stays with MNS, and events
 * that can never be delivered do not keep the good ones out, however many they are.
 */

import type { GuardedSink } from '../sinks/index.js';

/** More than it takes to open a circuit. */
const PROBES = 6;
const ONE_MORE_EVERY_MS = 60_000;

export class Caution {
  #fewest = Number.POSITIVE_INFINITY;

  /**
   * @param downFor ms that a sink has been down; 0 while all work
   * @returns how many may be in flight; infinite while all work
   */
  most(downFor: number, inFlight: number): number {
    if (downFor === 0) {
      this.#fewest = Number.POSITIVE_INFINITY;
      return this.#fewest;
    }
    this.#fewest = Math.min(this.#fewest, inFlight);
    return Math.max(PROBES, this.#fewest) + Math.floor(downFor / ONE_MORE_EVERY_MS);
  }
}

/** The sinks of a queue, as far as they are in the way of receiving. */
export class SinksInTheWay {
  readonly #sinks: readonly Pick<GuardedSink, 'name' | 'problem' | 'downFor'>[];
  readonly #caution = new Caution();

  constructor(sinks: readonly Pick<GuardedSink, 'name' | 'problem' | 'downFor'>[]) {
    this.#sinks = sinks;
  }

  /** Name of one that is down. */
  get down(): string | undefined {
    return this.#sinks.find(({ problem }) => problem !== undefined)?.name;
  }

  /** @returns how many messages may be in flight */
  most(inFlight: number): number {
    return this.#caution.most(Math.max(0, ...this.#sinks.map(({ downFor }) => downFor)), inFlight);
  }
}
