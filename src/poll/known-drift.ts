/**
 * The ways of drift that the log has heard of, one memory for all slices of a process: which of them meets a new way
 * first is chance, and the log is told by that one only. Holds fingerprints, of so many ways; what it has no place for is
 * new to everybody.
 */
import { hash } from 'node:crypto';

const PLACES = 1_000;

export class KnownDrift {
  /** To be given to the other threads. */
  readonly memory: SharedArrayBuffer;
  readonly #places: Int32Array;

  constructor(memory = new SharedArrayBuffer(PLACES * Int32Array.BYTES_PER_ELEMENT)) {
    this.memory = memory;
    this.#places = new Int32Array(memory);
  }

  /** Whether nobody has asked for this way before. */
  isNew(way: string): boolean {
    const fingerprint = hash('sha256', way, 'buffer').readInt32LE() || 1;
    for (let place = 0; place < this.#places.length; place += 1) {
      const found = Atomics.compareExchange(this.#places, place, 0, fingerprint);
      if (found === 0) return true;
      if (found === fingerprint) return false;
    }
    return true;
  }
}
