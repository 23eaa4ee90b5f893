/**
 * One MNS message → its events, or the reason why it has none. Never throws, whatever the body holds, and never looks
 * at anything but its arguments: the same message always gives the same events.
 */
import { isUtf8 } from 'node:buffer';
import { describeError } from '../errors.js';
import { receiptType } from './catalog.js';
import { elementsOf } from './elements.js';
import type { EventRecord } from './event.js';
import { factsOf, isoTime } from './facts.js';
import { parseReceipt } from './parse.js';
import { type ReceiptShape, shapeOf } from './receipt-type.js';

/** The part of a received message that decode needs. */
export interface RawMessage {
  messageId: string;
  /** MessageBody as received: base64 of a JSON text, or the JSON text itself. */
  body: string;
  /** ms since the epoch */
  enqueueTime: number;
  dequeueCount: number;
}

/** Where a message came from. */
export interface MessageOrigin {
  /** Host and port of the MNS endpoint. */
  mnsHost: string;
  queueName: string;
  messageType: string;
}

/** One way in which a receipt differs from its schema. It is delivered all the same. */
export interface Drift {
  /** The field, `[]` for any element of a list: `data.output.slots[].value`. */
  path: string;
  /** What is wrong with it, in one line without its value. */
  problem: string;
  /** What stands there; undefined when the field is missing. */
  value: unknown;
}

export type Decoded =
  /** At least one; several when the body is a list, as HTTP pushes are: their ids are `<MessageId>#<index>`. */
  | { events: EventRecord[]; drift: readonly Drift[] }
  /** `undecodable` says why in one line; `body` is the body as it was received. */
  | { undecodable: string; body: string };

/** More than a body of MNS's 64 KB can hold of any receipt; a bound on what one message may grow to. */
const MOST_ELEMENTS = 1_000;

const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

export function decode(message: RawMessage, origin: MessageOrigin): Decoded {
  try {
    const json = bodyText(message.body);
    const value = parseReceipt(json);
    if (!Array.isArray(value)) {
      const drift: Drift[] = [];
      return { events: [eventOf(message.messageId, json, value, message, origin, drift)], drift };
    }
    if (value.length === 0) throw new Error('the body is an empty list');
    if (value.length > MOST_ELEMENTS) {
      throw new Error(`the body is a list of ${value.length} receipts, more than ${MOST_ELEMENTS}`);
    }
    const drift: Drift[] = [];
    const events = elementsOf(json).map((element, index) =>
      eventOf(`${message.messageId}#${index}`, element, value[index], message, origin, drift),
    );
    return { events, drift };
  } catch (error) {
    return { undecodable: describeError(error), body: message.body };
  }
}

/** @throws when the value is no receipt. */
function eventOf(
  id: string,
  json: string,
  receipt: unknown,
  { enqueueTime, dequeueCount }: RawMessage,
  { mnsHost, queueName, messageType }: MessageOrigin,
  drift: Drift[],
): EventRecord {
  if (typeof receipt !== 'object' || receipt === null || Array.isArray(receipt)) {
    throw new Error(`the body is JSON but not an object: ${json.slice(0, 40)}`);
  }
  const type = receiptType(messageType);
  const shape = type === undefined ? undefined : shapeOf(receipt, type);
  if (shape !== undefined) drift.push(...driftOf(receipt, shape));
  const { time, ...facts } = factsOf(receipt, messageType, shape);
  const enqueuedat = isoTime(enqueueTime);
  return {
    specversion: '1.0',
    id,
    source: `mns://${mnsHost}/queues/${queueName}`,
    type: `com.aliyun.alicom.${messageType}`,
    ...facts,
    time: time ?? enqueuedat,
    datacontenttype: 'application/json',
    messagetype: messageType,
    queuename: queueName,
    dequeuecount: dequeueCount,
    enqueuedat,
    json,
  };
}

/** @throws when the body is neither JSON nor base64 of UTF-8. */
function bodyText(body: string): string {
  const text = body.trim();
  if (text.startsWith('{') || text.startsWith('[')) return text;
  // Base64 may come in lines; Buffer would silently skip anything else that is not base64.
  const packed = text.replace(/\s+/g, '');
  if (!BASE64.test(packed)) throw new Error('the body is neither JSON nor base64');
  const bytes = Buffer.from(packed, 'base64');
  if (!isUtf8(bytes)) throw new Error('the body is base64, but not of UTF-8 text');
  return bytes.toString('utf8').trim();
}

/** Each difference once, however many elements of a list have it. */
function driftOf(receipt: object, { schema }: ReceiptShape): Drift[] {
  const issues = schema.safeParse(receipt).error?.issues ?? [];
  const distinct = new Map(issues.map((issue) => [`${pathName(issue.path)} ${issue.message}`, issue]));
  return [...distinct.values()].map(({ path, message }) => {
    const value = path.reduce<unknown>(
      (inner, key) => (inner as Record<PropertyKey, unknown> | undefined)?.[key],
      receipt,
    );
    return { path: pathName(path), problem: value === undefined ? 'is missing' : message, value };
  });
}

function pathName(path: readonly PropertyKey[]): string {
  return path
    .map((key) => (typeof key === 'number' ? '[]' : `.${String(key)}`))
    .join('')
    .replace(/^\./, '');
}
