/**
 * The body of the vendor's HTTP batch push: a JSON array of receipts of one message type. Receipts stay as the queue has
 * them, but for the fields that are documented with another name or type over HTTP than in the queue.
 */
import type { EventRecord } from '../../receipts/index.js';

/** Pushed one in a request. */
const SINGLE = new Set(['SignSmsReport', 'TemplateSmsReport']);

/** Text is replaced, not values: a parsed number may not come back as it was. An unescaped quote opens a key or ends one. */
const FIELDS: Readonly<Record<string, readonly [RegExp, string][]>> = {
  SmsUp: [[/([{,]\s*"sequence_id"\s*:\s*)(-?\d+)(?=\s*[,}])/g, '$1"$2"']],
  SecretRecording: [
    [/([{,]\s*)"subs_id"(?=\s*:)/g, '$1"sub_id"'],
    // A number in JSON has no zeros in front; one that is longer is no time, and few parsers could hold it.
    [/([{,]\s*"call_time"\s*:\s*)"(0|[1-9]\d{0,14})"/g, '$1$2'],
  ],
};

export function pushedAlone(messageType: string): boolean {
  return SINGLE.has(messageType);
}

export function pushBody(records: readonly EventRecord[]): string {
  return `[${records.map(pushed).join(',')}]`;
}

function pushed({ messagetype, json }: EventRecord): string {
  const changes = Object.hasOwn(FIELDS, messagetype) ? (FIELDS[messagetype] ?? []) : [];
  return changes.reduce((text, [from, to]) => text.replace(from, to), json);
}
