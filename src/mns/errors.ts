/** What can go wrong with an MNS request, by what the caller should do about it. None of these holds a secret. */
import { ReceiptdError } from '../errors.js';

export type MnsOperation =
  | 'BatchReceiveMessage'
  | 'BatchPeekMessage'
  | 'BatchDeleteMessage'
  | 'ChangeMessageVisibility';

export interface MnsErrorDetails {
  /** MNS' own code, the system's (`ECONNREFUSED`), undici's (`UND_ERR_…`), or `HTTP_502` when there is no better. */
  code: string;
  operation: MnsOperation;
  queueName: string;
  /** HTTP status; absent when no answer came. */
  status?: number | undefined;
  /** MNS' `x-mns-request-id`, for the support desk. */
  requestId?: string | undefined;
  cause?: unknown;
}

/** Base of the classes below. */
export abstract class MnsError extends ReceiptdError {
  readonly operation: MnsOperation;
  readonly queueName: string;
  readonly status: number | undefined;
  readonly requestId: string | undefined;
  /** Whether MNS would refuse this very request every time. */
  readonly fatal: boolean = false;

  constructor(message: string, details: MnsErrorDetails) {
    super(details.code, message, details.cause === undefined ? undefined : { cause: details.cause });
    this.operation = details.operation;
    this.queueName = details.queueName;
    this.status = details.status;
    this.requestId = details.requestId;
  }
}

/** The credentials were refused (any 403): get a new token, then try again; if that is refused too, back off. */
export class MnsAuthError extends MnsError {
  /** Code `AccessDenied`: the message type and the queue do not belong together, or not to this account. */
  get accessDenied(): boolean {
    return this.code === 'AccessDenied';
  }
}

/** Configuration: no such queue, an argument out of range, a wrong clock. Trying again changes nothing. */
export class MnsFatalError extends MnsError {
  override readonly fatal: boolean = true;
}

/** A receipt handle is no good: used, expired or malformed. The message, if it still exists, will be handed out again. */
export class MnsHandleError extends MnsError {
  override readonly fatal: boolean = true;
}

/** MNS limits the rate: back off, never retry at once. */
export class MnsThrottledError extends MnsError {}

/** Network, TLS, DNS, timeouts, 5xx: try again after a while. Nothing is known of the request's effect. */
export class MnsTransientError extends MnsError {}

/** An answer came that MNS does not give: a proxy's page, broken XML, a message without its handle. */
export class MnsProtocolError extends MnsTransientError {}
