/** The state of the whole daemon as one object: what `/api/status` answers and `/readyz` and `/metrics` are made from. */
import type { QueueSnapshot, SinkSnapshot } from '../stats.js';

export interface TokenStatus {
  /** s until the token ends; negative once it has; absent before the first. */
  expiresInSeconds?: number;
  refreshes: number;
  failures: number;
  /** Why the latest try failed, one line; absent when it did not. */
  lastError?: string;
}

export interface QueueStatus extends QueueSnapshot {
  queueName: string;
  messageType: string;
  token: TokenStatus;
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
  slices: { count: number; mode: 'threads' | 'inline'; restarts: number };
  queues: QueueStatus[];
  sinks: SinkStatus[];
}
