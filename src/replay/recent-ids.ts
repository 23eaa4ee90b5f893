/**
 * Remembers the latest ids, so that a message that a file holds twice goes out once. Bounded: ids are kept in two
 * generations, and the older one is dropped when the newer one is full.
 */
import { hash, randomBytes } from 'node:crypto';
import { IdTable } from './id-table.js';

const GENERATION = 100_000;

export class RecentIds {
  readonly #size: number;
  /** So that no file can be made whose ids all meet in one place of the tables. */
  readonly #salt = randomBytes(16).toString('hex');
  #newer: IdTable;
  #older: IdTable;

  /** @param size at least so many of the latest ids are remembered, at most twice as many. @default 100000 */
  constructor(size = GENERATION) {
    this.#size = size;
    this.#newer = new IdTable(size);
    this.#older = new IdTable(size);
  }

  /** @returns whether it was here before */
  seen(id: string): boolean {
    const digest = hash('sha256', this.#salt + id, 'buffer');
    if (this.#newer.has(digest) || this.#older.has(digest)) return true;
    if (this.#newer.size >= this.#size) {
      [this.#newer, this.#older] = [this.#older, this.#newer];
      this.#newer.clear();
    }
    this.#newer.add(digest);
    return false;
  }
}
