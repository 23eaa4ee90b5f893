/**
 * How many messages may be in flight behind a sink that is down: as many as it takes to find out when it works again, or
 * as few as there have been meanwhile, whichever is more, and one more a minute. So the backlog stays with MNS, and events
 * that can never be delivered do not keep the good ones out, however many they are.
 */

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
