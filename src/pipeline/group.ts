/**
 * Makes few calls of many: what is asked while a call is under way goes out together in the next. So one that comes alone
 * waits for nobody, and under load a store gets large calls one after the other.
 */

/** In one call, at most. */
const MOST = 512;

interface Waiting<T, R> {
  item: T;
  resolve(result: R): void;
  reject(error: unknown): void;
}

export class Group<T, R> {
  readonly #call: (items: readonly T[]) => Promise<readonly R[]>;
  #waiting: Waiting<T, R>[] = [];
  #calling = false;

  /** @param call does it for all of them, and tells the results in their order */
  constructor(call: (items: readonly T[]) => Promise<readonly R[]>) {
    this.#call = call;
  }

  /** Rejects with what the call failed with that it was part of. */
  add(item: T): Promise<R> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject });
      void this.#run();
    });
  }

  async #run(): Promise<void> {
    if (this.#calling) return;
    this.#calling = true;
    // What is asked in the same breath goes out together.
    await undefined;
    while (this.#waiting.length > 0) {
      const group = this.#waiting.splice(0, MOST);
      try {
        const results = await this.#call(group.map(({ item }) => item));
        for (const [index, { resolve }] of group.entries()) resolve(results[index] as R);
      } catch (error) {
        for (const { reject } of group) reject(error);
      }
    }
    this.#calling = false;
  }
}
