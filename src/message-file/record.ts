/**
 * The text of one message in a file: a line of a capture file, or a receipt as it is, whose very text is the body (so
 * that a number beyond 2^53 keeps its digits). Reading never throws: a captured message that contradicts itself comes
 * back as Unreadable, anything else that is not one is a body.
 */
import type { CapturedMessage, FileMessage, Position, Unreadable } from './message.js';

const ISO_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)$/i;

/** One line of a capture file, its line feed included. */
export function captureLine(message: CapturedMessage): string {
  const { messageId, queueName, messageType, body, enqueueTime, dequeueCount, receivedAt, mnsHost } = message;
  const line = { messageId, queueName, messageType, body, enqueueTime, dequeueCount, receivedAt, mnsHost };
  return `${JSON.stringify(line)}\n`;
}

/** What `JSON.parse` makes of it; undefined when it is not a JSON object or array. */
export function parseObject(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

/** @param value what {@link parseObject} made of the text */
export function entryOf(text: string, value: object | undefined, at: Position): FileMessage | Unreadable {
  if (value === undefined) return { body: text, at };
  const { messageId, body } = value as Record<string, unknown>;
  if (typeof messageId !== 'string' || typeof body !== 'string') return { body: text, at };
  return captured(messageId, body, value as Record<string, unknown>, at);
}

/** `null` is as good as missing; any other type is a sign that this is not what it looks like. */
function captured(messageId: string, body: string, record: Record<string, unknown>, at: Position) {
  const message: FileMessage = { messageId, body, at };
  for (const field of ['queueName', 'messageType', 'mnsHost'] as const) {
    const value = record[field];
    if (typeof value === 'string') message[field] = value;
    else if (value !== undefined && value !== null) return wrong(field, 'a string', at);
  }
  for (const field of ['enqueueTime', 'receivedAt'] as const) {
    const value = record[field];
    if (value === undefined || value === null) continue;
    const time = timeOf(value);
    if (time === undefined) return wrong(field, 'ms since the epoch or an ISO 8601 time with its zone', at);
    message[field] = time;
  }
  const count = record.dequeueCount;
  if (typeof count === 'number' && Number.isSafeInteger(count) && count >= 0) message.dequeueCount = count;
  else if (count !== undefined && count !== null) return wrong('dequeueCount', 'a whole number from 0', at);
  return message;
}

function timeOf(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  if (typeof value !== 'string' || !ISO_TIME.test(value)) return undefined;
  const time = Date.parse(value.replace(',', '.'));
  return Number.isNaN(time) ? undefined : time;
}

function wrong(field: string, expected: string, at: Position): Unreadable {
  return { unreadable: `a captured message whose ${field} is not ${expected}`, at };
}
