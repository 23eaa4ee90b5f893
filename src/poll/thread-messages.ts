/** What the main thread and a slice's thread say to each other. */
import type { RecentEvent, RecentQuery } from '../stats.js';
import type { SliceSpec } from './handle.js';
import type { SliceSnapshot } from './slice.js';
import type { SliceToken } from './tokens.js';

/** `workerData` of a slice's thread. */
export type ThreadData = SliceSpec;

export type ToThread =
  | { type: 'token'; queueName: string; token: SliceToken }
  | { type: 'primary'; queueNames: readonly string[] }
  | { type: 'wake'; queueName: string }
  | { type: 'reopen' }
  /** Answered by `recent` of the same `question`. */
  | { type: 'recent'; question: number; query: RecentQuery }
  | { type: 'start' }
  | { type: 'stop'; pollGrace?: number | undefined }
  | { type: 'abort' };

export type FromThread =
  | { type: 'ready' }
  /** The slice cannot be opened. `usage`: not without a change of the configuration. */
  | { type: 'refused-to-open'; code: string; message: string; usage: boolean }
  | { type: 'snapshot'; snapshot: SliceSnapshot; problem: string }
  | { type: 'recent'; question: number; events: readonly RecentEvent[] }
  | { type: 'busy'; queueName: string }
  | { type: 'token-refused'; queueName: string; version: number }
  | { type: 'stopped' };
