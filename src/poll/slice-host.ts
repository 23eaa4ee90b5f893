import { randomBytes } from 'node:crypto';
import type { Logger } from 'pino';
import { fullJitter } from '../backoff.js';
import type { Config } from '../config/index.js';
import { describeError, UsageError } from '../errors.js';
import type { RecentEvent, RecentQuery } from '../stats.js';
import type { SliceEvents, SliceHandle, SpawnSlice } from './handle.js';
import { KnownDrift } from './known-drift.js';
import { Places, Slots, sharedPlaces } from './places.js';
import { newestOf } from './recent-events.js';
import type { SliceSnapshot } from './slice.js';
import { leaving, Sums } from './sums.js';
import {
  openAll,
  type Patience,
  patienceOf,
  retire,
  type Seat,
  seatsFor,
  type Takeover,
} from './takeover.js';
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
  /** Polls end when all is done. @default false */
  once?: boolean;
  log: Logger;
  /** MNS refused the token of this version. */
  onRefused(queueName: string, version: number): void;
  /** A slice that was restarted found that it can never work. */
  onFatal(error: Error): void;
}

/**
 * Keeps the slices of this process alive: starts them, tells them of new tokens, restarts one that crashed after a
 * growing pause, and lets one of them at a time wait on each queue while it is empty (the primary), so that an idle
 * queue costs one long poll, not one a thread. Others take over from them when the configuration changes.
 */
export class SliceHost {
  readonly #options: SliceHostOptions;
  #config: Config;
  #seats: Seat[];
  /** Open beside those that have a seat: they are about to take one, or drain after they had one. */
  readonly #aside = new Set<SliceHandle>();
  readonly #tokens = new Map<string, SliceToken>();
  readonly #wokenAt = new Map<string, number>();
  readonly #sums = new Sums();
  readonly #maskKey = randomBytes(32).toString('hex');
  readonly #places: SharedArrayBuffer;
  readonly #slots = new Slots();
  readonly #slotOf = new Map<SliceHandle, number>();
  readonly #knownDrift = new KnownDrift().memory;
  #restarts = 0;
  #stopping = false;

  constructor(options: SliceHostOptions) {
    this.#options = options;
    this.#config = options.config;
    this.#places = sharedPlaces(options.config.queues.length);
    this.#seats = seatsFor(options.count);
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
    for (const seat of this.#seats) this.#spawn(seat).start();
    this.#assignPrimaries();
    await Promise.all(this.#seats.map((seat) => seat.handle?.ready));
  }

  /**
   * Opens new slices, lets them take over, and drains the old ones, which poll no more from that moment on. Resolves with
   * the takeover; `drained` when the old ones are gone. Does nothing when all are told to stop meanwhile.
   * @throws {ReceiptdError} when one cannot be opened: then all stays as it was
   */
  async replace({ config, count, oneAfterTheOther }: Takeover): Promise<{ drained: Promise<void> }> {
    const seats = seatsFor(count);
    const opening = seats.map((seat) => this.#spawn(seat, config, count));
    for (const handle of opening) this.#aside.add(handle);
    try {
      await openAll(seats, opening);
      if (this.#stopping) return { drained: Promise.resolve() };
    } catch (error) {
      for (const handle of opening) this.#gone(handle);
      // What is told to stop before it is open says that it cannot be opened.
      if (this.#stopping) return { drained: Promise.resolve() };
      throw error;
    } finally {
      for (const handle of opening) if (!this.#stopping) this.#aside.delete(handle);
    }
    const old = this.#seats;
    const patience = patienceOf(this.#config);
    this.#config = config;
    this.#seats = seats;
    const drained = Promise.all(
      old.map(async ({ handle, restarting }) => {
        clearTimeout(restarting);
        if (handle !== undefined) await this.#retire(handle, patience);
      }),
    );
    const begin = () => {
      if (this.#stopping) return;
      for (const { handle } of seats) handle?.start();
      this.#assignPrimaries();
    };
    if (oneAfterTheOther) return { drained: drained.then(begin) };
    begin();
    return { drained: drained.then(() => {}) };
  }

  setToken(queueName: string, token: SliceToken): void {
    this.#tokens.set(queueName, token);
    for (const handle of this.#all()) handle.setToken(queueName, token);
  }

  /** All slices' sinks open their files anew. */
  reopen(): void {
    for (const handle of this.#all()) handle.reopen();
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    for (const { restarting } of this.#seats) clearTimeout(restarting);
    await Promise.all(this.#all().map((handle) => handle.stop()));
  }

  abort(): void {
    for (const handle of this.#all()) handle.abort();
  }

  /** All slices added up. */
  snapshot(): SliceSnapshot {
    const parts = [
      ...this.#seats.flatMap(({ handle }) => handle?.snapshot() ?? []),
      ...[...this.#aside].map((handle) => leaving(handle.snapshot())),
    ];
    const names = this.#config.queues.map(({ queueName }) => queueName);
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
    const asked = this.#all().map((handle) => handle.recent(query));
    return newestOf(await Promise.all(asked), query.limit);
  }

  /** Nothing is left to do, as all slices said lately. */
  get drained(): boolean {
    const sits = ({ handle }: Seat) => handle?.snapshot().drained === true;
    return this.#aside.size === 0 && this.#seats.every(sits);
  }

  /** Why slices cannot work right now, one line each. */
  problems(): string[] {
    const problems = this.#seats.map(({ handle }, index) =>
      handle === undefined ? `slice ${index} crashed and is about to be restarted` : handle.problem(),
    );
    return [...new Set(problems.filter((problem) => problem !== ''))];
  }

  #spawn(seat: Seat, config = this.#config, count = this.#seats.length): SliceHandle {
    const events: SliceEvents = {
      onBusy: (queueName) => this.#wakeOthers(seat, queueName),
      onRefused: this.#options.onRefused,
      onCrash: (error) => this.#crashed(seat, error),
    };
    seat.startedAt = performance.now();
    const { spawn, once = false } = this.#options;
    const slot = this.#slots.take();
    const shared = { places: this.#places, slot, knownDrift: this.#knownDrift, maskKey: this.#maskKey };
    const handle = spawn({ config, slices: count, index: seat.index, once, ...shared }, events);
    this.#slotOf.set(handle, slot);
    for (const [queueName, token] of this.#tokens) handle.setToken(queueName, token);
    seat.handle = handle;
    return handle;
  }

  /** Those that have a seat, and those that are open beside them. */
  #all(): SliceHandle[] {
    return [...this.#seats.flatMap(({ handle }) => handle ?? []), ...this.#aside];
  }

  async #retire(handle: SliceHandle, patience: Patience): Promise<void> {
    this.#aside.add(handle);
    const { drained, error, ended } = await retire(handle, patience);
    this.#aside.delete(handle);
    this.#sums.remember(handle.snapshot());
    // Not before: one that was given up may still count in them.
    void ended.then(() => this.#vacate(handle));
    const { log } = this.#options;
    if (error !== undefined) log.error(`a slice did not close all it had open: ${describeError(error)}`);
    if (!drained) log.warn('a slice did not drain in time, what it had under way is delivered again');
  }

  /** It is no more. */
  #gone(handle: SliceHandle): void {
    if (!this.#slotOf.has(handle)) return;
    this.#sums.remember(handle.snapshot());
    this.#vacate(handle);
  }

  /** Frees what it held. */
  #vacate(handle: SliceHandle): void {
    const slot = this.#slotOf.get(handle);
    if (slot === undefined) return;
    this.#slotOf.delete(handle);
    for (const queue of this.#options.config.queues.keys())
      new Places(this.#places, { queue, slot }).vacate();
    this.#slots.release(slot);
  }

  #crashed(seat: Seat, error: Error): void {
    const { handle, index } = seat;
    if (handle === undefined || this.#stopping) return;
    seat.handle = undefined;
    // One that is not at work yet, or no more, needs nobody to take its place.
    if (!this.#seats.includes(seat)) return;
    this.#gone(handle);
    seat.crashes = performance.now() - seat.startedAt > STEADY_MS ? 1 : seat.crashes + 1;
    this.#restarts += 1;
    const delay = RESTART_BASE_MS / 2 + fullJitter(seat.crashes, RESTART_BASE_MS, RESTART_CAP_MS);
    this.#options.log.error(`slice ${index} crashed (${describeError(error)}), restarting it in ${delay} ms`);
    this.#assignPrimaries();
    seat.restarting = setTimeout(() => {
      const restarted = this.#spawn(seat);
      restarted.start();
      this.#assignPrimaries();
      restarted.ready.catch((cause: unknown) => {
        if (cause instanceof UsageError) this.#options.onFatal(cause);
      });
    }, delay);
  }

  /** Spreads the queues over the slices that live. */
  #assignPrimaries(): void {
    const living = this.#seats.flatMap(({ handle }) => handle ?? []);
    const names = this.#config.queues.map(({ queueName }) => queueName);
    for (const [turn, handle] of living.entries()) {
      handle.setPrimary(names.filter((_, index) => index % living.length === turn));
    }
  }

  #wakeOthers(from: Seat, queueName: string): void {
    const now = performance.now();
    if (now - (this.#wokenAt.get(queueName) ?? Number.NEGATIVE_INFINITY) < WAKE_EVERY_MS) return;
    this.#wokenAt.set(queueName, now);
    for (const seat of this.#seats) if (seat !== from) seat.handle?.wake(queueName);
  }
}
