/**
 * Whether a sink works at all. An event that cannot be delivered is its own affair; several of them, with none delivered
 * between, are the sink's, and then no attempt of any event is spent on finding that out again. An event that failed
 * while others were delivered after it is known to be at fault itself, and says nothing about the sink any more.
 *
 * ```
 *           FAILURES events in a row fail, or fewer for long
 *  CLOSED ────────────────────────────────▶ OPEN ◀──────────────┐
 *    ▲      all may try                      │ nobody may       │ it fails: a longer pause
 *    │                                       │ pause over       │
 *    └────────── it succeeds ──────────── PROBING ──────────────┘
 *                                           one may try, the others wait their turn
 * ```
 *
 * Who waits does so inside `run`, until the circuit closes or the own probe has failed: then the event is given back, so
 * that others get its place, and no number of bad events keeps the good ones behind them from being a probe; those that
 * have not failed yet have their turn first. What says something about the event alone (a dead letter, a handler that asks
 * for more time) counts as an answer of the sink; a refusal that any event would have met counts as a failure of it.
 */
import { fullJitter } from '../backoff.js';
import { describeError, ReceiptdError } from '../errors.js';
import type { CircuitState } from '../stats.js';
import { DeadLetterError, delayOf, RetryLaterError } from './sink.js';

/** Different events that failed with none delivered between. */
const FAILURES = 5;
/** ms without a success after which fewer will do, but not one alone: that may be its own fault. */
const FAILING_FOR_MS = 30_000;
const FEWEST = 2;
/** Events at fault that are remembered, the latest ones. */
const AT_FAULT = 1_000;
const PROBE_BASE_MS = 1_000;
const PROBE_CAP_MS = 30_000;
/** A sink that asks for a longer pause before the next try is asked again all the same. */
const ASKED_CAP_MS = 5 * 60_000;

/** ms that an event whose probe failed leaves its place to others: stores may give it back before all that wait. */
const FAILED_PROBE_MS = 15_000;
/** ms that an event waits at a time. */
const LONGEST_WAIT_MS = 30 * 60_000;
/** ms until an event is due again that is given back because the process stops, or because it has waited for long. */
const DRAINED_MS = 1_000;

/** The sink is down, and the event is not to wait here any longer: give it back, it has lost no attempt. */
export class SinkDownError extends ReceiptdError {
  /** ms to leave it alone for. */
  readonly delay: number;

  constructor(reason: string, delay: number) {
    super('SINK_DOWN', reason);
    this.delay = delay;
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
  id: string;
  /** Its turn: as the one probe, or because the circuit closed. */
  go(probe: boolean): void;
  giveUp(error: unknown): void;
}

export class Circuit {
  readonly #options: CircuitOptions;
  /** Ids of events that failed since the last success, as far as they count. */
  readonly #failing = new Set<string>();
  readonly #atFault = new Set<string>();
  /** When the first of them did, by `performance.now()`. */
  #failingSince = 0;
  /** Failures that were counted: events that went out together fail with one and the same. */
  readonly #counted = new WeakSet<object>();
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

  get state(): CircuitState {
    if (this.#problem === undefined) return 'closed';
    return this.#probing ? 'probing' : 'open';
  }

  /** ms that it has been open; 0 while it is closed. */
  get openFor(): number {
    return this.#problem === undefined ? 0 : performance.now() - this.#openedAt;
  }

  /**
   * Makes an attempt as soon as it may, and again while the circuit is open.
   *
   * @param id of the event
   * @throws {SinkDownError} when it is open and drains, or the attempt was a probe and failed; the signal's reason when
   *   that aborts meanwhile; what `attempt` threw
   */
  async run(id: string, signal: AbortSignal, attempt: () => Promise<void>): Promise<void> {
    for (;;) {
      const probe = this.#problem !== undefined && (await this.#turn(id, signal));
      try {
        await attempt();
        this.#atFault.delete(id);
        this.#succeeded();
        return;
      } catch (error) {
        if (probe) this.#probing = false;
        if (signal.aborted) this.#schedule();
        else if (isAboutEvent(error)) this.#succeeded();
        else this.#failed(id, error, probe);
        if (this.#problem === undefined || signal.aborted) throw error;
        if (probe) throw this.#down(FAILED_PROBE_MS);
      }
    }
  }

  /** Keeps nobody waiting from now on: the daemon stops. */
  drain(): void {
    this.#draining = true;
    clearTimeout(this.#timer);
    for (const waiter of this.#waiting) waiter.giveUp(this.#down(DRAINED_MS));
  }

  /** Waits in line. @returns whether this is the one probe; otherwise the circuit has closed */
  async #turn(id: string, signal: AbortSignal): Promise<boolean> {
    if (this.#draining) throw this.#down(DRAINED_MS);
    signal.throwIfAborted();
    return new Promise<boolean>((resolve, reject) => {
      const leave = () => {
        clearTimeout(longest);
        signal.removeEventListener('abort', onAbort);
        this.#waiting.delete(waiter);
      };
      const waiter: Waiter = {
        id,
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
      // What it holds beside its place (a claim on its key) does not last for ever.
      const longest = setTimeout(() => waiter.giveUp(this.#down(DRAINED_MS)), LONGEST_WAIT_MS);
      signal.addEventListener('abort', onAbort);
      this.#waiting.add(waiter);
      this.#schedule();
    });
  }

  /** Sends one as a probe, once its time has come. */
  #schedule(): void {
    if (this.#problem === undefined || this.#probing || this.#draining || this.#timer !== undefined) return;
    if (this.#waiting.size === 0) return;
    const pause = Math.max(0, this.#nextProbeAt - performance.now());
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      const line = [...this.#waiting];
      const next = line.find(({ id }) => !this.#failing.has(id)) ?? line[0];
      if (next === undefined) return;
      this.#probing = true;
      next.go(true);
    }, pause);
  }

  #succeeded(): void {
    // Those that failed before it opened may well have been the first to find the sink down.
    if (this.#problem === undefined) for (const id of this.#failing) this.#blame(id);
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
    const now = performance.now();
    const asked = now + Math.min(delayOf(error), ASKED_CAP_MS);
    if (this.#problem === undefined) {
      if (!this.#opens(id, error, now)) return;
      this.#problem = describeError(error);
      this.#openedAt = now;
      this.#failedProbes = 0;
      this.#options.onChange?.(this.#problem);
    } else {
      this.#failing.add(id);
      if (!probe) {
        this.#nextProbeAt = Math.max(this.#nextProbeAt, asked);
        return;
      }
      this.#problem = describeError(error);
      this.#failedProbes += 1;
    }
    const { probeBase = PROBE_BASE_MS, random } = this.#options;
    const longest = Math.min(PROBE_CAP_MS, probeBase * 2 ** Math.min(this.#failedProbes, 30));
    const pause = longest / 2 + fullJitter(1, longest / 2, longest / 2, random);
    this.#nextProbeAt = Math.max(now + pause, asked);
    this.#schedule();
  }

  /** Counts the failure of an event while the circuit is closed. @returns whether that opens it */
  #opens(id: string, error: unknown, now: number): boolean {
    if (this.#atFault.has(id)) return false;
    const key = typeof error === 'object' && error !== null ? error : undefined;
    if (!this.#failing.has(id) && (key === undefined || !this.#counted.has(key))) {
      if (this.#failing.size === 0) this.#failingSince = now;
      this.#failing.add(id);
      if (key !== undefined) this.#counted.add(key);
    }
    const forLong = now - this.#failingSince >= FAILING_FOR_MS;
    return this.#failing.size >= (forLong ? FEWEST : FAILURES);
  }

  #blame(id: string): void {
    this.#atFault.add(id);
    const [oldest] = this.#atFault;
    if (this.#atFault.size > AT_FAULT && oldest !== undefined) this.#atFault.delete(oldest);
  }

  #down(delay: number): SinkDownError {
    return new SinkDownError(this.#problem ?? 'the sink is down', delay);
  }
}

/** It is an answer of a sink that works. */
function isAboutEvent(error: unknown): boolean {
  if (RetryLaterError.is(error)) return true;
  return DeadLetterError.is(error) && (error as Partial<DeadLetterError>).aboutSink !== true;
}
