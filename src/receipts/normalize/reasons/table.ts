/** A table of codes, and how a code becomes a {@link Reason}. Case does not matter; a code is never lost. */
import type { Reason } from '../types.js';

/** Code → Chinese, English. */
export type Meanings = Readonly<Record<string, readonly [zh: string, en: string]>>;

export class ReasonTable {
  /** As they are published, for those who print the table. */
  readonly meanings: Meanings;
  readonly #meanings: ReadonlyMap<string, readonly [string, string]>;

  constructor(meanings: Meanings) {
    this.meanings = meanings;
    this.#meanings = new Map(
      Object.entries(meanings).map(([code, meaning]) => [code.toLowerCase(), meaning]),
    );
  }

  has(code: string): boolean {
    return this.#meanings.has(code.toLowerCase());
  }

  /**
   * @param field the raw field that holds the code
   * @param text the receipt's own words, for a code that the table does not know
   */
  reason(field: string, code: string, text?: string): Reason {
    const known = this.#meanings.get(code.toLowerCase());
    return known ? { code, field, zh: known[0], en: known[1] } : ownWords(field, code, text);
  }
}

/** A code whose meaning is not known or not to be trusted: told as the receipt tells it. */
export function ownWords(field: string, code: string, text?: string): Reason {
  return { code, field, zh: text ?? '含义未公开', en: text ?? 'Meaning not documented' };
}
