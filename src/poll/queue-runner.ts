/**
 * One queue in one slice, wired up: poll → decode → hand off → deliver → acknowledge. Nothing but wiring happens
 * here; each step is a room of its own.
 */
import type { Logger } from 'pino';
import { type Acknowledgement, Acknowledger } from '../ack/index.js';
import type { CaptureWriter } from '../capture/index.js';
import type { Config, QueueConfig } from '../config/index.js';
import { describeError } from '../errors.js';
import { maskPhones } from '../mask.js';
import { MnsQueue, replacingRefusedToken } from '../mns/index.js';
import {
  type Backend,
  type DeliveredMarks,
  Deliverer,
  dedupeOf,
  EnqueuedHandOff,
  HandOff,
  isAcknowledged,
  type ReceiptQueue,
} from '../pipeline/index.js';
import type { MessageOrigin } from '../receipts/index.js';
import type { GuardedSink } from '../sinks/index.js';
import { type QueueSnapshot, QueueStats, type RecentEvent, type RecentQuery } from '../stats.js';
import type { Tracing } from '../tracing/index.js';
import { Caution } from './caution.js';
import { DriftLog } from './drift-log.js';
import { backlogOf, Gate } from './gate.js';
import { Intake } from './intake.js';
import { KeepOfDeleted } from './keep-of-deleted.js';
import type { KnownDrift } from './known-drift.js';
import type { Places } from './places.js';
import { Poller } from './poller.js';
import { RecentEvents, recentBounds } from './recent-events.js';
import type { TokenSource } from './tokens.js';
import { Troubles } from './troubles.js';
import { CHANGES, Visibility } from './visibility.js';

/** How fresh the backlog in the status is. */
const BACKLOG_EVERY_MS = 1_000;
/** Batch deletes of one queue under way at once. */
const DELETES = 4;

export interface QueueRunnerOptions {
  config: Config;
  queue: QueueConfig;
  /** Slices of this process. */
  slices: number;
  /** What they share of this queue. */
  places: Places;
  backend: Backend;
  sinks: readonly GuardedSink[];
  /** Absent when nothing is captured. */
  capture: CaptureWriter | undefined;
  tracing: Tracing;
  tokens: TokenSource;
  knownDrift: KnownDrift;
  log: Logger;
  onBusy(): void;
  /** Aborts when the daemon is about to stop hard. */
  hardStop: AbortSignal;
}

export class QueueRunner {
  readonly #options: QueueRunnerOptions;
  readonly #origin: MessageOrigin;
  readonly #stats = new QueueStats();
  readonly #recent: RecentEvents;
  /** Those that want its events. */
  readonly #sinks: readonly GuardedSink[];
  readonly #mns: MnsQueue;
  readonly #store: ReceiptQueue;
  readonly #marks: DeliveredMarks;
  readonly #keepOfDeleted = new KeepOfDeleted();
  readonly #gate: Gate;
  readonly #caution = new Caution();
  readonly #acknowledger: Acknowledger;
  readonly #deliverer: Deliverer;
  /** Absent where MNS forgets a message as soon as the store has it. */
  readonly #visibility: Visibility | undefined;
  readonly #poller: Poller;
  readonly #log: Logger;
  readonly #troubles: Troubles;
  readonly #watching: NodeJS.Timeout;
  readonly #removals = new Set<Promise<void>>();
  #primary = false;
  #started = false;

  constructor(options: QueueRunnerOptions) {
    const { config, queue, slices, places, backend, tokens, capture, tracing, hardStop } = options;
    const { queueName, messageType } = queue;
    const maxConcurrency = Math.max(1, Math.ceil(config.poll.maxConcurrency / slices));
    this.#options = options;
    this.#sinks = options.sinks.filter((sink) => sink.wants(messageType));
    this.#log = options.log.child({ queue: queueName });
    this.#troubles = new Troubles(this.#log);
    this.#recent = new RecentEvents(queue, recentBounds(config.queues.length));
    this.#origin = { mnsHost: new URL(config.endpoints.mns).host, queueName, messageType };
    this.#mns = new MnsQueue({
      endpoint: config.endpoints.mns,
      queueName,
      connections: maxConcurrency + DELETES + CHANGES,
      credentials: () => {
        const token = tokens.current(queueName);
        if (token === undefined) throw new Error(`no token for ${queueName} yet`);
        return token;
      },
    });
    this.#store = backend.queue(queueName, tracing);
    this.#marks = backend.marks(
      queueName,
      config.pipeline.ackOn === 'enqueued' ? () => this.#keepOfDeleted.ms : undefined,
    );
    this.#acknowledger = new Acknowledger({
      linger: config.ack.linger,
      concurrency: DELETES,
      deleteBatch: tracing.acknowledging(queueName, async (handles) => {
        const failures = await this.#withToken(() => this.#mns.delete(handles), hardStop);
        this.#troubles.clear('ack');
        return failures;
      }),
      onConfirmed: (messages) => this.#confirmed(messages),
      onUnsettled: (count) => {
        places.unacknowledged = count;
      },
      onError: (error) => {
        this.#stats.count('ack_errors');
        this.#troubles.report('ack', error);
      },
    });
    this.#gate = new Gate({
      limit: config.pipeline.maxInFlight,
      slices,
      places,
      backlog: () => backlogOf(this.#store),
      most: () => this.#mayBeInFlight(),
      onReading: (error) => {
        if (error === undefined) this.#troubles.clear('store');
        else this.#troubles.report('store', error);
      },
    });
    if (config.pipeline.ackOn === 'delivered') {
      this.#visibility = new Visibility({
        store: this.#store,
        change: (receiptHandle, seconds) =>
          this.#mns.changeVisibility(receiptHandle, seconds, { signal: hardStop }),
        removeUntried: (jobs) => backend.removeUntried(queueName, jobs),
        stats: this.#stats,
        log: this.#log,
        signal: hardStop,
      });
    }
    this.#watching = setInterval(() => this.#watch(), BACKLOG_EVERY_MS);
    this.#deliverer = new Deliverer({
      backend,
      queue: this.#store,
      origin: this.#origin,
      sinks: options.sinks,
      concurrency: config.pipeline.concurrency,
      attempts: config.pipeline.attempts,
      stats: this.#stats,
      marks: this.#marks,
      dedupe: dedupeOf(config.dedupe, (window) => backend.claims(queueName, window)),
      signal: hardStop,
      telemetry: tracing.telemetry,
      onFinished: (message) => {
        if (!isAcknowledged(message)) this.#acknowledger.add(tracing.finished(message));
      },
      onDelivered: () => this.#troubles.clear('deliver'),
      onEvents: (job, outcomes) => this.#recent.add(job, outcomes),
      onRetry: (error) => this.#troubles.report('deliver', error),
      onRetryScheduled: (message, dueAt) => this.#visibility?.retryScheduled(message, dueAt),
      onDead: (messageId, reason) => {
        this.#troubles.gaveUp(reason);
        this.#log.warn(
          { messageId, reason: maskPhones(reason) },
          'dead letter: not delivered, kept in the store',
        );
      },
      onError: (error) => this.#log.debug({ error: describeError(error) }, 'delivery worker'),
    });
    const enqueued = config.pipeline.ackOn === 'enqueued';
    const inStore = new HandOff(this.#store, config.pipeline.attempts, {
      marks: this.#marks,
      onDuplicates: (events) => this.#stats.count('duplicates', events),
      makeDurable: enqueued ? () => backend.makeDurable(queueName) : undefined,
    });
    const handOff = enqueued ? new EnqueuedHandOff(inStore) : inStore;
    const intake = new Intake({
      origin: this.#origin,
      capture: capture && ((messages) => capture.append(messages, queue)),
      handOff: (jobs) => handOff.add(jobs),
      onFinished: (message) => this.#acknowledger.add(tracing.finished(message)),
      onlyHere: config.pipeline.ackOn === 'enqueued',
      stats: this.#stats,
      troubles: this.#troubles,
      drift: new DriftLog(this.#stats, this.#log, (shape) =>
        options.knownDrift.isNew(`${queueName}\n${shape}`),
      ),
      hardStop,
    });
    this.#poller = new Poller({
      gate: this.#gate,
      stats: this.#stats,
      batchSize: config.poll.batchSize,
      waitSeconds: config.poll.waitSeconds,
      maxConcurrency,
      receive: tracing.receiving(queueName, async (request) => {
        const messages = await this.#withToken(() => this.#mns.receive(request), request.signal);
        this.#troubles.clear('poll');
        this.#visibility?.noteBatch(messages);
        this.#keepOfDeleted.note(messages);
        return messages;
      }),
      onBatch: tracing.taking((messages) => intake.take(messages)),
      onBusy: options.onBusy,
      onError: (error) => this.#troubles.report('poll', error),
    });
  }

  /** Starts polling once there is a token. */
  async start(): Promise<void> {
    await this.#options.tokens.first(this.#options.queue.queueName);
    this.#started = true;
    this.#poller.setPrimary(this.#primary);
  }

  setPrimary(primary: boolean): void {
    this.#primary = primary;
    if (this.#started) this.#poller.setPrimary(primary);
  }

  wake(): void {
    if (this.#started) this.#poller.wake();
  }

  /** Polls end first, then deliveries, then acknowledgements; each only after the one before it feeds it no more. */
  async stop(pollGrace: number): Promise<void> {
    await this.#poller.stop(pollGrace);
    clearInterval(this.#watching);
    await this.#deliverer.close();
    await this.#visibility?.close();
    await this.#acknowledger.flush();
    await Promise.all(this.#removals);
    await this.#store.close();
    await this.#mns.close();
  }

  snapshot(): QueueSnapshot {
    const { last: lastError } = this.#troubles;
    const { backlog, backlogSince, inFlight } = this.#gate;
    return {
      ...this.#stats.snapshot(),
      // What a poll only may bring is not in flight yet.
      inFlight: inFlight - this.#poller.reserved,
      backlog,
      backlogSince,
      unacknowledgedSince: this.#acknowledger.unconfirmedSince,
      ...(lastError !== undefined && { lastError }),
      problem: this.#troubles.current(inFlight > 0),
      downSink: this.#downSink ?? '',
    };
  }

  /** Of the events that it finished lately, the newest first. */
  recent(query: RecentQuery): RecentEvent[] {
    return this.#recent.find(query);
  }

  get #downSink(): string | undefined {
    return this.#sinks.find(({ problem }) => problem !== undefined)?.name;
  }

  #watch(): void {
    void this.#gate.refresh();
    if (this.#downSink !== undefined) void this.#visibility?.sweep();
  }

  /**
   * Messages that may be in flight now. While something is in their way, only as many as it takes to find out when it is
   * over. Where the store is the buffer, it fills up meanwhile.
   */
  #mayBeInFlight(): number {
    if (!this.#troubles.healthy) return 1;
    if (this.#options.config.pipeline.ackOn === 'enqueued') return Number.POSITIVE_INFINITY;
    const downFor = Math.max(0, ...this.#sinks.map((sink) => sink.downFor));
    return this.#caution.most(downFor, this.#gate.inFlight);
  }

  /** MNS has deleted these for good, so they cannot come again: that they were delivered need not be remembered. */
  #confirmed(messages: readonly Acknowledgement[]): void {
    this.#stats.acknowledged(messages);
    // What stays by accident costs a little room until it is too old.
    const removal = this.#marks
      .remove(messages.map(({ messageId }) => messageId))
      .catch(() => {})
      .finally(() => this.#removals.delete(removal));
    this.#removals.add(removal);
  }

  async #withToken<T>(call: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const { tokens, queue } = this.#options;
    const version = tokens.current(queue.queueName)?.version ?? 0;
    const answer = await replacingRefusedToken(call, (refusal) => {
      this.#troubles.report('token', refusal);
      return tokens.replace(queue.queueName, version, signal);
    });
    this.#troubles.clear('token');
    return answer;
  }
}
