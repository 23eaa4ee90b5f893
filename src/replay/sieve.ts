/**
 * What becomes of each entry of a file: the part of a replay that a dry run is all of. It only ever looks at the entries
 * it has been given, in their order, so that a second run over the same files comes to the same verdicts.
 */
import { type FileMessage, isUnreadable, type Unreadable } from '../message-file/index.js';
import { type Drift, decode, type EventRecord } from '../receipts/index.js';
import type { Complete, Completer } from './complete.js';
import { admits, type Filter } from './filter.js';
import { RecentIds } from './recent-ids.js';

export type CompleteMessage = Complete['message'];

export type Verdict =
  | { kind: 'message'; message: CompleteMessage; events: readonly EventRecord[]; drift: readonly Drift[] }
  | { kind: 'undecodable'; message: CompleteMessage; reason: string }
  | { kind: 'unreadable'; reason: string }
  /** The same MessageId again: MNS handed the message out twice, or a file was named twice. */
  | { kind: 'duplicate' }
  /** Not of the types or the time that were asked for. */
  | { kind: 'filtered' };

export type Entry = FileMessage | Unreadable;

const DRIFT_TOLD = 3;

export class Sieve {
  readonly #completer: Completer;
  readonly #filter: Filter;
  readonly #recent: RecentIds;
  /** Entries of the present file so far. */
  #index = 0;

  constructor(completer: Completer, filter: Filter, recent = new RecentIds()) {
    this.#completer = completer;
    this.#filter = filter;
    this.#recent = recent;
  }

  /** What comes now is from the next file. */
  nextFile(): void {
    this.#index = 0;
  }

  judge(entry: Entry): Verdict {
    this.#index += 1;
    if (isUnreadable(entry)) return { kind: 'unreadable', reason: entry.unreadable };
    const complete = this.#completer.complete(entry, this.#index);
    const { message } = complete;
    if (!admits(this.#filter, complete)) return { kind: 'filtered' };
    if (this.#recent.seen(message.messageId)) return { kind: 'duplicate' };
    const decoded = decode(message, message);
    if ('undecodable' in decoded) return { kind: 'undecodable', message, reason: decoded.undecodable };
    return { kind: 'message', message, events: decoded.events, drift: decoded.drift };
  }
}

/** The fields in which a receipt differs from its schema, in one line; undefined when in none. */
export function driftText(drift: readonly Drift[]): string | undefined {
  if (drift.length === 0) return undefined;
  const first = drift.slice(0, DRIFT_TOLD).map(({ path, problem }) => `${path}: ${problem}`);
  const more = drift.length - first.length;
  return [...first, ...(more > 0 ? [`and ${more} more`] : [])].join('; ');
}
