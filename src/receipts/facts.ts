/** What an event tells of its receipt beside the data: when it happened, what it is about, and what makes it the same. */
import { hash } from 'node:crypto';
import { parseReceiptTime } from '../beijing-time.js';
import type { EventAttributes } from './event.js';
import { type FieldPath, fieldAt, type ReceiptShape } from './receipt-type.js';

export type Facts = Pick<EventAttributes, 'subject' | 'idempotencykey'> & { time?: string };

/** Longer than any id that is published; what is longer is none. */
const SUBJECT_MAX = 256;
/** CloudEvents allows neither in an attribute, and PostgreSQL stores neither. */
const NOT_IN_ATTRIBUTES = /[\p{Cc}\p{Cs}]/u;

export function factsOf(receipt: object, messageType: string, shape: ReceiptShape | undefined): Facts {
  if (shape === undefined) return {};
  const time = first(shape.time, (path) => receiptTime(fieldAt(receipt, path)));
  const subject = first(shape.subject, (path) => attribute(textOf(fieldAt(receipt, path))));
  const idempotencykey = subject === undefined ? undefined : keyOf(receipt, messageType, shape);
  return {
    ...(subject !== undefined && { subject }),
    ...(idempotencykey !== undefined && { idempotencykey }),
    ...(time !== undefined && { time }),
  };
}

/** RFC 3339. A time that cannot be one (missing, out of range) is the epoch, so that it is noticed, not lost. */
export function isoTime(ms: number): string {
  return new Date(Number.isFinite(ms) && Math.abs(ms) <= 8.64e15 ? ms : 0).toISOString();
}

/**
 * Of what the receipt says, not of the message that brought it: half a SHA-256 of the type and the identity fields.
 * Without its id there is none, as receipts that have nothing to do with each other would share it. It is a hash because phone numbers are among the fields, and a key ends up in indexes and logs.
 */
function keyOf(
  receipt: object,
  messageType: string,
  { identity, needs = [] }: ReceiptShape,
): string | undefined {
  if (identity.length === 0 || needs.some((path) => textOf(fieldAt(receipt, path)) === '')) return undefined;
  const values = identity.map((path) => textOf(fieldAt(receipt, path)));
  return hash('sha256', JSON.stringify([messageType, ...values]), 'hex').slice(0, 32);
}

function first<T>(paths: readonly FieldPath[], read: (path: FieldPath) => T | undefined): T | undefined {
  for (const path of paths) {
    const value = read(path);
    if (value !== undefined) return value;
  }
  return undefined;
}

/** '' when there is none. */
function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  try {
    return value === undefined || value === null ? '' : JSON.stringify(value);
  } catch {
    // JSON.parse takes any depth, JSON.stringify does not; no id is that deep.
    return '';
  }
}

function attribute(text: string): string | undefined {
  return text === '' || text.length > SUBJECT_MAX || NOT_IN_ATTRIBUTES.test(text) ? undefined : text;
}

function receiptTime(value: unknown): string | undefined {
  if (typeof value !== 'string' && typeof value !== 'number') return undefined;
  const text = String(value);
  const time = parseReceiptTime(text);
  return time === undefined ? undefined : isoTime(time);
}
