/** What a BullMQ job of receiptd holds: one message on its way from hand-off to acknowledgement. */
import { createHash } from 'node:crypto';
import type { Acknowledgement } from '../ack/index.js';
import type { EventRecord } from '../receipts/index.js';
import type { EventOutcome } from '../stats.js';

/** The MNS side of a message: what decode may need again, and what it takes to delete it. */
export interface Envelope {
  messageId: string;
  /** ms since the epoch */
  enqueueTime: number;
  dequeueCount: number;
  receiptHandle: string;
  /** ms since the epoch, clock of the machine that received it: afterwards the handle is void. */
  visibleUntil: number;
  /**
   * ms since the epoch, clock of the machine that received it first; absent in jobs of versions that did not keep it, and
   * of messages that were not received.
   */
  receivedAt?: number;
}

export interface ReceiptJob {
  message: Envelope;
  /** What decode made of the body, or the body exactly as received where it could not, so that nothing of it is lost. */
  content: { events: readonly EventRecord[] } | { undecodable: string };
  /** MNS forgets the message as soon as the store has this: it cannot be had from there again, whatever is configured. */
  onlyHere?: true;
  /** `visibleUntil` as it was received, of a message that is acknowledged while its job is in the store. */
  hiddenUntil?: number;
}

/** Kept in the job's progress, so that a retry skips the sinks that have an event already. */
export interface DeliveryProgress {
  /** Names of the sinks that confirmed; where the message has several events, each with `#<index>` of the event. */
  confirmed: string[];
}

/** What came of a finished message's events, each counted once. */
export interface DeliveryOutcome {
  /** Confirmed by every sink that wants them. */
  delivered: number;
  /** Not delivered, because they had been before. */
  duplicates: number;
  /** Wanted by no sink's `where`. */
  filtered: number;
}

export function tallyOf(outcomes: readonly EventOutcome[]): DeliveryOutcome {
  const count = (outcome: EventOutcome) => outcomes.filter((one) => one === outcome).length;
  return {
    delivered: count('delivered'),
    duplicates: count('duplicate'),
    filtered: count('filtered'),
  };
}

/** What deletes a finished message. */
export function acknowledgementOf({ messageId, receiptHandle, visibleUntil }: Envelope): Acknowledgement {
  return { messageId, receiptHandle, visibleUntil };
}

/** A body that could not be decoded counts as one. */
export function eventCount({ content }: ReceiptJob): number {
  return 'events' in content ? content.events.length : 1;
}

const PLAIN_ID = /^(?=.*\d)(?=.*[^\d])[A-Za-z0-9_-]{1,128}$/;

/**
 * The job id of a message is its MessageId. BullMQ refuses ids of digits only and ids with a colon, and in Redis a
 * job's key must not meet one of BullMQ's own (`…:wait`, `…:meta`, none of which has a digit); an id that is not
 * plainly safe is replaced by its hash.
 */
export function jobIdOf(messageId: string): string {
  if (PLAIN_ID.test(messageId)) return messageId;
  return `hash-${createHash('sha256').update(messageId).digest('hex').slice(0, 40)}`;
}
