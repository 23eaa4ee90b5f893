/** From what came back, or did not, to the error class that says what to do about it, in one line. */
import { describeError } from '../errors.js';
import { readRefusal } from './answers.js';
import { hideSecrets, type MnsCredentials } from './credentials.js';
import {
  MnsAuthError,
  type MnsError,
  MnsFatalError,
  MnsHandleError,
  type MnsOperation,
  MnsProtocolError,
  MnsThrottledError,
  MnsTransientError,
} from './errors.js';
import { type Answer, AnswerTooLarge } from './transport.js';

/** The request an error is about. */
export interface RequestContext {
  operation: MnsOperation;
  queueName: string;
  endpoint: string;
  credentials: MnsCredentials;
}

const MAX_QUOTE = 200;
const PROXY_ADVICE = 'check endpoints.mns, and for a proxy in between';

/** Advice by MNS code (reference/mns-http.md §7), where there is better advice than the code's own text. */
const ADVICE: Readonly<Record<string, string>> = {
  AccessDenied:
    'check queues[]: messageType and queueName must belong together and to the account of the credentials',
  QueueNotExist:
    'check queues[].queueName against the console, that the message type is subscribed there, and region',
  InvalidQueueName: 'check queues[].queueName',
  QueueNameLengthError: 'check queues[].queueName',
  TimeExpired: "this machine's clock is more than 15 minutes off: synchronise it (NTP)",
  InvalidDateHeader: "check this machine's clock",
};

/** MNS answered, but not with what was asked for. */
export function refusalError(answer: Answer, context: RequestContext): MnsError {
  const refusal = readRefusal(answer.body);
  const { status } = answer;
  const code = refusal?.code ?? `HTTP_${status}`;
  const details = {
    ...about(context),
    code,
    status,
    requestId: answer.requestId ?? refusal?.requestId,
  };
  const what = refusal
    ? `${code} (HTTP ${status}${details.requestId ? `, request ${details.requestId}` : ''}): ${quote(refusal.message, context)}`
    : `HTTP ${status} without an MNS error: ${summary(answer, context)}`;
  const say = (advice: string | undefined) => `${subject(context)}: ${what}${advice ? `; ${advice}` : ''}`;

  if (status === 429 || code === 'QpsLimitExceeded' || code === 'TooManyRequests')
    return new MnsThrottledError(say('backing off'), details);
  if (code === 'MessageNotExist' || code === 'ReceiptHandleError')
    return new MnsHandleError(say('the receipt handle is used, expired or malformed'), details);
  if (status === 403 || /^InvalidAccessKeyId|SecurityToken|^SignatureDoesNotMatch$|^AccessDenied$/.test(code))
    return new MnsAuthError(
      say(ADVICE[code] ?? (refusal ? 'the token was refused, a new one is needed' : PROXY_ADVICE)),
      details,
    );
  if (status >= 500 || code === 'InternalError' || code === 'InternalServerError')
    return new MnsTransientError(say(undefined), details);
  if (refusal) return new MnsFatalError(say(ADVICE[code]), details);
  return new MnsProtocolError(say(PROXY_ADVICE), details);
}

/** MNS answered with success, and a body that it never sends. */
export function malformedError(answer: Answer, context: RequestContext, cause: Error): MnsProtocolError {
  return new MnsProtocolError(
    `${subject(context)}: HTTP ${answer.status} with an answer that is not MNS' (${cause.message}): ` +
      `${summary(answer, context)}; ${PROXY_ADVICE}`,
    { ...about(context), code: 'MNS_MALFORMED_ANSWER', status: answer.status, requestId: answer.requestId },
  );
}

/** No answer came. */
export function networkError(error: unknown, context: RequestContext, timeout: number): MnsTransientError {
  // An HTTP parser's error carries what it could not read, which may be anybody's data.
  const cause = error instanceof Error && 'data' in error ? undefined : error;
  const details = { ...about(context), code: codeOf(error), cause };
  if (error instanceof AnswerTooLarge)
    return new MnsProtocolError(`${subject(context)}: ${error.message}; check endpoints.mns`, details);
  const why = /^UND_ERR_(HEADERS|BODY)_TIMEOUT$/.test(details.code)
    ? `no answer from ${context.endpoint} within ${timeout / 1000} s`
    : `cannot reach ${context.endpoint}: ${quote(describeError(error), context)}`;
  return new MnsTransientError(
    `${subject(context)}: ${why} (${details.code}); check endpoints.mns and the network`,
    details,
  );
}

function codeOf(error: unknown): string {
  const { code } = (error ?? {}) as { code?: unknown };
  if (error instanceof AnswerTooLarge) return 'MNS_ANSWER_TOO_LARGE';
  return typeof code === 'string' && code !== '' ? code : 'MNS_UNREACHABLE';
}

function about({ operation, queueName }: RequestContext) {
  return { operation, queueName };
}

function subject({ operation, queueName }: RequestContext): string {
  return `${operation} on ${queueName}`;
}

/** What an answer looks like, for a person who has to guess who sent it. */
function summary(answer: Answer, context: RequestContext): string {
  if (answer.location) return `a redirect to ${quote(answer.location, context)}`;
  const text = answer.body.trim();
  if (text === '') return 'an empty body';
  // Messages are other people's data: never quoted.
  if (/<([\w-]+:)?Message/.test(text)) return `XML of ${text.length} characters`;
  return quote(/^<(!doctype html|html)/i.test(text) ? `an HTML page, ${text}` : text, context);
}

/** A stranger's text in one line of ours: short, without control characters, without secrets. */
function quote(text: string, { credentials }: RequestContext): string {
  // Cut only after hiding, so that no half of a secret remains; but not before a first cut, as 4 MB may come.
  const line = hideSecrets(text.slice(0, 8 * MAX_QUOTE), credentials)
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .trim();
  return line.length > MAX_QUOTE ? `${line.slice(0, MAX_QUOTE)}…` : line;
}
