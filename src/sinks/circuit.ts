/**
 * Whether a sink works at all. An event that cannot be delivered is its own affair; several of them, with none delivered
 * between, are the sink's, and then no attempt of any event is spent on finding that out again.
 *
 * ```
 *           FAILURES events in a row fail
 *  CLOSED ────────────────────────────────▶ OPEN ◀──────────────┐
 *    ▲      all may try                      │ nobody may       │ it fails: a longer pause
 *    │                                       │ pause over       │
 *    └────────── it succeeds ──────────── PROBING ──────────────┘
 *                                           one may try, the others wait their turn
 * ```
 *
 * Who waits does so inside `run`, for as long as it takes. A failed probe goes to the end of the queue, so that one bad
 * event cannot keep the circuit open. What says something about the event alone (a dead letter, a handler that asks for
 * more time) counts as an answer of the sink.
 */
import { fullJitter } from '../backoff.js';
import { describeError, ReceiptdError } from '../errors.js';
import { DeadLetterError, delayOf, RetryLaterError } from './sink.js';

/** Different events that failed with none delivered between. */
const FAILURES = 5;
const PROBE_BASE_MS = 1_000;
const PROBE_CAP_MS = 30_000;
/** A sink that asks for a longer pause before the next try is asked again all the same. */
const ASKED_CAP_MS = 5 * 60_000;

/** The sink is down, and its circuit is told to keep nobody waiting: give the event back, it has lost no attempt. */
export class SinkDownError extends ReceiptdError {
  constructor(reason: string) {
    super('SINK_DOWN', reason);
  }
}

export interface CircuitOptions {
  /** It opened, with why, or closed again (undefined). */
  onChange?(problem: string | undefined): void;
  /** ms; the first probe comes after half to all of this, each further one after twice that. @default 1000 */
  probeBase?: number;
  random?: () => number;
}

interface Waiter {
  /** Its turn: as the one probe, or because the circuit closed. */
  go(probe: boolean): void;
  giveUp(error: unknown): void;
}

export class Circuit {
  readonly #options: CircuitOptions;
  /** Ids of events that failed since the last success, as far as they count. */
  readonly #failing = new Set<string>();
  readonly #waiting = new Set<Waiter>();
  #problem: string | undefined;
  #openedAt = 0;
  #probing = false;
  #failedProbes = 0;
  /** When the next probe may start, by `performance.now()`. */
  #nextProbeAt = 0;
  #timer: NodeJS.Timeout | undefined;
  #draining = false;

  constructor(options: CircuitOptions = {}) {
    this.#options = options;
  }

  /** Why it is open, one line; undefined while it is closed. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** ms that it has been open; 0 while it is closed. */
  get openFor(): number {
    return this.#problem === undefined ? 0 : performance.now() - this.#openedAt;
  }

  /**
   * Makes an attempt as soon as it may, and again while the circuit is open.
   *
   * @param id of the event
   * @throws {SinkDownError} when it is open and drains; the signal's reason when that aborts meanwhile; what `attempt` threw
   */
  async run(id: string, signal: AbortSignal, attempt: () => Promise<void>): Promise<void> {
    for (;;) {
      const probe = this.#problem !== undefined && (await this.#turn(signal));
      try {
        await attempt();
        this.#succeeded();
        return;
      } catch (error) {
        if (probe) this.#probing = false;
        if (signal.aborted) this.#schedule();
        else if (DeadLetterError.is(error) || RetryLaterError.is(error)) this.#succeeded();
        else this.#failed(id, error, probe);
        if (this.#problem === undefined || signal.aborted) throw error;
      }
    }
  }

  /** Keeps nobody waiting from now on: the daemon stops. */
  drain(): void {
    this.#draining = true;
    clearTimeout(this.#timer);
    for (const waiter of this.#waiting) waiter.giveUp(this.#down());
  }

  /** Waits in line. @returns whether this is the one probe; otherwise the circuit has closed */
  async #turn(signal: AbortSignal): Promise<boolean> {
    if (this.#draining) throw this.#down();
    signal.throwIfAborted();
    return new Promise<boolean>((resolve, reject) => {
      const leave = () => {
        signal.removeEventListener('abort', onAbort);
        this.#waiting.delete(waiter);
      };
      const waiter: Waiter = {
        go: (probe) => {
          leave();
          resolve(probe);
        },
        giveUp: (error) => {
          leave();
          reject(error);
        },
      };
      const onAbort = () => waiter.giveUp(signal.reason);
      signal.addEventListener('abort', onAbort);
      this.#waiting.add(waiter);
      this.#schedule();
    });
  }

  /** Sends the first in line as a probe, once its time has come. */
  #schedule(): void {
    if (this.#problem === undefined || this.#probing || this.#draining || this.#timer !== undefined) return;
    if (this.#waiting.size === 0) return;
    const pause = Math.max(0, this.#nextProbeAt - performance.now());
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      const [first] = this.#waiting;
      if (first === undefined) return;
      this.#probing = true;
      first.go(true);
    }, pause);
  }

  #succeeded(): void {
    this.#failing.clear();
    if (this.#problem === undefined) return;
    this.#problem = undefined;
    this.#probing = false;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#options.onChange?.(undefined);
    for (const waiter of this.#waiting) waiter.go(false);
  }

  #failed(id: string, error: unknown, probe: boolean): void {
    if (this.#problem === undefined) {
      this.#failing.add(id);
      if (this.#failing.size < FAILURES) return;
      this.#problem = describeError(error);
      this.#openedAt = performance.now();
      this.#failedProbes = 0;
      this.#options.onChange?.(this.#problem);
    } else if (!probe) return;
    else {
      this.#problem = describeError(error);
      this.#failedProbes += 1;
    }
    const { probeBase = PROBE_BASE_MS, random } = this.#options;
    const longest = Math.min(PROBE_CAP_MS, probeBase * 2 ** Math.min(this.#failedProbes, 30));
    const asked = Math.min(delayOf(error), ASKED_CAP_MS);
    const pause = Math.max(longest / 2 + fullJitter(1, longest / 2, longest / 2, random), asked);
    this.#nextProbeAt = performance.now() + pause;
    this.#schedule();
  }

  #down(): SinkDownError {
    return new SinkDownError(this.#problem ?? 'the sink is down');
  }
}
