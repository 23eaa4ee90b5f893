/** Questions to a thread that may be busy or dead: each is answered once, by the thread, by its end or by the clock. */
export class Questions<Answer> {
  readonly #open = new Map<number, (answer: Answer) => void>();
  readonly #limit: number;
  readonly #none: Answer;
  #asked = 0;
  #closed = false;

  /** @param limit ms that an answer is waited for @param none the answer of a thread that gives none */
  constructor(limit: number, none: Answer) {
    this.#limit = limit;
    this.#none = none;
  }

  /** @param put puts the question of this number to the thread */
  ask(put: (question: number) => void): Promise<Answer> {
    if (this.#closed) return Promise.resolve(this.#none);
    this.#asked += 1;
    const question = this.#asked;
    return new Promise((resolve) => {
      const late = setTimeout(() => this.answer(question, this.#none), this.#limit);
      this.#open.set(question, (answer) => {
        clearTimeout(late);
        resolve(answer);
      });
      put(question);
    });
  }

  /** One that is too late is not missed. */
  answer(question: number, answer: Answer): void {
    const settle = this.#open.get(question);
    this.#open.delete(question);
    settle?.(answer);
  }

  /** The thread is gone. */
  close(): void {
    this.#closed = true;
    for (const question of [...this.#open.keys()]) this.answer(question, this.#none);
  }
}
