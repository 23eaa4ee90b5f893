/** Why no token came, by what to do about it. None of these holds a secret or a signed URL. */
import { ReceiptdError } from '../errors.js';

/** Base of the classes below. `code` is the service's, the system's (`ECONNREFUSED`) or ours (`TOKEN_BAD_ANSWER`). */
export abstract class TokenError extends ReceiptdError {
  abstract readonly kind: 'auth' | 'config' | 'transient';
  readonly requestId: string | undefined;

  constructor(code: string, message: string, requestId?: string) {
    super(code, message);
    this.requestId = requestId;
  }
}

/** Our own AccessKey is unknown, wrong, or not allowed to ask. */
export class TokenAuthError extends TokenError {
  readonly kind = 'auth';
}

/** The request is wrong: message type, queue, product not subscribed, clock. */
export class TokenConfigError extends TokenError {
  readonly kind = 'config';
}

/** Network, throttling, 5xx, an answer that is no answer: try again. */
export class TokenTransientError extends TokenError {
  readonly kind = 'transient';
}
