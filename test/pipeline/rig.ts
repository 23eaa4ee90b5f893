/** One queue of the pipeline, hand-off to finished delivery, with sinks that do what a test says. */
import { randomUUID } from 'node:crypto';
import { pino } from 'pino';
import { expect } from 'vitest';
import type { Acknowledgement } from '../../src/ack/index.js';
import {
  type Backend,
  DeadLetters,
  type Dedupe,
  type DeliveredMarks,
  Deliverer,
  HandOff,
  type ReceiptJob,
  type ReceiptQueue,
} from '../../src/pipeline/index.js';
import { decode, type EventRecord } from '../../src/receipts/index.js';
import { type DeliveryContext, GuardedSink, type Sink } from '../../src/sinks/index.js';
import { type EventOutcome, QueueStats } from '../../src/stats.js';

const HOUR = 3_600_000;
const silent = pino({ level: 'silent' });

export class TestSink implements Sink {
  readonly name: string;
  /** Ids in the order they came, also those that were then refused. */
  readonly seen: string[] = [];
  readonly attempts: number[] = [];
  /** What a delivery does. */
  act: (record: EventRecord, context: DeliveryContext) => Promise<void> | void = () => {};

  constructor(name = 'sink') {
    this.name = name;
  }

  wants(): boolean {
    return true;
  }

  async deliver(record: EventRecord, context: DeliveryContext): Promise<void> {
    this.seen.push(record.id);
    this.attempts.push(context.attempt);
    await this.act(record, context);
  }

  async close(): Promise<void> {}
}

/** A delivery that waits until it is let go. */
export class Hold {
  #release: () => void = () => {};
  readonly #released = new Promise<void>((resolve) => {
    this.#release = resolve;
  });

  wait = () => this.#released;

  release(): void {
    this.#release();
  }
}

export interface MessageOverrides {
  dequeueCount?: number;
  receiptHandle?: string;
  visibleUntil?: number;
  body?: string;
  enqueueTime?: number;
  receivedAt?: number;
}

export interface RigOptions {
  sinks?: TestSink[];
  attempts?: number;
  queueName?: string;
  /** In place of the backend's. */
  marks?: DeliveredMarks;
  dedupe?: Dedupe;
  /** Each sink behind a circuit, as in the daemon. */
  guarded?: boolean;
}

export class Rig {
  readonly queueName: string;
  readonly backend: Backend;
  readonly queue: ReceiptQueue;
  readonly sinks: TestSink[];
  readonly stats = new QueueStats();
  readonly finished: Acknowledgement[] = [];
  readonly dead: string[] = [];
  /** MessageId → what became of its events, the latest time. */
  readonly outcomes = new Map<string, readonly EventOutcome[]>();
  readonly errors: Error[] = [];
  readonly marks: DeliveredMarks;
  readonly guards: readonly GuardedSink[];
  readonly #handOff: HandOff;
  readonly #attempts: number;
  readonly #dedupe: Dedupe | undefined;
  #deliverer: Deliverer | undefined;

  constructor(backend: Backend, options: RigOptions = {}) {
    this.backend = backend;
    this.sinks = options.sinks ?? [new TestSink()];
    this.queueName = options.queueName ?? `Alicom-Queue-${randomUUID()}`;
    this.#attempts = options.attempts ?? 3;
    this.queue = backend.queue(this.queueName);
    this.queue.on('error', () => {});
    this.marks = options.marks ?? backend.marks(this.queueName);
    this.guards = options.guarded ? this.sinks.map((sink) => new GuardedSink(sink, silent)) : [];
    this.#dedupe = options.dedupe;
    this.#handOff = new HandOff(this.queue, this.#attempts, {
      marks: this.marks,
      onDuplicates: (events) => this.stats.count('duplicates', events),
    });
  }

  get sink(): TestSink {
    const [sink] = this.sinks;
    if (sink === undefined) throw new Error('this rig has no sink');
    return sink;
  }

  get desk(): DeadLetters {
    return new DeadLetters(new Map([[this.queueName, this.queue]]));
  }

  /** A message as poll hands it over: fresh, its handle good for an hour, unless told otherwise. */
  job(messageId: string, overrides: MessageOverrides = {}): ReceiptJob {
    const message = {
      messageId,
      enqueueTime: overrides.enqueueTime ?? 1_700_000_000_000,
      dequeueCount: overrides.dequeueCount ?? 1,
      receiptHandle: overrides.receiptHandle ?? `handle of ${messageId}`,
      visibleUntil: overrides.visibleUntil ?? Date.now() + HOUR,
      ...(overrides.receivedAt !== undefined && { receivedAt: overrides.receivedAt }),
    };
    const body = overrides.body ?? JSON.stringify({ biz_id: messageId, success: true });
    const decoded = decode({ ...message, body }, this.#origin);
    if ('events' in decoded) return { message, content: { events: decoded.events } };
    return { message, content: { undecodable: body } };
  }

  add(...jobs: ReceiptJob[]): Promise<Acknowledgement[]> {
    return this.#handOff.add(jobs);
  }

  deliver({ concurrency = 16, lock }: { concurrency?: number; lock?: number } = {}): void {
    this.#deliverer = new Deliverer({
      backend: this.backend,
      queue: this.queue,
      origin: this.#origin,
      sinks: this.guards.length > 0 ? this.guards : this.sinks,
      marks: this.marks,
      dedupe: this.#dedupe,
      concurrency,
      attempts: this.#attempts,
      stats: this.stats,
      onFinished: (message) => this.finished.push(message),
      onDelivered: () => {},
      onEvents: ({ message }, outcomes) => this.outcomes.set(message.messageId, outcomes),
      onDead: (messageId) => this.dead.push(messageId),
      onRetry: () => {},
      onError: (error) => this.errors.push(error),
      signal: new AbortController().signal,
      retryBase: 20,
      ...(lock !== undefined && { lock }),
    });
  }

  /** Waits until so many messages have been passed on for acknowledgement. */
  async untilFinished(count: number): Promise<void> {
    await expect.poll(() => this.finished.length, { timeout: 40_000 }).toBe(count);
  }

  async state(messageId: string): Promise<string> {
    return String(await this.queue.getJobState(messageId));
  }

  async close(): Promise<void> {
    await this.#deliverer?.close();
    await this.queue.close();
  }

  get #origin() {
    return { mnsHost: 'mns.test', queueName: this.queueName, messageType: 'SmsReport' };
  }
}
