/**
 * One MNS message → one event, or the reason why it cannot be one. Never throws, whatever the body holds, and
 * never looks at anything but its arguments: the same message always gives the same event.
 */
import { parseBeijingTime } from '../beijing-time.js';
import { describeError } from '../errors.js';
import { catalog } from './catalog.js';
import type { EventRecord } from './event.js';
import { parseReceipt } from './parse.js';

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

export type Decoded =
  | { event: EventRecord; drift: readonly string[] }
  /** `undecodable` says why in one line. */
  | { undecodable: string };

const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;
const strictUtf8 = new TextDecoder('utf-8', { fatal: true });

export function decode(message: RawMessage, origin: MessageOrigin): Decoded {
  try {
    const json = bodyText(message.body);
    const receipt = parseReceipt(json);
    if (typeof receipt !== 'object' || receipt === null) {
      return { undecodable: describeError(`the body is JSON but not an object: ${json.slice(0, 40)}`) };
    }
    const entry = Object.hasOwn(catalog, origin.messageType) ? catalog[origin.messageType] : undefined;
    const enqueuedat = isoTime(message.enqueueTime);
    const event: EventRecord = {
      specversion: '1.0',
      id: message.messageId,
      source: `mns://${origin.mnsHost}/queues/${origin.queueName}`,
      type: `com.aliyun.alicom.${origin.messageType}`,
      time: receiptTime(receipt, entry?.timeFields ?? []) ?? enqueuedat,
      datacontenttype: 'application/json',
      messagetype: origin.messageType,
      queuename: origin.queueName,
      dequeuecount: message.dequeueCount,
      enqueuedat,
      json,
    };
    const checked = entry?.schema.safeParse(receipt);
    const drift = checked?.error?.issues.map((issue) => issue.path.join('.') || issue.code) ?? [];
    return { event, drift };
  } catch (error) {
    return { undecodable: describeError(error) };
  }
}

/** @throws when the body is neither JSON nor base64 of UTF-8. */
function bodyText(body: string): string {
  const text = body.trim();
  if (text.startsWith('{') || text.startsWith('[')) return text;
  // Base64 may come in lines; Buffer would silently skip anything else that is not base64.
  const packed = text.replace(/\s+/g, '');
  if (!BASE64.test(packed)) throw new Error('the body is neither JSON nor base64');
  return strictUtf8.decode(Buffer.from(packed, 'base64')).trim();
}

function receiptTime(receipt: object, fields: readonly string[]): string | undefined {
  for (const field of fields) {
    const value: unknown = Object.hasOwn(receipt, field) ? receipt[field as keyof typeof receipt] : undefined;
    if (typeof value !== 'string' || value === '') continue;
    const time = parseBeijingTime(value) ?? zonedTime(value);
    if (time !== undefined) return isoTime(time);
  }
  return undefined;
}

/** `Mon, 01 Jan 2024 10:27:00 +0800`; only with an explicit zone, else it would be read in this machine's. */
function zonedTime(text: string): number | undefined {
  const time = /[+-]\d{4}$|GMT$/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(time) ? undefined : time;
}

/** RFC 3339. A time that cannot be one (missing, out of range) is the epoch, so that it is noticed, not lost. */
function isoTime(ms: number): string {
  return new Date(Number.isFinite(ms) && Math.abs(ms) <= 8.64e15 ? ms : 0).toISOString();
}
