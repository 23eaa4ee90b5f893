/**
 * Every refusal of the MNS side: code, HTTP status and text as in mns-http.md §7. Thrown anywhere below the request
 * handler, written as the documented `<Error>` body there; or injected, by any code.
 */
const KNOWN = {
  AccessDenied: [403, 'The OwnerId that your Access Key Id associated to is forbidden for this operation.'],
  InvalidAccessKeyId: [403, 'The access Id you provided is not exist.'],
  // No public table names the code for a bad STS token; this is the sibling services' name (mns-http.md §7, "Open").
  InvalidSecurityToken: [403, 'The security token you provided is invalid or has expired.'],
  SignatureDoesNotMatch: [
    403,
    'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
  ],
  InternalError: [500, 'Internal error.'],
  InternalServerError: [500, 'Internal server error.'],
  InvalidAuthorizationHeader: [400, 'The Authorization header format is invalid.'],
  MissingAuthorizationHeader: [400, 'Authorization header is required.'],
  InvalidDateHeader: [400, 'Date header format is invalid.'],
  MissingDateHeader: [400, 'Date header is required.'],
  TimeExpired: [
    408,
    'The http request is time expired, the time in request header is beyond 15 minutes of now.',
  ],
  InvalidArgument: [400, 'The request is not valid.'],
  InvalidDegist: [400, 'The Content-MD5 you specified is invalid.'],
  InvalidRequestURL: [400, 'Http request URL format is invalid.'],
  InvalidQueryString: [400, 'Http request URL contains invalid querystring item.'],
  MalformedXML: [400, 'The XML you provided was not well-formed.'],
  MissingReceiptHandle: [400, 'ReceiptHandle is required.'],
  MissingVisibilityTimeout: [400, 'VisibilityTimeout is required.'],
  ReceiptHandleError: [400, 'The receipt handle you provided is not valid.'],
  MessageNotExist: [404, 'Message not exist.'],
  QueueNotExist: [404, 'The queue you provided is not exist.'],
  QueueAlreadyExist: [409, 'The queue you want to create is already exist, and with different attributes.'],
  QueueDeletedRecently: [400, 'The queue you want to create was deleted recently, try again later.'],
  QpsLimitExceeded: [400, 'The queue exceeds its QPS limit.'],
  TooManyRequests: [429, 'The request is denied by cluster flow limiter for too many requests.'],
  InvalidQueueName: [
    400,
    'The queue name you provided is invalid. Use letters, digits and hyphens, starting with a letter or digit.',
  ],
  QueueNameLengthError: [400, 'Queue name length should be between 1 and 120.'],
  MissingVersionHeader: [400, 'x-mns-version header is required.'],
  InvalidVersionHeader: [400, 'x-mns-version header should be 2015-06-06.'],
  InvalidContentType: [400, 'Content-Type should be text/xml.'],
} as const satisfies Record<string, readonly [number, string]>;

export type MnsErrorCode = keyof typeof KNOWN;

/** The text that goes with a code, whoever made it up. */
export function textOf(code: string): string {
  return Object.hasOwn(KNOWN, code) ? KNOWN[code as MnsErrorCode][1] : 'Injected fault.';
}

export class MnsError extends Error {
  readonly code: MnsErrorCode;
  readonly status: number;

  constructor(code: MnsErrorCode, message: string = KNOWN[code][1]) {
    super(message);
    this.name = 'MnsError';
    this.code = code;
    this.status = KNOWN[code][0];
  }
}
