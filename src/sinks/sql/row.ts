/**
 * One event as one row. Every event makes a row that the database takes: what does not fit a column (too long, not
 * storable, not exact) is replaced there, and then the whole event stands in `event_text` just as it was.
 */
import { createHash } from 'node:crypto';
import type { ColumnType, Insertable } from 'kysely';
import { type EventRecord, toLine } from '../../receipts/index.js';
import type { Engine } from './engine.js';
import { escaped, storable } from './json.js';
import { type SearchColumns, searchColumns } from './search.js';

type Time = ColumnType<Date, string, never>;

/** The table, column by column. */
export interface EventsTable extends SearchColumns {
  id: string;
  source: string;
  type: string;
  messagetype: string;
  subject: string | null;
  idempotencykey: string | null;
  time: Time;
  queuename: string;
  dequeuecount: number;
  enqueuedat: Time;
  insertedat: ColumnType<Date, never, never>;
  /** The receipt; null when it nests too deep for the databases. */
  data: ColumnType<unknown, string | null, never>;
  /** The event as one line of JSON where the other columns do not say all of it exactly, else null. */
  event_text: string | null;
  /** The idempotency key where the sink is to keep a second event with the same one out, else null. */
  dedupe_key: string | null;
}

export type EventRow = Insertable<EventsTable>;

export interface RowOptions {
  engine: Engine;
  unique: 'id' | 'idempotencykey';
  phoneKey: string;
}

/** Of the ASCII columns: compared byte by byte, so no blanks, which MySQL ignores at the end. */
const PLAIN = /^[!-~]{1,255}$/;
/** The least of the databases' ranges, in ms. */
const EARLIEST = Date.UTC(1000, 0, 1);
const LATEST = Date.UTC(9999, 11, 31);
const MOST_DEQUEUED = 2 ** 31 - 1;

export function rowOf(record: EventRecord, { engine, unique, phoneKey }: RowOptions): EventRow {
  let exact = true;
  const keep = <T>(given: T, stored: T): T => {
    if (given !== stored) exact = false;
    return stored;
  };
  const attribute = (value: string, longest: number) => keep(value, fitting(value, longest));
  const time = (value: string) => {
    const ms = Date.parse(value);
    const fits = ms >= EARLIEST && ms <= LATEST;
    if (!fits) exact = false;
    const iso = new Date(fits ? ms : 0).toISOString();
    return engine === 'postgres' ? iso : iso.slice(0, -1).replace('T', ' ');
  };
  const count = Math.min(Math.max(Math.trunc(record.dequeuecount) || 0, 0), MOST_DEQUEUED);
  const { data, exact: sameData, value } = storable(record.json);
  const key =
    record.idempotencykey === undefined ? null : keep(record.idempotencykey, plain(record.idempotencykey));
  const row = {
    id: keep(record.id, plain(record.id)),
    source: attribute(record.source, 1024),
    type: attribute(record.type, 255),
    messagetype: attribute(record.messagetype, 255),
    subject: record.subject === undefined ? null : attribute(record.subject, 255),
    idempotencykey: key,
    time: time(record.time),
    queuename: attribute(record.queuename, 255),
    dequeuecount: keep(record.dequeuecount, count),
    enqueuedat: time(record.enqueuedat),
    ...searchColumns(value, record.messagetype, phoneKey),
    data,
    dedupe_key: unique === 'idempotencykey' ? key : null,
  };
  return { ...row, event_text: exact && sameData ? null : escaped(toLine(record)) };
}

/** The id itself, or a hash of it where it would not be told from others. */
function plain(id: string): string {
  return PLAIN.test(id) ? id : `sha256:${createHash('sha256').update(escaped(id)).digest('hex')}`;
}

/** With U+FFFD for what does not belong in an attribute, and cut off where the column ends. */
function fitting(text: string, longest: number): string {
  const sound = text.replace(/[\p{Cc}\p{Cs}]/gu, '\ufffd');
  return sound.length <= longest ? sound : [...sound].slice(0, longest).join('');
}
