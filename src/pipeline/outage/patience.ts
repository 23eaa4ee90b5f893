/** How long the calls of a queue's worker wait for a store in trouble: as long as it takes, until the worker closes. */
import { fullJitter, pause } from '../../backoff.js';
import { isStoreTrouble } from './store-trouble.js';

const RETRY_BASE_MS = 250;
const RETRY_CAP_MS = 2_000;
/** ms that a call may take of a worker that is closing: what is finished shall be written, but nobody waits for ever. */
const CLOSING_GRACE_MS = 5_000;
/** ms that it may take once another has found the store away. */
const AWAY_GRACE_MS = 250;

/** Is by its code what BullMQ takes for a lost connection: a worker that closes gives up on it without a word. */
export class StoreAwayError extends Error {
  readonly code = 'ECONNREFUSED';

  constructor(cause?: unknown) {
    super('the store is out of reach, and the worker closes', { cause });
  }
}

export class Patience {
  readonly #closing = new AbortController();
  /** What the end does to the calls under way: on this path a listener of the signal for each would cost too much. */
  readonly #underWay = new Set<() => void>();
  #grace = CLOSING_GRACE_MS;

  get ended(): boolean {
    return this.#closing.signal.aborted;
  }

  /** The worker closes. */
  end(): void {
    if (this.ended) return;
    this.#closing.abort();
    for (const onEnd of this.#underWay) onEnd();
  }

  /**
   * Makes the call again, after growing pauses, until the store gives an answer.
   * @throws {StoreAwayError} when there is none a while after the end
   */
  async insist<T>(call: () => Promise<T>): Promise<T> {
    const { signal } = this.#closing;
    let started = performance.now();
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.within(call());
      } catch (error) {
        if (error instanceof StoreAwayError || !isStoreTrouble(error)) throw error;
        const wait = RETRY_BASE_MS / 2 + fullJitter(attempt, RETRY_BASE_MS, RETRY_CAP_MS);
        if (!signal.aborted) {
          await pause(wait, signal);
          started = performance.now();
        } else {
          if (performance.now() - started > this.#grace) throw this.#away(error);
          await pause(wait);
        }
      }
    }
  }

  /**
   * What the call comes to.
   * @param grace ms that it may take from the end on
   * @throws {StoreAwayError} when that is over
   */
  within<T>(call: Promise<T>, grace = this.#grace): Promise<T> {
    return new Promise((resolve, reject) => {
      let timer: NodeJS.Timeout | undefined;
      const settle = (act: () => void) => {
        clearTimeout(timer);
        this.#underWay.delete(onEnd);
        act();
      };
      const onEnd = () => {
        timer = setTimeout(
          () => settle(() => reject(grace === 0 ? new StoreAwayError() : this.#away())),
          grace,
        );
      };
      call.then(
        (value) => settle(() => resolve(value)),
        (error: unknown) => settle(() => reject(error)),
      );
      if (this.ended) onEnd();
      else this.#underWay.add(onEnd);
    });
  }

  #away(cause?: unknown): StoreAwayError {
    this.#grace = AWAY_GRACE_MS;
    return new StoreAwayError(cause);
  }
}

/** One for each queue: its worker ends it, and whatever else deliveries ask the store shares it. */
export class PatienceOfQueues {
  readonly #patience = new Map<string, Patience>();

  of(queueName: string): Patience {
    const known = this.#patience.get(queueName);
    return known ?? this.renew(queueName);
  }

  /** For a new worker, which has all of it before it. */
  renew(queueName: string): Patience {
    const patience = new Patience();
    this.#patience.set(queueName, patience);
    return patience;
  }
}
