/**
 * Queue attributes: names, ranges and defaults of mns-http.md §5.1. Numbers that come over HTTP must be whole and in
 * range; code in the same process may go below, e.g. a visibility timeout of half a second to keep a test short.
 */
import { MnsError } from './mns-error.js';
import { element } from './mns-xml.js';

export interface QueueAttributes {
  /** Seconds a new message stays hidden. @default 0 */
  delaySeconds: number;
  /** Longest message body in bytes. @default 65536 */
  maximumMessageSize: number;
  /** Seconds until an undeleted message is dropped. @default 345600 */
  messageRetentionPeriod: number;
  /** Seconds a received message stays hidden. @default 30 */
  visibilityTimeout: number;
  /** Seconds a receive without `waitseconds` waits. @default 0 */
  pollingWaitSeconds: number;
  /** Kept and reported, without effect. @default false */
  loggingEnabled: boolean;
}

export const DEFAULT_ATTRIBUTES: Readonly<QueueAttributes> = {
  delaySeconds: 0,
  maximumMessageSize: 65_536,
  messageRetentionPeriod: 345_600,
  visibilityTimeout: 30,
  pollingWaitSeconds: 0,
  loggingEnabled: false,
};

type NumberKey = Exclude<keyof QueueAttributes, 'loggingEnabled'>;

const NUMBERS: readonly { element: string; key: NumberKey; min: number; max: number }[] = [
  { element: 'DelaySeconds', key: 'delaySeconds', min: 0, max: 604_800 },
  { element: 'MaximumMessageSize', key: 'maximumMessageSize', min: 1024, max: 65_536 },
  { element: 'MessageRetentionPeriod', key: 'messageRetentionPeriod', min: 60, max: 604_800 },
  { element: 'VisibilityTimeout', key: 'visibilityTimeout', min: 1, max: 43_200 },
  { element: 'PollingWaitSeconds', key: 'pollingWaitSeconds', min: 0, max: 30 },
];

/** A whole number between `min` and `max`, or the error MNS gives: 400 InvalidArgument. */
export function wholeNumber(name: string, text: string, min: number, max: number): number {
  const value = /^\d{1,9}$/.test(text.trim()) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw new MnsError('InvalidArgument', `The value of ${name} should be between ${min} and ${max}.`);
}

/** The attributes given in a `<Queue>` body; unknown elements are ignored. */
export function parseAttributes(fields: Readonly<Record<string, string>>): Partial<QueueAttributes> {
  const attributes: Partial<QueueAttributes> = {};
  for (const { element: name, key, min, max } of NUMBERS) {
    const text = fields[name];
    if (text !== undefined) attributes[key] = wholeNumber(name, text, min, max);
  }
  const logging = fields.LoggingEnabled?.trim().toLowerCase();
  if (logging !== undefined) {
    if (logging !== 'true' && logging !== 'false') {
      throw new MnsError('InvalidArgument', 'The value of LoggingEnabled should be True or False.');
    }
    attributes.loggingEnabled = logging === 'true';
  }
  return attributes;
}

export function attributesXml(attributes: Readonly<QueueAttributes>): string {
  let xml = element('LoggingEnabled', attributes.loggingEnabled ? 'True' : 'False');
  for (const { element: name, key } of NUMBERS) xml += element(name, attributes[key]);
  return xml;
}

export function sameAttributes(a: Readonly<QueueAttributes>, b: Readonly<QueueAttributes>): boolean {
  return a.loggingEnabled === b.loggingEnabled && NUMBERS.every(({ key }) => a[key] === b[key]);
}
