/** What a look at one thing found, for people to read: one line each, without secrets and phone numbers. */
export interface Finding {
  /** `warn`: it works, and may not for long or not as one would expect. `skip`: it could not be looked at. */
  status: 'ok' | 'warn' | 'fail' | 'skip';
  found: string;
  /** What to do about it; absent where there is nothing to do, or where `found` says it. */
  advice?: string;
}

export const ok = (found: string): Finding => ({ status: 'ok', found });
export const warn = (found: string, advice?: string): Finding => made('warn', found, advice);
export const fail = (found: string, advice?: string): Finding => made('fail', found, advice);
export const skip = (found: string): Finding => ({ status: 'skip', found });

function made(status: Finding['status'], found: string, advice: string | undefined): Finding {
  return { status, found, ...(advice !== undefined && { advice }) };
}
