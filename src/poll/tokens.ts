/**
 * The tokens as a slice sees them. The keepers live in the main thread; a board holds what they last said, so that
 * requests take the newest token without asking anybody, and lets a refused request wait for the next one.
 */
import type { MnsCredentials } from '../mns/index.js';

/** A token, as it crosses to a slice. */
export interface SliceToken extends MnsCredentials {
  /** Grows with each new token of the queue. */
  version: number;
}

export interface TokenSource {
  /** The token to use now; undefined before the first. */
  current(queueName: string): SliceToken | undefined;
  /** Resolves with the first token. */
  first(queueName: string): Promise<SliceToken>;
  /** MNS refused the token of this version: resolves when there is a newer one, rejects when the signal aborts. */
  replace(queueName: string, version: number, signal?: AbortSignal): Promise<void>;
}

interface Waiter {
  /** Waits for a version above this. */
  version: number;
  resolve(token: SliceToken): void;
}

export class TokenBoard implements TokenSource {
  readonly #tokens = new Map<string, SliceToken>();
  readonly #waiters = new Map<string, Set<Waiter>>();
  readonly #onRefused: (queueName: string, version: number) => void;

  /** @param onRefused asks for a new token; it comes through `set` */
  constructor(onRefused: (queueName: string, version: number) => void) {
    this.#onRefused = onRefused;
  }

  /** A new token is there. */
  set(queueName: string, token: SliceToken): void {
    this.#tokens.set(queueName, token);
    for (const waiter of [...this.#waiting(queueName)])
      if (token.version > waiter.version) waiter.resolve(token);
  }

  current(queueName: string): SliceToken | undefined {
    return this.#tokens.get(queueName);
  }

  async first(queueName: string): Promise<SliceToken> {
    return this.current(queueName) ?? this.#newer(queueName, -1);
  }

  async replace(queueName: string, version: number, signal?: AbortSignal): Promise<void> {
    if ((this.current(queueName)?.version ?? -1) > version) return;
    const newer = this.#newer(queueName, version, signal);
    this.#onRefused(queueName, version);
    await newer;
  }

  #newer(queueName: string, version: number, signal?: AbortSignal): Promise<SliceToken> {
    const waiting = this.#waiting(queueName);
    return new Promise((resolve, reject) => {
      const settle = () => {
        waiting.delete(waiter);
        signal?.removeEventListener('abort', abort);
      };
      const abort = () => {
        settle();
        reject(new Error('stopped while waiting for a token'));
      };
      const waiter: Waiter = {
        version,
        resolve: (token) => {
          settle();
          resolve(token);
        },
      };
      waiting.add(waiter);
      if (signal?.aborted) abort();
      else signal?.addEventListener('abort', abort, { once: true });
    });
  }

  #waiting(queueName: string): Set<Waiter> {
    let waiting = this.#waiters.get(queueName);
    if (waiting === undefined) {
      waiting = new Set();
      this.#waiters.set(queueName, waiting);
    }
    return waiting;
  }
}
