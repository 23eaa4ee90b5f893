/** What a sink is. Sinks see every event at least once, with a stable `id`; `deliver` says when it is safe. */
import type { Logger } from 'pino';
import { ReceiptdError } from '../errors.js';
import type { EventRecord } from '../receipts/index.js';

/** What a sink may know of the attempt it is part of. */
export interface DeliveryContext {
  /** From 1. */
  attempt: number;
  /** Aborts when this attempt is to be given up: the daemon is about to stop hard, or its time is over. */
  signal: AbortSignal;
  /** With tracing on: `traceparent` and `tracestate` (W3C Trace Context), for requests made on behalf of this delivery. */
  traceContext?: Readonly<Record<string, string>>;
}

/** What a handler may know, and use. */
export interface HandlerContext extends DeliveryContext {
  /** Log lines of it say which event and sink they are about. */
  log: Logger;
}

/** What everything a sink is opened with has in common. */
export interface SinkOptions {
  name: string;
  /** Does this sink want events of this message type? */
  wants: (messageType: string) => boolean;
  log: Logger;
}

export interface Sink {
  /** Stable over restarts: a retry after a restart skips the sinks whose name it finds confirmed. */
  readonly name: string;
  /** Does this sink want events of this message type? */
  wants(messageType: string): boolean;
  /** Of the message types it wants, does it want this event? Absent when it wants them all. */
  selects?(record: EventRecord): boolean;
  /**
   * Resolves once the event is safe at the destination.
   * @throws {DeadLetterError} when trying again cannot help, and {RetryLaterError} when the event, not the sink, has to
   *   wait; anything else is tried again. A number `delay` of an error is the least time to wait, in ms.
   */
  deliver(record: EventRecord, context: DeliveryContext): Promise<void>;
  /** Keeps no delivery waiting for a sink that is down: this process stops. */
  drain?(): void;
  /** Opens its files anew, as whoever rotates them asks for with SIGHUP. */
  reopen?(): Promise<void>;
  /** Ends what is under way, then frees what the sink holds. */
  close(): Promise<void>;
}

/** Thrown by a sink or a handler: this event is a dead letter now, without further attempts. */
export class DeadLetterError extends ReceiptdError {
  /** The sink refuses this event as it would any other (an address or a login that is wrong). @default false */
  readonly aboutSink: boolean;

  constructor(reason: string, options: ErrorOptions & { aboutSink?: boolean } = {}) {
    super('DEAD_LETTER', reason, options);
    this.aboutSink = options.aboutSink ?? false;
  }

  /** Also of one that comes from another copy of this package, as a handlers' file may have installed. */
  static is(error: unknown): boolean {
    return (error as { code?: unknown } | null)?.code === 'DEAD_LETTER';
  }
}

/** Thrown by a handler: try this event again, not before `delay` ms from now. It tells nothing about the sink. */
export class RetryLaterError extends ReceiptdError {
  readonly delay: number;

  constructor(delay: number, reason = `try again in ${delay} ms`, options?: ErrorOptions) {
    super('RETRY_LATER', reason, options);
    this.delay = delay;
  }

  /** Also of one that comes from another copy of this package. */
  static is(error: unknown): boolean {
    return (error as { code?: unknown } | null)?.code === 'RETRY_LATER';
  }
}

/** ms; the longest time that an event may be asked to wait for its next try. */
const LONGEST_DELAY_MS = 24 * 3_600_000;

/**
 * For a handler to throw: try this event again, not before `ms` from now. It counts as an attempt of the event, and tells
 * nothing about the sink.
 *
 * @param ms from 0 to 86,400,000 (24 h)
 * @param reason one line for the log and the dead letter
 * @throws {ReceiptdError} `RETRY_AFTER` when `ms` is no such number
 */
export function retryAfter(ms: number, reason?: string): RetryLaterError {
  if (typeof ms !== 'number' || !(ms >= 0 && ms <= LONGEST_DELAY_MS)) {
    throw new ReceiptdError(
      'RETRY_AFTER',
      `retryAfter(ms): ms must be a number from 0 to ${LONGEST_DELAY_MS}, got ${String(ms)}`,
    );
  }
  return new RetryLaterError(ms, reason);
}

/** For a handler to throw: this event is a dead letter now, without further attempts. It tells nothing about the sink. */
export function deadLetter(reason: string, options?: ErrorOptions): DeadLetterError {
  return new DeadLetterError(reason, options);
}

/** ms that an error asks to wait before the next try; 0 when it asks for nothing, or for what is no time. */
export function delayOf(error: unknown): number {
  const delay = (error as { delay?: unknown } | null)?.delay;
  return typeof delay === 'number' && delay > 0 ? Math.min(delay, LONGEST_DELAY_MS) : 0;
}
