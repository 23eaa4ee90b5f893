/** The state of the whole daemon as one object: what `/api/status` answers and `/readyz` and `/metrics` are made from. */
import type { Role } from '../config/index.js';
import type { QueueSnapshot, SinkSnapshot } from '../stats.js';

export interface TokenStatus {
  /** s until the token ends; negative once it has; absent before the first. */
  expiresInSeconds?: number;
  refreshes: number;
  failures: number;
  /** Why the latest try failed, one line; absent when it did not. */
  lastError?: string;
  /** s until the next token is asked for; absent while none is planned. */
  nextRefreshInSeconds?: number;
}

export interface QueueStatus extends QueueSnapshot {
  queueName: string;
  messageType: string;
  token: TokenStatus;
  /** Messages received and events delivered a second, over the last minute. */
  rate: { received: number; delivered: number };
  /** ms since the epoch when MNS got the oldest message that is in the store and not delivered; 0 when there is none. */
  oldestUndeliveredAt: number;
  /** Dead letters in the store, of all processes. */
  deadLetters: number;
  /** Most messages in flight at once, `pipeline.maxInFlight`. */
  inFlightLimit: number;
}

/** What happened within one interval of the last hour. */
export interface HistoryPoint {
  /** ms since the epoch at its end. */
  at: number;
  /** s */
  seconds: number;
  received: number;
  delivered: number;
  dead: number;
  /** s from receiving to delivered, of half and of nineteen in twenty events; absent when none was delivered. */
  p50?: number;
  p95?: number;
}

export interface SinkStatus extends SinkSnapshot {
  /** As configured; absent for handlers that were given to the library. */
  type?: string;
}

export interface Status {
  ready: boolean;
  /** Why not, one line each. */
  reasons: string[];
  version: string;
  pid: number;
  /** RFC 3339 in UTC */
  startedAt: string;
  /**
   * What waits, of all queues, to scale by: messages in the store, as every process on it sees them, and of those still
   * in MNS as many as came within the time that receiving is behind, at the rate at which this process receives.
   */
  backlog: number;
  role: Role;
  slices: { count: number; mode: 'threads' | 'inline'; restarts: number };
  queues: QueueStatus[];
  sinks: SinkStatus[];
}

/** See {@link Status.backlog}. */
export function backlogOf(queues: readonly Pick<QueueStatus, 'backlog' | 'rate' | 'lagSeconds'>[]): number {
  return queues.reduce(
    (sum, { backlog, rate, lagSeconds }) => sum + backlog + Math.round(rate.received * lagSeconds),
    0,
  );
}
