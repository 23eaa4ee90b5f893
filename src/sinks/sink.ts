/** What a sink is. Sinks see every event at least once, with a stable `id`; `deliver` says when it is safe. */
import { ReceiptdError } from '../errors.js';
import type { EventRecord } from '../receipts/index.js';

/** What a sink may know of the attempt it is part of. */
export interface DeliveryContext {
  /** From 1. */
  attempt: number;
  /** Aborts when the daemon is about to stop hard. */
  signal: AbortSignal;
}

export interface Sink {
  /** Stable over restarts: a retry after a restart skips the sinks whose name it finds confirmed. */
  readonly name: string;
  /** Does this sink want events of this message type? */
  wants(messageType: string): boolean;
  /**
   * Resolves once the event is safe at the destination.
   * @throws {DeadLetterError} when trying again cannot help; anything else is tried again.
   */
  deliver(record: EventRecord, context: DeliveryContext): Promise<void>;
  /** Ends what is under way, then frees what the sink holds. */
  close(): Promise<void>;
}

/** Thrown by a sink or a handler: this event is a dead letter now, without further attempts. */
export class DeadLetterError extends ReceiptdError {
  constructor(reason: string, options?: ErrorOptions) {
    super('DEAD_LETTER', reason, options);
  }

  /** Also of one that comes from another copy of this package, as a handlers' file may have installed. */
  static is(error: unknown): boolean {
    return (error as { code?: unknown } | null)?.code === 'DEAD_LETTER';
  }
}
