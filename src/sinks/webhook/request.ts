/**
 * Events as a request: CloudEvents by the HTTP protocol binding 1.0.2 (structured, batched and binary mode), or the
 * vendor's HTTP batch push. Receipts are sent as the text they were published in, so that no number changes.
 */
import { createHash } from 'node:crypto';
import { type EventAttributes, type EventRecord, toLine } from '../../receipts/index.js';
import { pushBody } from './push.js';

export type Format = 'structured' | 'batch' | 'binary' | 'alicom';

export interface Content {
  headers: Record<string, string>;
  body: string;
}

/** @param records one of them, unless the format takes several */
export function contentOf(format: Format, records: readonly EventRecord[]): Content {
  const [record] = records;
  if (record === undefined) throw new Error('a request without an event');
  switch (format) {
    case 'structured':
      return { headers: { 'content-type': 'application/cloudevents+json' }, body: toLine(record) };
    case 'batch':
      return {
        headers: { 'content-type': 'application/cloudevents-batch+json' },
        body: `[${records.map(toLine).join(',')}]`,
      };
    case 'binary':
      return { headers: attributeHeaders(record), body: record.json };
    case 'alicom':
      return { headers: { 'content-type': 'application/json; charset=utf-8' }, body: pushBody(records) };
  }
}

/** What a receiver knows a request by, the same whenever the same events go together, in whatever order. */
export function requestId(records: readonly EventRecord[]): string {
  const ids = records.map(({ id }) => id).sort();
  if (ids.length === 1) return headerText(ids[0] ?? '');
  return `batch_${createHash('sha256').update(JSON.stringify(ids)).digest('hex').slice(0, 32)}`;
}

function attributeHeaders({ json: _, datacontenttype, ...attributes }: EventRecord): Record<string, string> {
  const given = Object.entries(attributes satisfies Partial<EventAttributes>).filter(
    ([, value]) => value !== undefined,
  );
  return {
    'content-type': datacontenttype,
    ...Object.fromEntries(given.map(([name, value]) => [`ce-${name}`, headerText(String(value))])),
  };
}

/** Percent-encodes what the binding wants encoded: spaces, quotes, percent signs, and all but printable ASCII. */
function headerText(text: string): string {
  return text.replace(/[^\x21\x23\x24\x26-\x7e]+/g, (part) =>
    [...Buffer.from(part)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
  );
}
