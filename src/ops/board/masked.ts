/** What the queue browser shows of a job: receipts as values rather than as text, and phone numbers masked. */
import { maskPhones } from '../../mask.js';
import { type EventRecord, toEvent } from '../../receipts/index.js';

/** Names of things that are numbered like phones. */
const NAMES = new Set(['id', 'messageId', 'queuename', 'source', 'idempotencykey', 'jobId']);
/** Of a job, what may hold more than names and times. */
const HOLDS_DATA = new Set([
  'data',
  'returnValue',
  'progress',
  'failedReason',
  'stacktrace',
  'deferredFailure',
]);
/** Numbers are masked within receipts; elsewhere they are times and counts. */
const RECEIPT = 'data';

/** The data of a job with its receipts parsed. Anything else, whatever it is, stays as it is. */
export function readable(data: unknown): unknown {
  if (!isObject(data) || !isObject(data.content)) return data;
  const { message, content, ...rest } = data;
  if (!Array.isArray(content.events)) return data;
  return { message, events: content.events.map(eventOf), ...rest };
}

/** @param body what the browser's API answers: jobs, lists of them, logs */
export function masked(body: unknown): unknown {
  if (Array.isArray(body))
    return body.map((item) => (typeof item === 'string' ? maskPhones(item) : masked(item)));
  if (!isObject(body)) return body;
  return Object.fromEntries(
    Object.entries(body).map(([name, value]) => [name, HOLDS_DATA.has(name) ? hide(value) : masked(value)]),
  );
}

function hide(value: unknown, name = '', inReceipt = false): unknown {
  if (Array.isArray(value)) return value.map((item) => hide(item, name, inReceipt));
  if (isObject(value)) {
    const within = inReceipt || name === RECEIPT;
    // Within a receipt a name may be whatever its sender took for one.
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [within ? maskPhones(key) : key, hide(item, key, within)]),
    );
  }
  if (typeof value === 'number') return inReceipt || name === RECEIPT ? hideNumber(value) : value;
  if (typeof value !== 'string' || (NAMES.has(name) && !inReceipt)) return value;
  // Base64 hides nothing from who can read it, and cannot be masked.
  return name === 'undecodable' ? `(${value.length} characters)` : maskPhones(value);
}

function hideNumber(value: number): number | string {
  const text = maskPhones(String(value));
  return text === String(value) ? value : text;
}

function eventOf(event: unknown): unknown {
  try {
    return toEvent(event as EventRecord);
  } catch {
    return event;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
