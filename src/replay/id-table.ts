/**
 * A set of digests in one fixed piece of memory. A `Set` of strings that is filled and dropped over and over leaves more
 * garbage behind than all else that reading a file takes.
 */

/** Bytes that are kept of a digest: too many for two ids ever to have them in common. */
const WIDTH = 16;

export class IdTable {
  readonly #table: Buffer;
  readonly #places: number;
  #size = 0;

  /** @param limit so many are added at most */
  constructor(limit: number) {
    // Half empty at least, so that a place is found in a step or two.
    this.#places = 2 ** Math.ceil(Math.log2(2 * limit));
    this.#table = Buffer.alloc(this.#places * WIDTH);
  }

  get size(): number {
    return this.#size;
  }

  has(digest: Buffer): boolean {
    return !this.#isEmpty(this.#find(digest));
  }

  /** One that is not in it yet. */
  add(digest: Buffer): void {
    digest.copy(this.#table, this.#find(digest), 0, WIDTH);
    this.#size += 1;
  }

  clear(): void {
    this.#table.fill(0);
    this.#size = 0;
  }

  /** Where the digest is, or the empty place where it belongs. */
  #find(digest: Buffer): number {
    for (let place = digest.readUInt32LE(0) % this.#places; ; place = (place + 1) % this.#places) {
      const at = place * WIDTH;
      if (this.#isEmpty(at) || this.#table.compare(digest, 0, WIDTH, at, at + WIDTH) === 0) return at;
    }
  }

  /** No digest begins with zeros only. */
  #isEmpty(at: number): boolean {
    return this.#table.readDoubleLE(at) === 0;
  }
}
