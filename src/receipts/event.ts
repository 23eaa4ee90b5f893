/**
 * What leaves decode: a CloudEvents 1.0 event around one receipt. It is kept as an `EventRecord`, whose receipt is
 * still the JSON text that was published, so that storing, moving and writing an event never re-encodes its data.
 */
import { parseReceipt } from './parse.js';

/** The CloudEvents attributes of a receipt event: all of it but `data`. */
export interface EventAttributes {
  specversion: '1.0';
  /**
   * The MNS MessageId, with `#<index>` for each receipt of a message that holds a list: stable over redeliveries, so
   * sinks can use it to drop duplicates.
   */
  id: string;
  /** `mns://<mns host>/queues/<queueName>` */
  source: string;
  /** `com.aliyun.alicom.<MessageType>` */
  type: string;
  /** What the receipt is about, e.g. the call id or the biz id; docs/receipts.md says which. Absent when it has none. */
  subject?: string;
  /**
   * The same for every message that brings the same receipt: Cloud Communications may publish one again under a new
   * MessageId. 32 hex digits, made of the fields that docs/receipts.md names; absent when it has none of them.
   */
  idempotencykey?: string;
  /** RFC 3339 in UTC: when the receipt says it happened, else when MNS got it. */
  time: string;
  datacontenttype: 'application/json';
  /** The message type by itself, e.g. `SmsReport`. */
  messagetype: string;
  queuename: string;
  /** How many times MNS had handed the message out when it was decoded, from 1. */
  dequeuecount: number;
  /** RFC 3339 in UTC: when MNS got the message. */
  enqueuedat: string;
}

/** The event as sinks' users see it. */
export interface ReceiptEvent<Data = unknown> extends EventAttributes {
  data: Data;
}

/** An event as the pipeline carries it: the receipt is `json`, the text exactly as published. */
export interface EventRecord extends EventAttributes {
  json: string;
}

/** The event with its receipt parsed. Each call makes a new object, so a handler may change what it is given. */
export function toEvent<Data = unknown>(record: EventRecord): ReceiptEvent<Data> {
  const { json, ...attributes } = record;
  return { ...attributes, data: parseReceipt(json) as Data };
}

/** Of every line, whatever order a store gave the attributes back in. */
const ORDER: readonly (keyof EventAttributes)[] = [
  'specversion',
  'id',
  'source',
  'type',
  'subject',
  'idempotencykey',
  'time',
  'datacontenttype',
  'messagetype',
  'queuename',
  'dequeuecount',
  'enqueuedat',
];

/** The event as one line of JSON, without a line break at the end. Numbers stay as they were published. */
export function toLine(record: EventRecord): string {
  const given = ORDER.filter((name) => record[name] !== undefined);
  const attributes = given.map((name) => `"${name}":${JSON.stringify(record[name])}`).join(',');
  // Line breaks in valid JSON are white space between tokens, never inside a string.
  return `{${attributes},"data":${record.json.replace(/[\r\n]+/g, ' ')}}`;
}
