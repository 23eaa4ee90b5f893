/**
 * One queue in one slice, wired up: poll → decode → hand off → deliver → acknowledge, as far as the role of the process
 * goes. Nothing but wiring happens here; each step is a room of its own.
 */
import type { Logger } from 'pino';
import { Acknowledger } from '../ack/index.js';
import type { CaptureWriter } from '../capture/index.js';
import type { Config, QueueConfig } from '../config/index.js';
import { MnsQueue } from '../mns/index.js';
import {
  type Backend,
  type Deliverer,
  EnqueuedHandOff,
  HandOff,
  type ReceiptQueue,
} from '../pipeline/index.js';
import type { GuardedSink } from '../sinks/index.js';
import { type QueueSnapshot, QueueStats, type RecentEvent, type RecentQuery } from '../stats.js';
import type { Tracing } from '../tracing/index.js';
import { FullStore, type Hiding, hidingOf } from './apart.js';
import { SinksInTheWay } from './caution.js';
import { delivererOf } from './delivering.js';
import { DriftLog } from './drift-log.js';
import { Gate, unfinished } from './gate.js';
import { Intake } from './intake.js';
import { KeepOfDeleted } from './keep-of-deleted.js';
import type { KnownDrift } from './known-drift.js';
import type { Places } from './places.js';
import { Poller } from './poller.js';
import { QueueAccess } from './queue-access.js';
import { RecentEvents, recentBounds } from './recent-events.js';
import type { TokenSource } from './tokens.js';
import { Troubles } from './troubles.js';
import { Unmarking } from './unmarking.js';
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
  /** Polls end when all is done. */
  once: boolean;
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
  readonly #stats = new QueueStats();
  readonly #recent: RecentEvents;
  readonly #sinks: SinksInTheWay;
  readonly #mns: MnsQueue;
  readonly #store: ReceiptQueue;
  readonly #unmarking: Unmarking;
  readonly #keepOfDeleted = new KeepOfDeleted();
  readonly #gate: Gate;
  readonly #acknowledger: Acknowledger;
  /** Absent in who only polls. */
  readonly #deliverer: Deliverer | undefined;
  /** Absent where MNS forgets a message as soon as the store has it, and in who only polls. */
  readonly #visibility: Visibility | undefined;
  /** Never started in who only delivers. */
  readonly #poller: Poller;
  readonly #log: Logger;
  readonly #troubles: Troubles;
  readonly #fullStore: FullStore;
  readonly #watching: NodeJS.Timeout;
  readonly #stopping = new AbortController();
  #primary = false;
  #started = false;

  constructor(options: QueueRunnerOptions) {
    const { config, queue, slices, places, backend, tokens, capture, tracing, hardStop } = options;
    const { queueName, messageType } = queue;
    const enqueued = config.pipeline.ackOn === 'enqueued';
    const maxConcurrency = Math.max(1, Math.ceil(config.poll.maxConcurrency / slices));
    this.#options = options;
    this.#sinks = new SinksInTheWay(options.sinks.filter((sink) => sink.wants(messageType)));
    this.#log = options.log.child({ queue: queueName });
    this.#troubles = new Troubles(this.#log);
    this.#recent = new RecentEvents(queue, recentBounds(config.queues.length));
    this.#fullStore = new FullStore(this.#log);
    const origin = { mnsHost: new URL(config.endpoints.mns).host, queueName, messageType };
    const access = new QueueAccess(queueName, tokens, this.#troubles);
    this.#mns = new MnsQueue({
      endpoint: config.endpoints.mns,
      queueName,
      connections: maxConcurrency + DELETES + CHANGES,
      credentials: access.credentials,
    });
    this.#store = backend.queue(queueName, tracing);
    const marks = backend.marks(queueName, enqueued ? () => this.#keepOfDeleted.ms : undefined);
    this.#unmarking = new Unmarking(marks);
    this.#acknowledger = new Acknowledger({
      linger: config.ack.linger,
      concurrency: DELETES,
      deleteBatch: tracing.acknowledging(queueName, async (handles) => {
        const failures = await access.request(() => this.#mns.delete(handles), hardStop);
        this.#troubles.clear('ack');
        return failures;
      }),
      onConfirmed: (messages) => {
        this.#stats.acknowledged(messages);
        this.#unmarking.forget(messages);
      },
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
      backlog: () => unfinished(this.#store),
      most: () => this.#mayBeInFlight(),
      onReading: (error) => {
        if (error === undefined) this.#troubles.clear('store');
        else this.#troubles.report('store', error);
      },
    });
    if (!enqueued && config.role !== 'poll') {
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
    if (config.role !== 'poll') {
      this.#deliverer = delivererOf(options, {
        origin,
        store: this.#store,
        marks,
        acknowledger: this.#acknowledger,
        visibility: this.#visibility,
        stats: this.#stats,
        recent: this.#recent,
        troubles: this.#troubles,
        log: this.#log,
        stopping: this.#stopping.signal,
        onTaken: (job) => this.#noteReceived(hidingOf(job)),
      });
    }
    const inStore = new HandOff(this.#store, config.pipeline.attempts, {
      marks,
      onDuplicates: (events) => this.#stats.count('duplicates', events),
      makeDurable: enqueued ? () => backend.makeDurable(queueName) : undefined,
    });
    const handOff = enqueued ? new EnqueuedHandOff(inStore) : inStore;
    const intake = new Intake({
      origin,
      capture: capture && ((messages) => capture.append(messages, queue)),
      handOff: (jobs) => handOff.add(jobs),
      onFinished: (message) => this.#acknowledger.add(tracing.finished(message)),
      onlyHere: enqueued,
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
        const messages = await access.request(() => this.#mns.receive(request), request.signal);
        this.#troubles.clear('poll');
        this.#noteReceived(messages);
        return messages;
      }),
      onBatch: tracing.taking((messages) => intake.take(messages)),
      onBusy: options.onBusy,
      onError: (error) => this.#troubles.report('poll', error),
      isEnd: () => options.once && this.drained,
    });
  }

  /** Starts polling once there is a token; whoever only delivers has begun already. */
  async start(): Promise<void> {
    if (this.#options.config.role === 'deliver') return;
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

  /** No new polls; those in flight may take so many ms. May be called again, with less. */
  endPolls(grace: number): Promise<void> {
    return this.#poller.stop(grace);
  }

  /** Polls end first, then deliveries, then acknowledgements; each only after the one before it feeds it no more. */
  async stop(pollGrace: number): Promise<void> {
    this.#stopping.abort();
    await this.endPolls(pollGrace);
    clearInterval(this.#watching);
    await this.#deliverer?.close();
    await this.#visibility?.close();
    await this.#acknowledger.flush();
    await this.#unmarking.settled();
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
      downSink: this.#sinks.down ?? '',
    };
  }

  /** Of the events that it finished lately, the newest first. */
  recent(query: RecentQuery): RecentEvent[] {
    return this.#recent.find(query);
  }

  /** Nothing is left to do: the queue is empty if this is who waits on it, and nothing is on its way. */
  get drained(): boolean {
    const { role } = this.#options.config;
    const { inFlight, backlog, known } = this.#gate;
    // What waits in the store is the affair of those that deliver.
    const own = inFlight - this.#poller.reserved - (role === 'poll' ? backlog : 0);
    return own === 0 && (role === 'deliver' ? known : !this.#primary || this.#poller.empty);
  }

  #noteReceived(messages: readonly Hiding[]): void {
    this.#visibility?.noteBatch(messages);
    this.#keepOfDeleted.note(messages);
  }

  #watch(): void {
    const { role, pipeline } = this.#options.config;
    // Where nobody asks for places, the store is only looked at here.
    void (role === 'deliver' ? this.#gate.read() : this.#gate.refresh());
    // What one drops that does not poll itself, those that do would receive again at once, and again.
    if (role === 'all' && this.#sinks.down !== undefined) void this.#visibility?.sweep();
    const { backlog } = this.#gate;
    if (role === 'poll') this.#fullStore.look(backlog, pipeline.maxInFlight, this.#stats.lastPollAt);
  }

  /**
   * Messages that may be in flight now. While something is in their way, only as many as it takes to find out when it is
   * over. Where the store is the buffer, it fills up meanwhile.
   */
  #mayBeInFlight(): number {
    if (!this.#troubles.healthy) return 1;
    if (this.#options.config.pipeline.ackOn === 'enqueued') return Number.POSITIVE_INFINITY;
    return this.#sinks.most(this.#gate.inFlight);
  }
}
