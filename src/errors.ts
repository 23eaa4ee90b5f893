/**
 * Base of every error that receiptd raises on purpose. `code` is stable and meant for programs; `message` is one
 * line for people: it names the configuration key or the call, and what to do. `cause` keeps the original.
 */
export class ReceiptdError extends Error {
  /** Stable identifier in upper snake case, e.g. `CONFIG_INVALID`. */
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** The user asked for something that cannot work: bad arguments or configuration. Commands exit with 2. */
export class UsageError extends ReceiptdError {}

/**
 * One line from anything that was thrown, fit for a log, a terminal and every store: no stack, no line breaks, and
 * U+FFFD for control characters (PostgreSQL takes no NUL, a terminal obeys escapes) and halves of surrogate pairs, which
 * an error may have taken from a message.
 */
export function describeError(error: unknown): string {
  const text = error instanceof Error ? error.message || error.name : String(error);
  return text
    .replace(/\s*\n\s*/g, ' ')
    .replace(/[\p{Cc}\p{Cs}]/gu, '\ufffd')
    .trim();
}
