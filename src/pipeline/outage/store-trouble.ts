/**
 * Tells a store's own trouble, which passes (it is away, starting, full, or no longer the primary), from an answer to
 * what was asked of it. Every other error is an answer: asking again would only repeat it.
 */
import { describeError } from '../../errors.js';

/** How Redis begins the errors that are about its own state. */
const REDIS_STATES =
  /^(LOADING|READONLY|MISCONF|OOM|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|NOREPLICAS|BUSY|UNBLOCKED|NOAUTH|WRONGPASS|NOPERM|ERR max number of clients)\b/;

/**
 * SQLSTATEs and their classes: connection lost (08), login (28), no such database (3D), read-only (25006), serialization
 * and deadlock (40), no resources (53), the operator's doing (57: shutdown, crash, start-up, time-out), the system
 * underneath (58), a lock that is not to be had (55P03).
 */
const SQL_STATES = /^(08|28|3D|40|53|57|58)|^25006$|^55P03$/;

const NODE_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'EHOSTDOWN',
  'ENETUNREACH',
  'ENETDOWN',
  'ENOTFOUND',
  'EAI_AGAIN',
]);

/** What ioredis, pg and its pool say when there is no connection, or no answer on it in time. */
const NO_ANSWER =
  /^(Connection is closed|Command timed out|Stream isn't writeable|Socket timeout|Reached the max retries per request|Connection terminated|timeout e(xceeded|xpired)|Query read timeout|Client has encountered a connection error|Client was closed|All sentinels are unreachable|Too many Cluster redirections|Cluster is|Cluster isn't ready|None of startup nodes|Failed to refresh slots cache|Command aborted due to connection close)|\b(ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT)\b/;

export function isStoreTrouble(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code } = error as { code?: unknown };
  if (typeof code === 'string') {
    if (NODE_CODES.has(code)) return true;
    if (/^[0-9A-Z]{5}$/.test(code))
      return SQL_STATES.test(code) || /not currently accepting connections/.test(error.message);
  }
  if (error instanceof AggregateError) return error.errors.some(isStoreTrouble);
  return REDIS_STATES.test(error.message) || NO_ANSWER.test(error.message);
}

/** ioredis speaks of its own options where there is no connection; people want to know that there is none. */
const IOREDIS_OPTIONS =
  /^(Stream isn't writeable|Cluster isn't ready|Connection is closed|Reached the max retries per request)/;

/** One line for people. */
export function describeStoreError(error: unknown): string {
  const text = describeError(error);
  return IOREDIS_OPTIONS.test(text) ? 'there is no connection to Redis (pipeline.url)' : text;
}
