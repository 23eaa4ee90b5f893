/**
 * One complete poll → deliver → acknowledge unit: its own connections, sinks and counters, over all queues. Runs in
 * a worker thread or inline; it cannot tell which.
 */
import { setMaxListeners } from 'node:events';
import type { Logger } from 'pino';
import type { CaptureWriter } from '../capture/index.js';
import type { Config } from '../config/index.js';
import { describeError } from '../errors.js';
import { maskPhones } from '../mask.js';
import type { Backend } from '../pipeline/index.js';
import type { GuardedSink } from '../sinks/index.js';
import type { QueueSnapshot, RecentEvent, RecentQuery, SinkSnapshot } from '../stats.js';
import type { Tracing } from '../tracing/index.js';
import type { KnownDrift } from './known-drift.js';
import { Places } from './places.js';
import { QueueRunner } from './queue-runner.js';
import { newestOf } from './recent-events.js';
import type { TokenSource } from './tokens.js';

export interface SliceSnapshot {
  /** By name. */
  queues: Record<string, QueueSnapshot>;
  sinks: SinkSnapshot[];
  /** Nothing is left to do in any queue, as far as this slice can tell. @default false */
  drained?: boolean;
}

export interface SliceOptions {
  config: Config;
  /** Slices of this process. */
  slices: number;
  /** Where this one's part of `places` is, from 0. */
  slot: number;
  /** What the slices share, of all queues. */
  places: SharedArrayBuffer;
  /** Polls end when all is done. */
  once: boolean;
  backend: Backend;
  sinks: readonly GuardedSink[];
  /** Absent when nothing is captured. */
  capture: CaptureWriter | undefined;
  tracing: Tracing;
  tokens: TokenSource;
  knownDrift: KnownDrift;
  log: Logger;
  /** Closes the store, the sinks and the capture file, or leaves them to others. */
  close(): Promise<void>;
  /** A queue has a backlog that other slices may help with. */
  onBusy(queueName: string): void;
}

export class Slice {
  readonly #options: SliceOptions;
  readonly #runners = new Map<string, QueueRunner>();
  readonly #hardStop = new AbortController();
  #stopped: Promise<void> | undefined;

  constructor(options: SliceOptions) {
    this.#options = options;
    // Each queue listens, and more than ten are no leak.
    setMaxListeners(0, this.#hardStop.signal);
    for (const [index, queue] of options.config.queues.entries()) {
      const runner = new QueueRunner({
        ...options,
        queue,
        places: new Places(options.places, { queue: index, slot: options.slot }),
        hardStop: this.#hardStop.signal,
        onBusy: () => options.onBusy(queue.queueName),
      });
      this.#runners.set(queue.queueName, runner);
    }
  }

  /** Each queue starts as soon as it has a token. */
  start(): void {
    for (const runner of this.#runners.values()) void runner.start();
  }

  /** This slice is the one that waits on these queues while they are empty. */
  setPrimary(queueNames: readonly string[]): void {
    for (const [name, runner] of this.#runners) runner.setPrimary(queueNames.includes(name));
  }

  wake(queueName: string): void {
    this.#runners.get(queueName)?.wake();
  }

  /** The sinks open their files anew. Never rejects: one that cannot says so with its next delivery as well. */
  async reopen(): Promise<void> {
    const { sinks, log } = this.#options;
    await Promise.all(
      sinks.map((sink) =>
        sink.reopen().catch((error: unknown) => {
          log.error(`sink ${sink.name} cannot be reopened: ${maskPhones(describeError(error))}`);
        }),
      ),
    );
  }

  /**
   * Drains: resolves when nothing is under way and everything is closed. Called again, it only gives polls less time.
   * @param pollGrace ms that polls in flight may end by themselves
   */
  stop(pollGrace = this.#options.config.shutdown.pollGrace): Promise<void> {
    const runners = [...this.#runners.values()];
    if (this.#stopped !== undefined) for (const runner of runners) void runner.endPolls(pollGrace);
    this.#stopped ??= Promise.all(runners.map((runner) => runner.stop(pollGrace))).then(this.#options.close);
    return this.#stopped;
  }

  /** The time for draining is over: tells the sinks. */
  abort(): void {
    this.#hardStop.abort();
  }

  /** Of the events that it finished lately, the newest first. */
  recent(query: RecentQuery): RecentEvent[] {
    return newestOf(
      [...this.#runners.values()].map((runner) => runner.recent(query)),
      query.limit,
    );
  }

  snapshot(): SliceSnapshot {
    return {
      queues: Object.fromEntries([...this.#runners].map(([name, runner]) => [name, runner.snapshot()])),
      sinks: this.#options.sinks.map((sink) => sink.snapshot()),
      drained: [...this.#runners.values()].every((runner) => runner.drained),
    };
  }
}
