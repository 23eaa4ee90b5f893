/**
 * What a slice counts, one `QueueStats` a queue. Plain numbers that only grow, so that a snapshot can cross a thread
 * boundary as it is and the main thread adds up slices by adding numbers.
 */
import { copyHistogram, emptyHistogram, type Histogram, observe } from './histogram.js';

/** Counter → its help text in `/metrics`. */
export const COUNTERS = {
  received: 'Messages received from MNS',
  empty_polls: 'Polls that MNS answered with no message',
  poll_errors: 'Polls that failed',
  captured: 'Messages written to the capture files',
  decoded: 'Events decoded from messages',
  undecodable: 'Messages whose body could not be decoded',
  drifted: "Messages with a receipt that differs from its message type's schema",
  handed_off: 'Messages handed to the pipeline, duplicates included',
  redelivered: 'Messages that MNS had handed out before',
  delivered: 'Events that every sink confirmed',
  duplicates: 'Events that had been delivered before, and were not delivered again',
  filtered: "Events that no sink's `where` takes",
  retried: 'Failed deliveries that will be tried again',
  dead: 'Messages that became dead letters',
  acknowledged: 'Messages that MNS confirmed as deleted',
  ack_errors: 'Batch deletes that failed and are tried again',
  expired:
    'Deliveries that ended when the handle was void: MNS hands the message out again if it still has it',
  extended: 'Messages kept invisible for a retry that is due later than their handle lives',
  dropped:
    'Untried messages with a void handle that were left to MNS while a sink is down: it hands them out again',
} as const;

export type Counter = keyof typeof COUNTERS;

/** Duration → its help text in `/metrics`. */
export const TIMINGS = {
  enqueue_to_receive:
    'From MNS getting a message to handing it out, both by its own clock; of messages that it had not handed out before',
  receive_to_delivered:
    'From receiving the message of an event, in whichever process, to its delivery being confirmed by every sink',
  delivered_to_acknowledged:
    'From a message being done to MNS confirming its delete; none where messages are deleted before they are delivered',
} as const;

export type Timing = keyof typeof TIMINGS;

/** A trouble, over or not. */
export interface LastError {
  /** ms since the epoch */
  at: number;
  /** One line, phone numbers masked. */
  text: string;
}

export interface QueueSnapshot {
  counters: Record<Counter, number>;
  /** In s, by the buckets of {@link BUCKETS}. */
  timings: Record<Timing, Histogram>;
  /** Field of the schema → how often receipts differed from it there. */
  drift: Record<string, number>;
  /** Received and not yet acknowledged, as this slice sees it: its own plus what the store holds. */
  inFlight: number;
  /** Jobs in the store that are not finished: shared by all slices of the queue. */
  backlog: number;
  /** ms since the epoch since when the backlog has not been empty; 0 while it is. */
  backlogSince: number;
  /** ms since the epoch of the latest poll that MNS answered; 0 before the first. */
  lastPollAt: number;
  /** ms since the epoch of the latest delivery; 0 before the first. */
  lastDeliveryAt: number;
  /** s between MNS getting a message and receiptd receiving it, of the latest batch; 0 when the latest poll was empty. */
  lagSeconds: number;
  /** ms since the epoch of the latest confirmed delete; 0 before the first. */
  lastAckAt: number;
  /** ms since the epoch since when messages wait for their delete and none was confirmed; 0 while none waits. */
  unacknowledgedSince: number;
  /** The latest trouble, over or not; absent when there was none. */
  lastError?: LastError;
  /** Why the queue makes no progress right now, one line; empty when all is well, or it only waits for a sink. */
  problem: string;
  /** Name of a sink that is down and that its events wait for; empty when none is. */
  downSink: string;
}

/** Whether deliveries to a sink are made (closed), wait (open), or one of them finds out whether it works again. */
export const CIRCUIT_STATES = ['closed', 'open', 'probing'] as const;
export type CircuitState = (typeof CIRCUIT_STATES)[number];

export interface SinkSnapshot {
  name: string;
  state: 'up' | 'down';
  circuit: CircuitState;
  /** ms since the epoch; absent while it works. */
  downSince?: number;
  /** Why it is down, one line, phone numbers masked; absent while it works. */
  problem?: string;
  /** Deliveries that it confirmed. */
  delivered: number;
  /** Deliveries that it did not. */
  failed: number;
}

/** What became of one event of a finished message. */
export type EventOutcome = 'delivered' | 'filtered' | 'duplicate' | 'dead';

/** What became of one event, kept for whoever looks for it by one of its business keys. */
export interface RecentEvent {
  id: string;
  queueName: string;
  messageType: string;
  /** ms since the epoch when its message was finished. */
  at: number;
  outcome: EventOutcome;
  subject?: string;
  bizId?: string;
  callId?: string;
  outId?: string;
  /** As published: it must be masked before it is shown. */
  phone?: string;
}

export interface RecentQuery {
  /** Equals one of the business keys, the id, the subject or the phone number; absent takes all. */
  text?: string;
  /** Most events of the answer, the newest first. */
  limit: number;
}

export class QueueStats {
  readonly counters: Record<Counter, number>;
  readonly drift: Record<string, number> = {};
  readonly timings = zeroTimings();
  lastPollAt = 0;
  lastDeliveryAt = 0;
  lastAckAt = 0;
  lagSeconds = 0;

  constructor() {
    this.counters = zeroCounters();
  }

  count(counter: Counter, by = 1): void {
    this.counters[counter] += by;
  }

  /** @param seconds what each of so many took */
  time(timing: Timing, seconds: number, times = 1): void {
    observe(this.timings[timing], seconds, times);
  }

  /** MNS answered a poll with these. Times of its own clock only, so that no skew gets in. */
  polled(messages: readonly { enqueueTime: number; firstDequeueTime: number; dequeueCount: number }[]): void {
    this.lastPollAt = Date.now();
    this.count(messages.length > 0 ? 'received' : 'empty_polls', Math.max(1, messages.length));
    // One that came before tells nothing of how far receiving is behind.
    const ages = messages
      .filter(({ dequeueCount }) => dequeueCount <= 1)
      .map(({ enqueueTime, firstDequeueTime }) => Math.max(0, firstDequeueTime - enqueueTime) / 1000);
    for (const age of ages) this.time('enqueue_to_receive', age);
    if (ages.length > 0 || messages.length === 0) this.lagSeconds = Math.max(0, ...ages);
  }

  /** MNS confirmed the delete of these. */
  acknowledged(messages: readonly { deliveredAt?: number }[]): void {
    this.count('acknowledged', messages.length);
    this.lastAckAt = Date.now();
    const now = performance.now();
    for (const { deliveredAt } of messages)
      if (deliveredAt !== undefined) this.time('delivered_to_acknowledged', (now - deliveredAt) / 1000);
  }

  snapshot(): Pick<
    QueueSnapshot,
    'counters' | 'timings' | 'drift' | 'lastPollAt' | 'lastDeliveryAt' | 'lastAckAt' | 'lagSeconds'
  > {
    const { counters, timings, drift, lastPollAt, lastDeliveryAt, lastAckAt, lagSeconds } = this;
    return {
      counters: { ...counters },
      timings: timingsOf((name) => copyHistogram(timings[name])),
      drift: { ...drift },
      lastPollAt,
      lastDeliveryAt,
      lastAckAt,
      lagSeconds,
    };
  }

  /** @param path a field of a schema, of which there are only so many */
  countDrift(path: string): void {
    this.drift[path] = (this.drift[path] ?? 0) + 1;
  }
}

export function zeroCounters(): Record<Counter, number> {
  return Object.fromEntries(Object.keys(COUNTERS).map((name) => [name, 0])) as Record<Counter, number>;
}

export function zeroTimings(): Record<Timing, Histogram> {
  return timingsOf(emptyHistogram);
}

function timingsOf(histogram: (name: Timing) => Histogram): Record<Timing, Histogram> {
  return Object.fromEntries(
    (Object.keys(TIMINGS) as Timing[]).map((name) => [name, histogram(name)]),
  ) as Record<Timing, Histogram>;
}
