/**
 * What a browser keeps in place of a token: when it ends, a random name, and a signature with the token that it was got
 * with. So every process with the same tokens takes it, a restart ends none, and another token ends all of its own; and
 * who may only look has no signature of who may act to find a token from. Logging out is known to one process alone: the
 * browser forgets the cookie.
 */
import { createHmac, randomBytes } from 'node:crypto';
import { sameText } from './same-text.js';

/** operator: may do everything. viewer: may look, and sees no phone number in full. */
export type Role = 'operator' | 'viewer';

export interface Session {
  role: Role;
  /** ms since the epoch */
  until: number;
}

/** ms */
export const SESSION_LIFE = 12 * 3_600_000;
/** Of sessions that were ended before their time. */
const MOST_ENDED = 10_000;
const COOKIE = /^(\d{13})\.([\w-]{22})\.([\w-]{43})$/;

export class Sessions {
  readonly #tokens: Readonly<Partial<Record<Role, string>>>;
  readonly #now: () => number;
  /** Cookie → ms since the epoch when it would have ended. */
  readonly #ended = new Map<string, number>();

  /** @param tokens what the sessions of each role are signed with */
  constructor(tokens: Readonly<Partial<Record<Role, string>>>, now: () => number = Date.now) {
    this.#tokens = tokens;
    this.#now = now;
  }

  /** Whose token this is. */
  roleOf(token: string): Role | undefined {
    return this.#roles().find(([, own]) => sameText(token, own))?.[0];
  }

  /** @returns the value of a cookie */
  open(role: Role): string {
    const claim = `${this.#now() + SESSION_LIFE}.${randomBytes(16).toString('base64url')}`;
    return `${claim}.${signature(claim, this.#tokens[role] ?? '')}`;
  }

  /** @param cookie whatever was sent as one */
  read(cookie: string): Session | undefined {
    const [, until = '', , given = ''] = COOKIE.exec(cookie) ?? [];
    if (Number(until) <= this.#now() || this.#ended.has(cookie)) return undefined;
    const claim = cookie.slice(0, -given.length - 1);
    const role = this.#roles().find(([, token]) => sameText(given, signature(claim, token)))?.[0];
    return role && { role, until: Number(until) };
  }

  end(cookie: string): void {
    const session = this.read(cookie);
    if (session === undefined) return;
    for (const [ended, until] of this.#ended) {
      if (until > this.#now() && this.#ended.size < MOST_ENDED) break;
      this.#ended.delete(ended);
    }
    this.#ended.set(cookie, session.until);
  }

  /** An empty token is nobody's. */
  #roles(): [Role, string][] {
    return (Object.entries(this.#tokens) as [Role, string][]).filter(([, token]) => token !== '');
  }
}

function signature(claim: string, token: string): string {
  return createHmac('sha256', token).update(`receiptd session\n${claim}`).digest('base64url');
}
