/** Which messages of a file are meant: `--type`, `--since` and `--until`. */
import { parseBeijingTime } from '../beijing-time.js';
import { UsageError } from '../errors.js';
import type { Complete } from './complete.js';

export interface Filter {
  /** Only these message types; empty is all. */
  types: readonly string[];
  /** ms since the epoch; only messages of this time or later. */
  since?: number;
  /** ms since the epoch; only messages before this time. */
  until?: number;
}

/**
 * Compared is when MNS got the message; of a receipt that was saved without it, its own time. What cannot be told of a
 * message does not keep it out: it is not dropped without a word.
 */
export function admits({ types, since, until }: Filter, { message, typed, dated }: Complete): boolean {
  const { messageType, enqueueTime } = message;
  if (types.length > 0 && typed && !types.includes(messageType)) return false;
  if (!dated) return true;
  return (since === undefined || enqueueTime >= since) && (until === undefined || enqueueTime < until);
}

/**
 * Reads a date (`2026-01-31`, its midnight), a time to the minute or the second, or one with a zone
 * (`2026-01-31T08:00:00Z`); without a zone it is Beijing time, as in receipts.
 *
 * @returns ms since the epoch
 * @throws {UsageError} for anything else
 */
export function parseTime(option: string, text: string): number {
  const trimmed = text.trim();
  const day = /^\d{4}-\d\d-\d\d$/.test(trimmed) ? `${trimmed} 00:00:00` : trimmed;
  const time = parseBeijingTime(day.replace(/^(\S{10}[ T]\d\d:\d\d)(?!:)/, '$1:00'));
  if (time !== undefined) return time;
  const examples = '2026-01-31, "2026-01-31 08:00:00" (Beijing time) or 2026-01-31T00:00:00Z';
  throw new UsageError('REPLAY_TIME', `${option}: must be a time such as ${examples}, got "${text}"`);
}
