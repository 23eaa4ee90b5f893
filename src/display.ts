/**
 * What the daemon shows people: its status, the last hour and the dead letters, over the ops HTTP and to whoever asks. Lives
 * as long as the process does, whatever slices come and go; what it reads of the store is the store's, not the slices'.
 */
import type { Logger } from 'pino';
import type { Config } from './config/index.js';
import {
  backlogOf,
  type HistoryPoint,
  notReady,
  OpsServer,
  type QueueStatus,
  Recorder,
  type Status,
} from './ops/index.js';
import { type Backend, DeadLetters, PostgresBackend, RedisBackend } from './pipeline/index.js';
import { latestError, type SliceHost } from './poll/index.js';
import { sinkStatuses } from './sink-status.js';
import type { Sink } from './sinks/index.js';
import type { RecentEvent, RecentQuery } from './stats.js';
import type { TokenKeepers } from './token-keepers.js';
import { VERSION } from './version.js';

export interface DisplayOptions {
  /** As it was started. */
  config: Config;
  /** How it is now. */
  now(): {
    config: Config;
    phase: 'starting' | 'running' | 'stopping';
    slices: Pick<Status['slices'], 'count' | 'mode'>;
  };
  host: SliceHost;
  tokens: TokenKeepers;
  /** Sinks that are not configured. */
  extraSinks: readonly Sink[];
  log: Logger;
}

export class Display {
  readonly #options: DisplayOptions;
  readonly #ops: OpsServer;
  readonly #recorder: Recorder;
  readonly #startedAt = Date.now();
  #desk: DeadLetters | undefined;
  /** What is read for people: one of its own, or the inline slice's. */
  #store: Backend | undefined;
  #ownStore: Backend | undefined;

  constructor(options: DisplayOptions) {
    this.#options = options;
    const { config, host } = options;
    this.#recorder = new Recorder({
      queueNames: config.queues.map(({ queueName }) => queueName),
      queues: () => host.snapshot().queues,
      store: () => this.#store,
    });
    this.#ops = new OpsServer({
      config: config.ops,
      status: () => this.status(),
      history: () => this.history(),
      recent: (query) => this.recent(query),
      deadLetters: () => this.#desk,
      queues: () => this.#desk?.queues,
    });
  }

  /** From now on it answers. @returns base URL of the ops HTTP */
  open(): Promise<string> {
    return this.#ops.start();
  }

  /** Connections of its own to a store that the slices have opened; an embedded one is theirs. */
  async watchStore(): Promise<void> {
    const { pipeline } = this.#options.config;
    if (pipeline.backend === 'postgres') {
      this.#ownStore = new PostgresBackend(pipeline.url, pipeline.prefix);
      this.showStore(this.#ownStore);
    }
    if (pipeline.backend !== 'redis') return;
    const redis = new RedisBackend(pipeline, pipeline.prefix);
    this.#ownStore = redis;
    this.showStore(redis);
    const warning = await redis.durabilityWarning().catch(() => undefined);
    if (warning !== undefined) this.#options.log.warn(warning);
  }

  /** Slices that follow one another may share a store, which is shown once. */
  showStore(store: Backend): void {
    if (this.#store === store) return;
    this.#store = store;
    this.#desk = DeadLetters.open(store, this.#options.config);
  }

  record(): void {
    this.#recorder.start();
  }

  /** It still answers, while everything else ends. */
  stopRecording(): void {
    this.#recorder.stop();
  }

  async close(): Promise<void> {
    await this.#ownStore?.close();
    await this.#ops.stop();
  }

  status(): Status {
    const { host, tokens, extraSinks, now } = this.#options;
    const { config, phase, slices } = now();
    const snapshot = host.snapshot();
    const queues = config.queues.flatMap(({ queueName, messageType }): QueueStatus[] => {
      const queue = snapshot.queues[queueName];
      if (queue === undefined) return [];
      const lastError = latestError(queue.lastError, tokens.lastError(queueName));
      return [
        {
          ...queue,
          ...this.#recorder.inStore(queueName),
          queueName,
          messageType,
          rate: this.#recorder.rateOf(queueName, queue),
          inFlightLimit: config.pipeline.maxInFlight,
          ...(lastError !== undefined && { lastError }),
          token: tokens.status(queueName),
        },
      ];
    });
    const reasons = notReady({
      now: Date.now(),
      role: config.role,
      waitSeconds: config.poll.waitSeconds,
      maxInFlight: config.pipeline.maxInFlight,
      queues,
      sinks: snapshot.sinks,
      problems: host.problems(),
      phase,
    });
    return {
      ready: reasons.length === 0,
      reasons,
      version: VERSION,
      pid: process.pid,
      startedAt: new Date(this.#startedAt).toISOString(),
      role: config.role,
      backlog: backlogOf(queues),
      slices: { ...slices, restarts: host.restarts },
      queues,
      sinks: sinkStatuses(snapshot.sinks, config.sinks, extraSinks),
    };
  }

  history(): readonly HistoryPoint[] {
    return this.#recorder.history();
  }

  recent(query: RecentQuery): Promise<RecentEvent[]> {
    return this.#options.host.recent(query);
  }
}
