/**
 * What a slice counts, one `QueueStats` a queue. Plain numbers that only grow, so that a snapshot can cross a thread
 * boundary as it is and the main thread adds up slices by adding numbers.
 */

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

export interface QueueSnapshot {
  counters: Record<Counter, number>;
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
  /** Why the queue makes no progress right now, one line; empty when all is well, or it only waits for a sink. */
  problem: string;
  /** Name of a sink that is down and that its events wait for; empty when none is. */
  downSink: string;
}

export interface SinkSnapshot {
  name: string;
  state: 'up' | 'down';
  /** ms since the epoch; absent while it works. */
  downSince?: number;
  /** Why it is down, one line, phone numbers masked; absent while it works. */
  problem?: string;
  /** Deliveries that it confirmed. */
  delivered: number;
  /** Deliveries that it did not. */
  failed: number;
}

/** What became of one event, kept for whoever looks for it by one of its business keys. */
export interface RecentEvent {
  id: string;
  queueName: string;
  messageType: string;
  /** ms since the epoch when its message was finished. */
  at: number;
  outcome: 'delivered' | 'filtered' | 'duplicate' | 'dead';
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
  lastPollAt = 0;
  lastDeliveryAt = 0;

  constructor() {
    this.counters = zeroCounters();
  }

  count(counter: Counter, by = 1): void {
    this.counters[counter] += by;
  }

  /** @param path a field of a schema, of which there are only so many */
  countDrift(path: string): void {
    this.drift[path] = (this.drift[path] ?? 0) + 1;
  }
}

export function zeroCounters(): Record<Counter, number> {
  return Object.fromEntries(Object.keys(COUNTERS).map((name) => [name, 0])) as Record<Counter, number>;
}
