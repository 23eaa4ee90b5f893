/**
 * What a receiver's answer means for the events it answers. 2xx confirms them (of the vendor's push: status 200 and a
 * `code` that is a number, whichever). 408, 425, 429, 5xx and what cannot be made sense of is tried again, not before
 * Retry-After; any other 4xx is the receiver's last word, on the sink rather than the event where it is about the address
 * or the login. A 3xx is tried again as well: the url is wrong, no event is.
 *
 * What is told of an answer is short, on one line, without phone numbers, and without what was sent to authenticate.
 */
import { describeError, ReceiptdError } from '../../errors.js';
import { maskPhones } from '../../mask.js';
import { DeadLetterError } from '../sink.js';
import type { Hide } from './hide.js';

const EXCERPT_LENGTH = 200;
/** A longer wait would outlast what the receiver can mean, and hold the event in the store. */
const LONGEST_DELAY_MS = 3_600_000;
const RETRIED = new Set([408, 425, 429]);
/** No such place, or not for whoever posts like this: it would be said of any event. */
const ABOUT_SINK = new Set([401, 403, 404, 405, 407, 410]);

/** The request failed, and is worth another try. */
export class WebhookError extends ReceiptdError {
  /** ms until the next try, at least. */
  readonly delay: number;

  constructor(reason: string, delay = 0, options?: ErrorOptions) {
    super('WEBHOOK', reason, options);
    this.delay = delay;
  }
}

export interface Answer {
  status: number;
  /** The headers that matter here. */
  retryAfter: string | undefined;
  date: string | undefined;
  location: string | undefined;
  body: string;
  /** The body is longer, and was not read to its end. */
  cut: boolean;
}

/**
 * @param vendor whether the receiver is one of the vendor's HTTP batch push
 * @returns undefined when the events are safe, a `DeadLetterError` when trying again cannot help
 */
export function judge(answer: Answer, vendor: boolean, hide: Hide): Error | undefined {
  const { status } = answer;
  if (status >= 200 && status < 300 && !vendor) return undefined;
  if (status === 200 && !answer.cut && hasCode(answer.body)) return undefined;
  const told = `HTTP ${status}${excerpt(answer.body, hide)}`;
  if (status >= 200 && status < 300) return new WebhookError(`${told}: ${expected(status)}`);
  if (status === 410) {
    return new DeadLetterError(
      `${told}: the receiver is gone for good: change the sink's url, or remove the sink`,
      { aboutSink: true },
    );
  }
  if (status >= 400 && status < 500 && !RETRIED.has(status)) {
    return new DeadLetterError(told, { aboutSink: ABOUT_SINK.has(status) });
  }
  return new WebhookError(told, retryAfter(answer));
}

/** Of the vendor's push, which looks at the status and whether `code` is a number; a receiver that refuses answers 50x. */
function expected(status: number): string {
  return status === 200
    ? 'a receiver of HTTP batch push answers {"code":0,"msg":"…"}'
    : 'a receiver of HTTP batch push confirms with status 200';
}

function hasCode(body: string): boolean {
  try {
    const reply: unknown = JSON.parse(body.replace(/^\ufeff/, ''));
    return typeof reply === 'object' && reply !== null && 'code' in reply && typeof reply.code === 'number';
  } catch {
    return false;
  }
}

/** ms, from seconds or from a date, which is on the receiver's clock. */
function retryAfter({ retryAfter: given, date }: Answer): number {
  const text = given?.trim() ?? '';
  const wait = /^\d+$/.test(text) ? Number(text) * 1000 : untilDate(text, date);
  return Math.min(LONGEST_DELAY_MS, Math.max(0, wait));
}

function untilDate(text: string, date: string | undefined): number {
  const at = Date.parse(text);
  const now = Date.parse(date ?? '');
  return Number.isNaN(at) ? 0 : at - (Number.isNaN(now) ? Date.now() : now);
}

function excerpt(body: string, hide: Hide): string {
  // Hidden before it is cut, as half a secret would not be found.
  const text = maskPhones(hide(body))
    .replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .trim();
  if (text === '') return '';
  return `: ${text.length > EXCERPT_LENGTH ? `${text.slice(0, EXCERPT_LENGTH)}…` : text}`;
}

/** Why there was no answer: Node tells several failed addresses in an error without a message of its own. */
export function networkError(error: unknown, hide: Hide): WebhookError {
  const inner = error instanceof AggregateError && error.message === '' ? error.errors[0] : error;
  return new WebhookError(`no answer: ${hide(describeError(inner))}`, 0, { cause: error });
}
