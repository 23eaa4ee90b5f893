/** For whom a page is, and what is shown on it. */
import type { DeadLetterPage } from '../../pipeline/index.js';
import type { RecentEvent } from '../../stats.js';
import type { Role } from '../access/index.js';
import type { HistoryPoint, Status } from '../status.js';
import type { Format } from './format.js';
import type { Language } from './language.js';
import type { Texts } from './texts.js';

export interface View {
  language: Language;
  texts: Texts;
  format: Format;
  /** Absent while it is not known who asks. */
  role?: Role;
  /** Whether there is a session to end. */
  canLogOut: boolean;
  /** Whether phone numbers are shown in full. */
  unmask: boolean;
}

/** What the store answered, or why it did not: `closed` before it is open, `slow` when it let the page wait. */
export type Answer<T> = { found: T } | { failed: 'closed' | 'slow' | { why: string } };

export interface Overview {
  /** ms since the epoch */
  now: number;
  status: Status;
  history: readonly HistoryPoint[];
  letters: Answer<DeadLetterPage>;
  /** How many dead letters there are, whatever is searched for; undefined when that is not known. */
  dead: number | undefined;
  recent: Answer<readonly RecentEvent[]>;
  /** What is searched for; empty when nothing is. */
  query: string;
}
