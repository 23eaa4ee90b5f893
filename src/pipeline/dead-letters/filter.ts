/**
 * Which dead letters are meant. A reason may be a regular expression of whoever asks, so it runs under a time limit: one
 * that never ends must not hold up the daemon.
 */
import { createContext, Script } from 'node:vm';
import { UsageError } from '../../errors.js';
import { maskPhones } from '../../mask.js';

/** All that is given must hold. */
export interface DeadLetterFilter {
  queueName?: string | undefined;
  /** Any of these message types; empty is all. */
  types?: readonly string[] | undefined;
  /** Part of the reason, upper and lower case the same; or `/a regular expression/`, with `i` behind it likewise. */
  reason?: string | undefined;
  /** What the message is called, or any value in its receipts, such as a biz_id or a phone number, exactly. */
  text?: string | undefined;
  /** RFC 3339: died at this time or later. */
  since?: string | undefined;
  /** RFC 3339: died before this time. */
  until?: string | undefined;
}

/** What of a dead letter is compared. */
export interface Traits {
  messageType: string;
  reason: string;
  /** Whether it is called so, or a receipt of it has such a value. */
  has?(text: string): boolean;
}

const MOST_REASON = 500;
/** Characters of a dead letter's reason. */
const MOST_COMPARED = 4_000;
/** ms for the reasons of one page. */
const LIMIT_MS = 1_000;
const REGEXP = /^\/(.+)\/([a-z]*)$/s;

/** Whether more than the queue is asked for. */
export function isSelective({ types = [], reason, text, since, until }: DeadLetterFilter): boolean {
  return types.length > 0 || [reason, text, since, until].some((value) => value !== undefined);
}

export class DeadLetterSieve {
  readonly since: number | undefined;
  readonly until: number | undefined;
  readonly #types: ReadonlySet<string>;
  readonly #text: string | undefined;
  readonly #match: ((texts: readonly string[]) => readonly boolean[]) | undefined;

  /** @throws {UsageError} */
  constructor({ types = [], reason, text, since, until }: DeadLetterFilter) {
    this.#text = text;
    this.#types = new Set(types);
    this.#match = reason === undefined ? undefined : matcher(reason);
    this.since = timeOf('since', since);
    this.until = timeOf('until', until);
  }

  /**
   * Those of a page that are meant; times are the walk's to see to.
   * @throws {UsageError} when the regular expression takes too long
   */
  select<T>(page: readonly T[], traitsOf: (item: T) => Traits): T[] {
    const traits = page.map(traitsOf);
    const types = this.#types;
    const text = this.#text;
    const matches = this.#match?.(traits.map(({ reason }) => reason.slice(0, MOST_COMPARED)));
    return page.filter((_, index) => {
      const { messageType = '', has } = traits[index] ?? {};
      if (text !== undefined && has?.(text) !== true) return false;
      return (types.size === 0 || types.has(messageType)) && (matches?.[index] ?? true);
    });
  }
}

/** @returns ms since the epoch @throws {UsageError} */
export function timeOf(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const time = Date.parse(text);
  if (!Number.isNaN(time)) return time;
  throw new UsageError('DEAD_FILTER', `${name}: must be a time such as 2026-01-31T00:00:00Z, got "${text}"`);
}

/** What a person reads has its phone numbers masked, and may be what is searched for. */
function matcher(reason: string): (texts: readonly string[]) => readonly boolean[] {
  if (reason === '' || reason.length > MOST_REASON)
    throw new UsageError('DEAD_FILTER', `reason: must be text of 1 to ${MOST_REASON} characters`);
  const [, source, flags] = REGEXP.exec(reason) ?? [];
  if (source === undefined) {
    const wanted = reason.toLowerCase();
    const has = (text: string) => text.toLowerCase().includes(wanted);
    return (texts) => texts.map((text) => has(text) || has(maskPhones(text)));
  }
  return limited(reason, expression(reason, source, flags ?? ''));
}

function expression(reason: string, source: string, flags: string): RegExp {
  try {
    if (/[^imsu]/.test(flags)) throw new SyntaxError(`flags may be i, m, s and u, not ${flags}`);
    return new RegExp(source, flags);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new UsageError('DEAD_FILTER', `reason: ${reason} is no regular expression: ${why}`, { cause });
  }
}

/** Only a script of its own can be stopped in the middle of a match. */
function limited(reason: string, pattern: RegExp): (texts: readonly string[]) => readonly boolean[] {
  const script = new Script('texts.map((text) => pattern.test(text))');
  return (texts) => {
    const run = (of: readonly string[]): boolean[] =>
      script.runInContext(createContext({ texts: of, pattern }), { timeout: LIMIT_MS });
    try {
      const masked = run(texts.map(maskPhones));
      return run(texts).map((matched, index) => matched || masked[index] === true);
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw cause;
      const advice = 'avoid repetitions inside repetitions, such as (a+)+';
      throw new UsageError('DEAD_FILTER', `reason: ${reason} takes too long to match: ${advice}`, { cause });
    }
  };
}
