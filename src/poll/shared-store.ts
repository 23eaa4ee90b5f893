/**
 * One store for the slices that follow one another in this thread. The embedded one has one owner, which they are together:
 * the first opens it, and the last to leave closes it.
 */
import type { Backend } from '../pipeline/index.js';

export interface Lease {
  backend: Backend;
  /** Must be called once, when nothing of the slice uses the store any more. */
  release(): Promise<void>;
}

export class SharedStore {
  #opening: Promise<Backend> | undefined;
  #users = 0;

  /** @throws what `open` does, which the next one may try again */
  async lease(open: () => Promise<Backend>): Promise<Lease> {
    this.#users += 1;
    this.#opening ??= open();
    try {
      const backend = await this.#opening;
      return { backend, release: () => this.#leave() };
    } catch (error) {
      this.#users -= 1;
      this.#opening = undefined;
      throw error;
    }
  }

  async #leave(): Promise<void> {
    this.#users -= 1;
    if (this.#users > 0) return;
    const opened = this.#opening;
    this.#opening = undefined;
    await (await opened)?.close();
  }
}
