/**
 * Whether deliveries succeed. A message that cannot be delivered is its own affair; several of them, with none delivered
 * between, are the sink's, and then the rest of the file waits instead of failing as well.
 */
import { describeError } from '../errors.js';
import { maskPhones } from '../mask.js';

const FAILING_MESSAGES = 3;
/** A sink that fails now and then is told of no more often than this. */
const NEWS_EVERY_MS = 10_000;

export class Health {
  readonly #note: (text: string) => void;
  readonly #failing = new Set<string>();
  readonly #now: () => number;
  #said = false;
  #saidAt = Number.NEGATIVE_INFINITY;

  /** @param note one line for the user @param now ms, of any clock that only goes forward */
  constructor(note: (text: string) => void, now: () => number = () => performance.now()) {
    this.#note = note;
    this.#now = now;
  }

  get good(): boolean {
    return this.#failing.size < FAILING_MESSAGES;
  }

  failed(messageId: string, error: unknown): void {
    if (this.good) this.#failing.add(messageId);
    if (this.good || this.#said || this.#now() - this.#saidAt < NEWS_EVERY_MS) return;
    this.#said = true;
    this.#saidAt = this.#now();
    this.#note(`delivering fails, the rest waits: ${maskPhones(describeError(error))}`);
  }

  delivered(): void {
    this.#failing.clear();
    if (this.#said) this.#note('delivering works again');
    this.#said = false;
  }
}
