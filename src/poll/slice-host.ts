import { randomBytes } from 'node:crypto';
import type { Logger } from 'pino';
import { fullJitter } from '../backoff.js';
import type { Config } from '../config/index.js';
import { describeError, UsageError } from '../errors.js';
import type { QueueSnapshot, SinkSnapshot } from '../stats.js';
import type { SliceEvents, SliceHandle, SpawnSlice } from './handle.js';
import type { SliceSnapshot } from './slice.js';
import { addCounts, addSink, type Counts, noCounts } from './sums.js';
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
  /** What slices that are gone had counted. */
  readonly #past = new Map<string, Counts>();
  readonly #pastSinks = new Map<string, SinkSnapshot>();
  readonly #maskKey = randomBytes(32).toString('hex');
  #restarts = 0;
  #stopping = false;

  constructor(options: SliceHostOptions) {
    this.#options = options;
    this.#config = options.config;
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
   * the takeover; `drained` when the old ones are gone.
   * @throws {ReceiptdError} when one cannot be opened: then all stays as it was
   */
  async replace({ config, count, oneAfterTheOther }: Takeover): Promise<{ drained: Promise<void> }> {
    const seats = seatsFor(count);
    const opening = seats.map((seat) => this.#spawn(seat, config, count));
    for (const handle of opening) this.#aside.add(handle);
    try {
      await openAll(seats, opening);
      if (this.#stopping) return { drained: Promise.resolve() };
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
    const names = this.#config.queues.map(({ queueName }) => queueName);
    return {
      queues: Object.fromEntries(names.map((queueName) => [queueName, this.#sum(queueName)])),
      sinks: this.#sumSinks(),
    };
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
    const { index } = seat;
    const { spawn, once = false } = this.#options;
    const handle = spawn({ config, slices: count, index, once, maskKey: this.#maskKey }, events);
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
    const drained = await retire(handle, patience);
    this.#aside.delete(handle);
    this.#remember(handle.snapshot());
    if (!drained)
      this.#options.log.warn('a slice did not drain in time, what it had under way is delivered again');
  }

  #crashed(seat: Seat, error: Error): void {
    if (seat.handle === undefined || this.#stopping) return;
    // One that is not at work yet, or no more, needs nobody to take its place.
    if (!this.#seats.includes(seat)) {
      seat.handle = undefined;
      return;
    }
    const { index } = seat;
    this.#remember(seat.handle.snapshot());
    seat.handle = undefined;
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

  #remember({ queues, sinks }: SliceSnapshot): void {
    for (const { name, delivered, failed } of sinks) {
      addSink(this.#pastSinks, { name, state: 'up', delivered, failed });
    }
    for (const [queueName, counts] of Object.entries(queues)) {
      const past = this.#past.get(queueName) ?? noCounts();
      addCounts(past, counts);
      this.#past.set(queueName, past);
    }
  }

  #sum(queueName: string): QueueSnapshot {
    const sum: QueueSnapshot = {
      ...noCounts(),
      inFlight: 0,
      backlog: 0,
      backlogSince: 0,
      lastPollAt: 0,
      lastDeliveryAt: 0,
      problem: '',
      downSink: '',
    };
    addCounts(sum, this.#past.get(queueName) ?? noCounts());
    for (const { handle } of this.#seats) {
      const part = handle?.snapshot().queues[queueName];
      if (part === undefined) continue;
      addCounts(sum, part);
      // The backlog is shared: each slice has its own reading of the same number.
      sum.inFlight += part.inFlight - part.backlog;
      sum.backlog = Math.max(sum.backlog, part.backlog);
      sum.backlogSince = Math.max(sum.backlogSince, part.backlogSince);
      sum.lastPollAt = Math.max(sum.lastPollAt, part.lastPollAt);
      sum.lastDeliveryAt = Math.max(sum.lastDeliveryAt, part.lastDeliveryAt);
      sum.problem ||= part.problem;
      sum.downSink ||= part.downSink;
    }
    for (const handle of this.#aside) {
      const part = handle.snapshot().queues[queueName];
      if (part === undefined) continue;
      // What keeps it from working is over with it.
      addCounts(sum, part);
      sum.inFlight += part.inFlight - part.backlog;
      sum.lastPollAt = Math.max(sum.lastPollAt, part.lastPollAt);
      sum.lastDeliveryAt = Math.max(sum.lastDeliveryAt, part.lastDeliveryAt);
    }
    sum.inFlight += sum.backlog;
    return sum;
  }

  #sumSinks(): SinkSnapshot[] {
    const sinks = new Map([...this.#pastSinks].map(([name, sink]) => [name, { ...sink }]));
    for (const { handle } of this.#seats) {
      for (const sink of handle?.snapshot().sinks ?? []) addSink(sinks, sink);
    }
    for (const handle of this.#aside) {
      for (const { name, delivered, failed } of handle.snapshot().sinks)
        addSink(sinks, { name, state: 'up', delivered, failed });
    }
    return [...sinks.values()];
  }
}
