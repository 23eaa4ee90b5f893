import { fullJitter } from '../backoff.js';
import { describeError, ReceiptdError } from '../errors.js';
import type { MnsCredentials } from '../mns/index.js';
import { TokenTransientError } from './errors.js';
import type { IssuedToken } from './query.js';

const EARLIEST_MARGIN_MS = 120_000;
/** No two calls are closer than this, whatever the token's life. */
const SHORTEST_PAUSE_MS = 200;
const RETRY_BASE_MS = 1_000;
const RETRY_CAP_MS = 30_000;
/** Wrong keys do not get right by asking often. */
const CONFIG_RETRY_CAP_MS = 60_000;
const FORCED_BASE_MS = 1_000;
const FORCED_CAP_MS = 60_000;
/** A token that worked for so long was good: its refusal has nothing to do with an earlier one. */
const CALM_MS = 120_000;

/** A token of the keeper. It may travel to other threads. */
export interface QueueToken extends MnsCredentials {
  /** ms since the epoch, local clock: for people and metrics. Only the keeper, by a monotonic clock, acts on expiry. */
  expiresAt: number;
  /** ms from when it was asked for. */
  life: number;
  /** 1, 2, 3 …: names the token in `refresh`. */
  version: number;
}

export interface KeeperClock {
  /** Monotonic, ms. */
  now(): number;
  setTimeout(callback: () => void, ms: number): unknown;
  clearTimeout(timer: unknown): void;
}

export interface TokenKeeperOptions {
  /** Asks for a token, see `createTokenQuery`. */
  query: () => Promise<IssuedToken>;
  /** Called with each new token, before anybody who waits for it goes on. */
  onToken?(token: QueueToken): void;
  /** Called with each failed try. `tokenStillGood`: the one we hold still works, so nothing is lost yet. */
  onError?(error: unknown, state: { tokenStillGood: boolean }): void;
  clock?: KeeperClock;
  random?: () => number;
}

export interface TokenStatus {
  /** ms, negative once expired; absent without a token. */
  expiresInMs?: number;
  /** ms since the epoch, local clock, of the next planned call; absent while one is under way. */
  refreshAtMs?: number;
  /** One line about the last try, when it failed. */
  lastError?: string;
  /** Tokens obtained. */
  refreshes: number;
  /** Tries that failed. */
  failures: number;
}

/** The keeper was stopped while somebody waited for a token. */
export class TokenStoppedError extends ReceiptdError {}

const realClock: KeeperClock = {
  now: () => performance.now(),
  setTimeout: (callback, ms) => setTimeout(callback, ms),
  clearTimeout: (timer) => clearTimeout(timer as NodeJS.Timeout),
};

/**
 * Keeps one token fresh, for one (message type, queue).
 *
 * ```
 *        start()              token             two minutes (or a fifth of a short life),
 *  IDLE ────────▶ ASKING ───────────────▶ HOLDING ──── and jitter, before expiry ────▶ ASKING …
 *                  ▲  │                     │
 *                  │  │ failed              │ refresh(version): MNS refused this token
 *                  │  ▼                     ▼
 *                 RETRYING                FORCED ──── at once; if MNS refuses token after ────▶ ASKING …
 *                  full jitter                        token, after full jitter up to 60 s
 *
 *  any ── stop() ──▶ STOPPED
 * ```
 *
 * One call at a time, ever. RETRYING while the old token lives waits at most a quarter of what is left of it, so that
 * several tries fit in; without a good token up to 30 s, or 60 s for errors that only a person can mend. FORCED happens
 * once a refused version; whoever reports that version again waits for the same call.
 *
 * The token held stays `current()` also when expired or refused: using it costs an answer 403, having none is no better.
 */
export class TokenKeeper {
  readonly #options: TokenKeeperOptions;
  readonly #clock: KeeperClock;
  readonly #random: () => number;
  #state: 'idle' | 'running' | 'stopped' = 'idle';
  /** Times of the monotonic clock. */
  #held: { token: QueueToken; since: number; expires: number } | undefined;
  #asking = false;
  #planned: { timer: unknown; at: number } | undefined;
  /** In a row. */
  #failed = 0;
  /** The last version MNS refused. */
  #refused = 0;
  /** Forced refreshes in a row. */
  #forced = 0;
  #waiting: Waiter[] = [];
  #lastError: unknown;
  #refreshes = 0;
  #failures = 0;

  constructor(options: TokenKeeperOptions) {
    this.#options = options;
    this.#clock = options.clock ?? realClock;
    this.#random = options.random ?? Math.random;
  }

  /** Asks for the first token. */
  start(): void {
    if (this.#state !== 'idle') return;
    this.#state = 'running';
    void this.#ask();
  }

  /** No further calls; whoever waits gets a `TokenStoppedError`. */
  stop(): void {
    this.#state = 'stopped';
    this.#cancel();
    for (const waiter of this.#waiting.splice(0)) waiter.reject(stopped());
  }

  current(): QueueToken | undefined {
    return this.#held?.token;
  }

  /**
   * The token held, or the first one. Rejects with the first error that waiting does not mend (wrong key, wrong queue, no
   * credentials), so that a start can fail with it; the keeper goes on trying nevertheless.
   */
  ready(): Promise<QueueToken> {
    return this.#wait(1, true);
  }

  /**
   * MNS refused the token of this version. Resolves with a newer one, however long that takes; rejects only when the
   * keeper is stopped.
   */
  refresh(badVersion: number): Promise<QueueToken> {
    const answer = this.#wait(badVersion + 1, false);
    const isCurrent = this.#held?.token.version === badVersion;
    if (this.#state === 'running' && isCurrent && badVersion > this.#refused) {
      this.#refused = badVersion;
      this.#force();
    }
    return answer;
  }

  status(): TokenStatus {
    const now = this.#clock.now();
    return {
      ...(this.#held && { expiresInMs: Math.round(this.#held.expires - now) }),
      ...(this.#planned && { refreshAtMs: Math.round(Date.now() + this.#planned.at - now) }),
      ...(this.#lastError !== undefined && { lastError: describeError(this.#lastError) }),
      refreshes: this.#refreshes,
      failures: this.#failures,
    };
  }

  #wait(minVersion: number, failFast: boolean): Promise<QueueToken> {
    const token = this.#held?.token;
    if (token && token.version >= minVersion) return Promise.resolve(token);
    if (this.#state === 'stopped') return Promise.reject(stopped());
    return new Promise((resolve, reject) => this.#waiting.push({ minVersion, failFast, resolve, reject }));
  }

  async #ask(): Promise<void> {
    this.#cancel();
    this.#asking = true;
    // Before the call: a token is never younger than the moment it was asked for.
    const askedAt = this.#clock.now();
    const outcome = await this.#options.query().then(
      (issued) => () => this.#accept(issued, askedAt),
      (error: unknown) => () => this.#fail(error),
    );
    this.#asking = false;
    if (this.#state === 'running') outcome();
  }

  #accept(issued: IssuedToken, askedAt: number): void {
    const now = this.#clock.now();
    const expires = askedAt + issued.life;
    const version = (this.#held?.token.version ?? 0) + 1;
    const token: QueueToken = { ...issued, version, expiresAt: Math.round(Date.now() + expires - now) };
    this.#held = { token, since: now, expires };
    this.#failed = 0;
    this.#lastError = undefined;
    this.#refreshes += 1;
    const margin = Math.min(EARLIEST_MARGIN_MS, issued.life / 5);
    // Up to half the margin earlier, so that a fleet that started together does not ask together.
    this.#plan(expires - now - margin * (1 + this.#random() / 2));
    this.#options.onToken?.(token);
    this.#settle(
      (waiter) => waiter.minVersion <= version,
      (waiter) => waiter.resolve(token),
    );
  }

  #fail(error: unknown): void {
    this.#failed += 1;
    this.#failures += 1;
    this.#lastError = error;
    const transient = error instanceof TokenTransientError;
    const left = this.#goodFor();
    const cap = left > 0 ? Math.min(RETRY_CAP_MS, left / 4) : transient ? RETRY_CAP_MS : CONFIG_RETRY_CAP_MS;
    this.#plan(fullJitter(this.#failed, RETRY_BASE_MS, cap, this.#random));
    this.#options.onError?.(error, { tokenStillGood: left > 0 });
    if (transient) return;
    this.#settle(
      (waiter) => waiter.failFast,
      (waiter) => waiter.reject(error),
    );
  }

  #force(): void {
    // A call is under way, or failing ones are being retried: their token will be newer.
    if (this.#asking || this.#failed > 0) return;
    const now = this.#clock.now();
    if (this.#held && now - this.#held.since >= CALM_MS) this.#forced = 0;
    this.#forced += 1;
    if (this.#forced === 1) return void this.#ask();
    const pause = fullJitter(this.#forced - 1, FORCED_BASE_MS, FORCED_CAP_MS, this.#random);
    this.#plan(Math.min(pause, (this.#planned?.at ?? Number.POSITIVE_INFINITY) - now));
  }

  /** ms for which the token held still works, as far as we know; 0 without one. */
  #goodFor(): number {
    if (!this.#held || this.#held.token.version <= this.#refused) return 0;
    return Math.max(0, this.#held.expires - this.#clock.now());
  }

  #plan(ms: number): void {
    this.#cancel();
    const pause = Math.max(SHORTEST_PAUSE_MS, ms);
    const timer = this.#clock.setTimeout(() => void this.#ask(), pause);
    this.#planned = { timer, at: this.#clock.now() + pause };
  }

  #cancel(): void {
    if (this.#planned) this.#clock.clearTimeout(this.#planned.timer);
    this.#planned = undefined;
  }

  #settle(applies: (waiter: Waiter) => boolean, settle: (waiter: Waiter) => void): void {
    const settled = this.#waiting.filter(applies);
    this.#waiting = this.#waiting.filter((waiter) => !applies(waiter));
    settled.forEach(settle);
  }
}

interface Waiter {
  minVersion: number;
  /** Rejected by an error that only a person can mend. */
  failFast: boolean;
  resolve(token: QueueToken): void;
  reject(error: unknown): void;
}

function stopped(): TokenStoppedError {
  return new TokenStoppedError('TOKEN_KEEPER_STOPPED', 'the token keeper was stopped');
}
