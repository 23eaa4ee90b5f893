/** What can be done with dead letters, whoever holds the store: this process, or a daemon that is asked. */
import type { DeadLetter, DeadLetterSummary } from './entry.js';
import type { DeadLetterFilter } from './filter.js';

export interface DeadLetterPage {
  /** How many there are of what is asked for, also beyond the limit. */
  total: number;
  /** Newest first. */
  deadLetters: DeadLetterSummary[];
}

/** Those that a filter describes, or all. */
export interface DeadLetterRange extends DeadLetterFilter {
  all?: true | undefined;
  /** RFC 3339: only what had died by then. Default: by the beginning. */
  asOf?: string | undefined;
}

/** Which dead letters. */
export type DeadLetterSelection = { messageIds: string[]; asOf?: string | undefined } | DeadLetterRange;

export interface DeadLetterCount {
  total: number;
  /** Of each queue that has any. */
  queues: Record<string, number>;
  /** RFC 3339: what has died since is not counted. */
  asOf: string;
}

export interface DeadLetterOutcome {
  /** How many it was done to. */
  done: number;
  /** Those that are no dead letters (any more). */
  missing: string[];
  /** It was told to end, and there may be more. */
  stopped?: true;
}

export type ExportFormat = 'capture' | 'json';

/** What can be done with dead letters, whoever holds the store. */
export interface DeadLetterDesk {
  list(options: DeadLetterFilter & { limit: number }): Promise<DeadLetterPage>;
  count(range: DeadLetterRange): Promise<DeadLetterCount>;
  show(messageId: string): Promise<DeadLetter | undefined>;
  /** Back into the pipeline with all their attempts. */
  retry(selection: DeadLetterSelection, signal?: AbortSignal): Promise<DeadLetterOutcome>;
  /** Gone for good. */
  drop(selection: DeadLetterSelection, signal?: AbortSignal): Promise<DeadLetterOutcome>;
  /** Oldest first within a queue; each a line with its line feed. Ids that are no dead letters have none. */
  export(selection: DeadLetterSelection, format: ExportFormat, signal?: AbortSignal): AsyncIterable<string>;
}
