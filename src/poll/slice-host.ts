import { randomBytes } from 'node:crypto';
import type { Logger } from 'pino';
import { fullJitter } from '../backoff.js';
import type { Config } from '../config/index.js';
import { describeError, UsageError } from '../errors.js';
import type { RecentEvent, RecentQuery } from '../stats.js';
import type { SliceEvents, SliceHandle, SpawnSlice } from './handle.js';
import { KnownDrift } from './known-drift.js';
import { Places, sharedPlaces } from './places.js';
import { newestOf } from './recent-events.js';
import type { SliceSnapshot } from './slice.js';
import { Sums } from './sums.js';
import type { SliceToken } from './tokens.js';

const RESTART_BASE_MS = 1_000;
const RESTART_CAP_MS = 30_000;
/** A slice that lived this long starts over with a short pause when it crashes. */
const STEADY_MS = 60_000;
/** How often one queue may wake the other slices. */
const WAKE_EVERY_MS = 100;

export interface SliceHostOptions {
  config: Config;
  /** How many slices. */
  count: number;
  spawn: SpawnSlice;
  log: Logger;
  /** MNS refused the token of this version. */
  onRefused(queueName: string, version: number): void;
  /** A slice that was restarted found that it can never work. */
  onFatal(error: Error): void;
}

interface Seat {
  handle: SliceHandle | undefined;
  crashes: number;
  startedAt: number;
  restarting?: NodeJS.Timeout;
}

/**
 * Keeps the slices of this process alive: starts them, tells them of new tokens, restarts one that crashed after a
 * growing pause, and lets one of them at a time wait on each queue while it is empty (the primary), so that an idle
 * queue costs one long poll, not one a thread.
 */
export class SliceHost {
  readonly #options: SliceHostOptions;
  readonly #seats: Seat[];
  readonly #tokens = new Map<string, SliceToken>();
  readonly #wokenAt = new Map<string, number>();
  readonly #sums = new Sums();
  readonly #maskKey = randomBytes(32).toString('hex');
  readonly #places: SharedArrayBuffer;
  readonly #knownDrift = new KnownDrift().memory;
  #restarts = 0;
  #stopping = false;

  constructor(options: SliceHostOptions) {
    this.#options = options;
    this.#places = sharedPlaces(options.config.queues.length, options.count);
    this.#seats = Array.from({ length: options.count }, () => ({
      handle: undefined,
      crashes: 0,
      startedAt: 0,
    }));
  }

  get restarts(): number {
    return this.#restarts;
  }

  /**
   * Resolves when all slices are open, which may take until the store can be reached.
   * @throws {ReceiptdError} when one can never be
   */
  async start(): Promise<void> {
    if (this.#stopping) return;
    for (const index of this.#seats.keys()) this.#spawn(index);
    this.#assignPrimaries();
    await Promise.all(this.#seats.map((seat) => seat.handle?.ready));
  }

  setToken(queueName: string, token: SliceToken): void {
    this.#tokens.set(queueName, token);
    for (const { handle } of this.#seats) handle?.setToken(queueName, token);
  }

  /** All slices' sinks open their files anew. */
  reopen(): void {
    for (const { handle } of this.#seats) handle?.reopen();
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    for (const { restarting } of this.#seats) clearTimeout(restarting);
    await Promise.all(this.#seats.map(({ handle }) => handle?.stop()));
  }

  abort(): void {
    for (const { handle } of this.#seats) handle?.abort();
  }

  /** All slices added up. */
  snapshot(): SliceSnapshot {
    const parts = this.#seats.flatMap(({ handle }) => handle?.snapshot() ?? []);
    const names = this.#options.config.queues.map(({ queueName }) => queueName);
    const queue = (name: string) =>
      this.#sums.queue(
        name,
        parts.flatMap(({ queues }) => queues[name] ?? []),
      );
    return {
      queues: Object.fromEntries(names.map((name) => [name, queue(name)])),
      sinks: this.#sums.sinks(parts.flatMap(({ sinks }) => sinks)),
    };
  }

  /** Of the events that were finished lately, the newest first; without those of a slice that does not answer. */
  async recent(query: RecentQuery): Promise<RecentEvent[]> {
    const asked = this.#seats.map(({ handle }) => handle?.recent(query) ?? []);
    return newestOf(await Promise.all(asked), query.limit);
  }

  /** Why slices cannot work right now, one line each. */
  problems(): string[] {
    const problems = this.#seats.map(({ handle }, index) =>
      handle === undefined ? `slice ${index} crashed and is about to be restarted` : handle.problem(),
    );
    return [...new Set(problems.filter((problem) => problem !== ''))];
  }

  #spawn(index: number): void {
    const seat = this.#seats[index];
    if (seat === undefined) return;
    const { config, count, spawn } = this.#options;
    const events: SliceEvents = {
      onBusy: (queueName) => this.#wakeOthers(index, queueName),
      onRefused: this.#options.onRefused,
      onCrash: (error) => this.#crashed(index, error),
    };
    seat.startedAt = performance.now();
    const shared = { places: this.#places, knownDrift: this.#knownDrift, maskKey: this.#maskKey };
    seat.handle = spawn({ config, slices: count, index, ...shared }, events);
    for (const [queueName, token] of this.#tokens) seat.handle.setToken(queueName, token);
  }

  #crashed(index: number, error: Error): void {
    const seat = this.#seats[index];
    if (seat?.handle === undefined || this.#stopping) return;
    this.#sums.remember(seat.handle.snapshot());
    seat.handle = undefined;
    const slices = this.#options.count;
    for (const queue of this.#options.config.queues.keys())
      new Places(this.#places, { queue, slice: index, slices }).vacate();
    seat.crashes = performance.now() - seat.startedAt > STEADY_MS ? 1 : seat.crashes + 1;
    this.#restarts += 1;
    const delay = RESTART_BASE_MS / 2 + fullJitter(seat.crashes, RESTART_BASE_MS, RESTART_CAP_MS);
    this.#options.log.error(`slice ${index} crashed (${describeError(error)}), restarting it in ${delay} ms`);
    this.#assignPrimaries();
    seat.restarting = setTimeout(() => {
      this.#spawn(index);
      this.#assignPrimaries();
      seat.handle?.ready.catch((cause: unknown) => {
        if (cause instanceof UsageError) this.#options.onFatal(cause);
      });
    }, delay);
  }

  /** Spreads the queues over the slices that live. */
  #assignPrimaries(): void {
    const living = this.#seats.flatMap(({ handle }) => handle ?? []);
    const names = this.#options.config.queues.map(({ queueName }) => queueName);
    for (const [turn, handle] of living.entries()) {
      handle.setPrimary(names.filter((_, index) => index % living.length === turn));
    }
  }

  #wakeOthers(from: number, queueName: string): void {
    const now = performance.now();
    if (now - (this.#wokenAt.get(queueName) ?? Number.NEGATIVE_INFINITY) < WAKE_EVERY_MS) return;
    this.#wokenAt.set(queueName, now);
    for (const [index, { handle }] of this.#seats.entries()) if (index !== from) handle?.wake(queueName);
  }
}
