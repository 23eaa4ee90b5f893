/**
 * One dead letter as it is shown and as it is exported. What is exported is the message that was received: where it could
 * be decoded, its body is made of the receipts exactly as published, so that replaying it gives the same events.
 */
import { maskPhones } from '../../mask.js';
import { type CapturedMessage, captureLine } from '../../message-file/index.js';
import { type EventRecord, type ReceiptEvent, toEvent } from '../../receipts/index.js';
import type { StoredJob } from '../backend.js';
import { clip, timeOfChain } from './error-chain.js';
import { diedAt } from './walk.js';

/** Characters of a reason in the list. */
const MOST_REASON = 500;

/** One line of the list. Times are RFC 3339 in UTC. */
export interface DeadLetterSummary {
  messageId: string;
  queueName: string;
  messageType: string;
  /** Why it was given up, one line; phone numbers masked. */
  reason: string;
  attempts: number;
  /** How often MNS had handed it out when it was last seen. */
  dequeueCount: number;
  /** When MNS got the message. */
  enqueuedAt: string;
  /** When it was taken into the pipeline. */
  receivedAt: string;
  /** When the only attempt began, or the first one failed; absent where the errors of so long ago are not kept. */
  firstTriedAt?: string;
  /** When the last attempt began; absent where the store does not know. */
  lastTriedAt?: string;
  diedAt: string;
}

/** All that is known of one; nothing is masked. */
export interface DeadLetter extends DeadLetterSummary {
  /** Absent when the message could not be decoded, or has several. */
  event?: ReceiptEvent;
  /** Of a message that has several. */
  events?: ReceiptEvent[];
  /** As a line of a capture file has it: base64 of what was published, or, undecodable, exactly as received. */
  body: string;
  /** Of the latest attempts, the last one last: each begins with its time, and has the sinks' errors with their causes. */
  errors: string[];
}

/** Where a message came from that does not say so itself. */
export interface DeadLetterOrigin {
  queueName: string;
  messageType: string;
  mnsHost: string;
}

export function messageTypeOf({ data: { content } }: StoredJob, origin: DeadLetterOrigin): string {
  return ('events' in content ? content.events[0]?.messagetype : undefined) ?? origin.messageType;
}

export function reasonOf({ failedReason }: StoredJob): string {
  return (failedReason ?? '').replace(/\s+/g, ' ');
}

export function summaryOf(job: StoredJob, origin: DeadLetterOrigin): DeadLetterSummary {
  return { ...known(job, origin), reason: clip(maskPhones(reasonOf(job)), MOST_REASON) };
}

export function letterOf(job: StoredJob, origin: DeadLetterOrigin): DeadLetter {
  return { ...known(job, origin), ...contentOf(job), errors: job.stacktrace ?? [] };
}

/** As `letterOf`, one line of JSON. */
export function letterLine(job: StoredJob, origin: DeadLetterOrigin): string {
  return `${JSON.stringify(letterOf(job, origin))}\n`;
}

/** A line of a capture file, which can be replayed. */
export function replayableLine(job: StoredJob, origin: DeadLetterOrigin): string {
  const { message, content } = job.data;
  const [event] = 'events' in content ? content.events : [];
  const captured: CapturedMessage = {
    messageId: message.messageId,
    queueName: event?.queuename ?? origin.queueName,
    messageType: messageTypeOf(job, origin),
    body: bodyOf(job),
    enqueueTime: message.enqueueTime,
    // MNS may have handed it out again since it was decoded.
    dequeueCount: event?.dequeuecount ?? message.dequeueCount,
    receivedAt: job.timestamp,
    mnsHost: mnsHostOf(event) ?? origin.mnsHost,
  };
  return captureLine(captured);
}

function known(job: StoredJob, origin: DeadLetterOrigin): DeadLetterSummary {
  const { message } = job.data;
  const errors = job.stacktrace ?? [];
  const last = job.processedOn ? isoTime(job.processedOn) : undefined;
  const failed = errors.length >= job.attemptsMade ? timeOfChain(errors[0] ?? '') : undefined;
  // Of the only attempt its beginning is known as well.
  const first = failed !== undefined && last !== undefined && last < failed ? last : failed;
  return {
    messageId: message.messageId,
    queueName: origin.queueName,
    messageType: messageTypeOf(job, origin),
    reason: reasonOf(job),
    attempts: job.attemptsMade,
    dequeueCount: message.dequeueCount,
    enqueuedAt: isoTime(message.enqueueTime),
    receivedAt: isoTime(job.timestamp),
    ...(first !== undefined && { firstTriedAt: first }),
    ...(last !== undefined && { lastTriedAt: last }),
    diedAt: isoTime(diedAt(job)),
  };
}

function contentOf(job: StoredJob): Pick<DeadLetter, 'event' | 'events' | 'body'> {
  const { content } = job.data;
  const body = bodyOf(job);
  if ('undecodable' in content) return { body };
  const events = content.events.map((event) => toEvent(event));
  const [event] = events;
  return events.length === 1 && event !== undefined ? { event, body } : { events, body };
}

function bodyOf({ data: { message, content } }: StoredJob): string {
  if ('undecodable' in content) return content.undecodable;
  const texts = content.events.map(({ json }) => json);
  // A list of one receipt is a list all the same: the event's id says so.
  const single = texts.length === 1 && content.events[0]?.id === message.messageId;
  return Buffer.from(single ? (texts[0] ?? '') : `[${texts.join(',')}]`).toString('base64');
}

/** `mns://<mns host>/queues/<queueName>` */
function mnsHostOf(event: EventRecord | undefined): string | undefined {
  return /^mns:\/\/([^/]+)\//.exec(event?.source ?? '')?.[1];
}

function isoTime(ms: number): string {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? new Date(0).toISOString() : date.toISOString();
}
