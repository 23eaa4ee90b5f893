import { setMaxListeners } from 'node:events';
import { fullJitter, pause } from '../backoff.js';
import { MnsFatalError, type ReceivedMessage } from '../mns/index.js';
import type { QueueStats } from '../stats.js';
import type { Gate } from './gate.js';

const ERROR_BASE_MS = 500;
const ERROR_CAP_MS = 30_000;
/** A configuration error needs a person: look again only now and then. */
const FATAL_CAP_MS = 60_000;
const EMPTY_BASE_MS = 500;
const EMPTY_CAP_MS = 5_000;
/** How often a backlog is worth telling: it may take a message to another thread. */
const BUSY_EVERY_MS = 100;

export interface PollerOptions {
  receive(request: { max: number; waitSeconds: number; signal: AbortSignal }): Promise<ReceivedMessage[]>;
  /** Takes over the messages. Rejects when it could not: they stay in MNS and come again. */
  onBatch(messages: ReceivedMessage[]): Promise<void>;
  onError(error: unknown): void;
  /** A batch came back full: there is a backlog that others may help with. */
  onBusy(): void;
  gate: Gate;
  stats: QueueStats;
  batchSize: number;
  /** s, 0–30 */
  waitSeconds: number;
  /** Most polls under way at once. */
  maxConcurrency: number;
  /** Asked when a poll has waited in vain: whether that was the last one. @default it never is */
  isEnd?(): boolean;
  random?: () => number;
}

/**
 * Receives from one queue with as many concurrent polls as pay off.
 *
 * ```
 *             full batch, below maxConcurrency: one more loop
 *          ┌──────────────────────────────────────────────────┐
 *  anchor (long poll, always there when primary)     helpers (short poll)
 *          └──────────────── an empty answer ends a helper ───┘
 * ```
 *
 * On an empty queue only the anchor of the primary slice is left, in one long poll after the other. Helpers poll
 * without waiting, so few polls are in flight when a shutdown comes. A poller that is not primary has no anchor; it
 * starts a helper when it is woken. Empty answers that come back at once (the service caps waiting requests) and errors
 * are followed by growing pauses: no answer can make it spin.
 */
export class Poller {
  readonly #options: PollerOptions;
  #reserved = 0;
  /** Aborts to stop: no new polls. */
  readonly #stopping = new AbortController();
  /** Aborts the polls in flight. */
  readonly #aborting = new AbortController();
  readonly #loops = new Set<Promise<void>>();
  #anchored = false;
  #primary = false;
  #empty = false;
  #ended = false;
  #saidBusyAt = Number.NEGATIVE_INFINITY;

  constructor(options: PollerOptions) {
    this.#options = options;
    // Every poll listens: maxConcurrency bounds them, and more than ten are no leak.
    setMaxListeners(0, this.#stopping.signal, this.#aborting.signal);
  }

  /** Polls under way or waiting for their turn. */
  get concurrency(): number {
    return this.#loops.size;
  }

  /** Places taken for messages that polls under way may bring. */
  get reserved(): number {
    return this.#reserved;
  }

  /** The latest poll that waited brought nothing, and none has brought anything since. */
  get empty(): boolean {
    return this.#empty;
  }

  /** Makes this the poller that waits on the empty queue, or not. */
  setPrimary(primary: boolean): void {
    this.#primary = primary;
    if (primary && !this.#anchored) this.#start(true);
  }

  /** Another poller found a backlog. */
  wake(): void {
    if (this.#loops.size === 0) this.#start(false);
  }

  /**
   * No new polls; those in flight may end by themselves for `grace` ms and are aborted then. Resolves when the
   * messages of the last one are handed over.
   */
  async stop(grace: number): Promise<void> {
    this.#stopping.abort();
    const timer = setTimeout(() => this.#aborting.abort(), grace);
    await Promise.all(this.#loops);
    clearTimeout(timer);
  }

  #start(anchor: boolean): void {
    if (this.#stopping.signal.aborted) return;
    if (anchor) this.#anchored = true;
    const loop = this.#run(anchor).finally(() => this.#loops.delete(loop));
    this.#loops.add(loop);
  }

  async #run(anchor: boolean): Promise<void> {
    try {
      await this.#loop(anchor);
    } finally {
      if (anchor) this.#anchored = false;
    }
    // Made primary again between the look that ended the loop and its end.
    if (anchor && this.#primary && !this.#ended) this.#start(true);
  }

  async #loop(anchor: boolean): Promise<void> {
    const { batchSize, gate, random } = this.#options;
    const stop = this.#stopping.signal;
    let errors = 0;
    let quickEmpties = 0;
    // The first poll, and the first after an error, does not wait: that MNS answers is known at once.
    let proven = false;
    while (!stop.aborted && (!anchor || this.#primary)) {
      const places = await gate.acquire(batchSize, stop);
      if (places === 0) return;
      const startedAt = performance.now();
      const waitSeconds = anchor && proven ? this.#options.waitSeconds : 0;
      const outcome = await this.#poll(places, waitSeconds);
      if (outcome === 'aborted') return;
      if (outcome instanceof Failure) {
        errors += 1;
        proven = false;
        this.#empty = false;
        const cap = outcome.cause instanceof MnsFatalError ? FATAL_CAP_MS : ERROR_CAP_MS;
        await pause(fullJitter(errors, ERROR_BASE_MS, cap, random) + ERROR_BASE_MS / 2, stop);
        continue;
      }
      errors = 0;
      const proof = !proven;
      proven = true;
      if (outcome > 0) {
        quickEmpties = 0;
        continue;
      }
      if (!anchor) return;
      if (proof) continue;
      this.#empty = true;
      this.#ended = this.#loops.size === 1 && this.#options.isEnd?.() === true;
      if (this.#ended) return;
      const waited = performance.now() - startedAt;
      quickEmpties = waited < (waitSeconds * 1000) / 2 || waitSeconds === 0 ? quickEmpties + 1 : 0;
      if (quickEmpties > 0) {
        await pause(EMPTY_BASE_MS / 2 + fullJitter(quickEmpties, EMPTY_BASE_MS, EMPTY_CAP_MS, random), stop);
      }
    }
  }

  /** One poll and the handing over of what it brought. @returns how many messages came. */
  async #poll(places: number, waitSeconds: number): Promise<number | 'aborted' | Failure> {
    const { gate, stats } = this.#options;
    let messages: ReceivedMessage[];
    this.#reserved += places;
    try {
      messages = await this.#options.receive({ max: places, waitSeconds, signal: this.#aborting.signal });
    } catch (error) {
      gate.release(places);
      if (this.#aborting.signal.aborted) return 'aborted';
      stats.count('poll_errors');
      this.#options.onError(error);
      return new Failure(error);
    } finally {
      this.#reserved -= places;
    }
    stats.polled(messages);
    gate.release(places - messages.length);
    if (messages.length === 0) return 0;
    this.#foundSome();
    if (messages.length >= places) this.#moreHelp();
    try {
      await this.#options.onBatch(messages);
      gate.handedOff(messages.length);
      return messages.length;
    } catch (error) {
      gate.release(messages.length);
      this.#options.onError(error);
      return new Failure(error);
    }
  }

  #foundSome(): void {
    this.#empty = false;
    if (!this.#ended) return;
    // A helper that another slice has woken: the end was too early.
    this.#ended = false;
    this.setPrimary(this.#primary);
  }

  #moreHelp(): void {
    const now = performance.now();
    if (now - this.#saidBusyAt >= BUSY_EVERY_MS) {
      this.#saidBusyAt = now;
      this.#options.onBusy();
    }
    if (this.#loops.size < this.#options.maxConcurrency) this.#start(false);
  }
}

class Failure {
  readonly cause: unknown;

  constructor(cause: unknown) {
    this.cause = cause;
  }
}
