/**
 * Inserts events into a table of PostgreSQL, MySQL or MariaDB, each once: a row that is there already, by the event's id,
 * stays as it is and the event counts as delivered. So whatever is delivered twice, by a retry or after a crash, has its
 * effect once.
 *
 * Events go in batches; a batch that is refused for one row's data is halved until that row is alone, and only that one
 * is a dead letter. A database that is down, too old or in the way of something is nobody's fault: those are tried again.
 */
import { type Kysely, sql } from 'kysely';
import type { Logger } from 'pino';
import { describeError } from '../../errors.js';
import type { EventRecord } from '../../receipts/index.js';
import { Batcher } from '../batcher.js';
import { DeadLetterError, type DeliveryContext, type Sink, type SinkOptions } from '../sink.js';
import { type Place, placeOf } from './engine.js';
import { type Database, openDatabase, unlessAborted } from './pools.js';
import { explained, refusalOf } from './refusal.js';
import { type EventRow, type RowOptions, rowOf } from './row.js';

export interface SqlSinkOptions extends SinkOptions {
  url: string;
  table: string;
  unique: 'id' | 'idempotencykey';
  phoneKey: string;
  connections: number;
  /** ms */
  timeout: number;
  batch: { size: number; linger: number };
}

/** Characters of a statement's values, about: the least that servers are set up to take is 1 MB. */
const STATEMENT_CHARACTERS = 250_000;
/** Immediate tries after a deadlock, which the database ends by refusing one of the two. */
const CONFLICT_TRIES = 3;

export class SqlSink implements Sink {
  readonly name: string;
  readonly #wants: (messageType: string) => boolean;
  readonly #log: Logger;
  readonly #place: Place;
  readonly #rows: RowOptions;
  readonly #db: Kysely<Database>;
  readonly #batcher: Batcher<EventRow>;
  readonly #checked: Promise<void>;
  readonly #closing = new AbortController();

  private constructor(options: SqlSinkOptions) {
    const { name, wants, log, unique, phoneKey, connections, batch } = options;
    this.name = name;
    this.#wants = wants;
    this.#log = log;
    this.#place = placeOf(options);
    this.#rows = { engine: this.#place.engine, unique, phoneKey };
    this.#db = openDatabase(this.#place, options);
    this.#batcher = new Batcher({
      ...batch,
      concurrency: connections,
      send: (rows, signal) => this.#send(rows, signal),
    });
    this.#checked = this.#check();
  }

  /**
   * Does not wait for the database: one that is down when receiptd starts may be up when it is needed.
   * @throws {UsageError} when it can never work
   */
  static open(options: SqlSinkOptions): SqlSink {
    return new SqlSink(options);
  }

  wants(messageType: string): boolean {
    return this.#wants(messageType);
  }

  async deliver(record: EventRecord, { signal }: DeliveryContext): Promise<void> {
    await this.#batcher.add(rowOf(record, this.#rows), { signal });
  }

  drain(): void {
    this.#batcher.drain();
  }

  async close(): Promise<void> {
    await this.#batcher.close();
    this.#closing.abort();
    await this.#checked;
    await this.#db.destroy();
  }

  /** What is wrong is told at once, not with the first receipt. */
  async #check(): Promise<void> {
    const { signal } = this.#closing;
    const query = this.#db.selectFrom(this.#place.name).select('id').limit(0);
    try {
      await unlessAborted(signal, () => query.execute());
    } catch (error) {
      if (signal.aborted) return;
      this.#log.warn(`sink ${this.name}: ${describeError(explained(error, this.#place.name))}`);
    }
  }

  async #send(rows: readonly EventRow[], signal: AbortSignal): Promise<(Error | undefined)[]> {
    const outcomes = new Map<EventRow, Error | undefined>();
    // All writers go by the same order, so that none waits for a row of one who waits for it.
    const sorted = rows.toSorted((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
    let failure: Error | undefined;
    try {
      for (const part of parts(sorted)) await this.#store(part, outcomes, signal);
    } catch (error) {
      failure = explained(error, this.#place.name);
    }
    return rows.map((row) => (outcomes.has(row) ? outcomes.get(row) : failure));
  }

  /**
   * Tells of every row what became of it.
   * @throws what is not about rows: no others need be tried
   */
  async #store(
    rows: readonly EventRow[],
    outcomes: Map<EventRow, Error | undefined>,
    signal: AbortSignal,
  ): Promise<void> {
    try {
      await this.#insert(rows, signal);
      for (const row of rows) outcomes.set(row, undefined);
    } catch (error) {
      const refusal = refusalOf(error);
      if (refusal === 'all') throw error;
      if (rows.length > 1 && refusal !== 'conflict') {
        const half = rows.length >> 1;
        await this.#store(rows.slice(0, half), outcomes, signal);
        await this.#store(rows.slice(half), outcomes, signal);
        return;
      }
      const why = explained(error, this.#place.name);
      const outcome =
        refusal === 'data' ? new DeadLetterError(`the database refused it: ${why.message}`) : why;
      for (const row of rows) outcomes.set(row, outcome);
    }
  }

  async #insert(rows: readonly EventRow[], signal: AbortSignal): Promise<void> {
    const { engine, name } = this.#place;
    const insert = this.#db.insertInto(name).values([...rows]);
    const query =
      engine === 'postgres'
        ? insert.onConflict((conflict) => conflict.doNothing())
        : // Unlike INSERT IGNORE it lets no other error pass.
          insert.onDuplicateKeyUpdate({ id: sql`id` });
    for (let tries = 1; ; tries += 1) {
      signal.throwIfAborted();
      try {
        await unlessAborted(signal, () => query.execute());
        return;
      } catch (error) {
        if (tries === CONFLICT_TRIES || refusalOf(error) !== 'conflict') throw error;
      }
    }
  }
}

/** As few statements as there can be. */
function parts(rows: readonly EventRow[]): EventRow[][] {
  const found: EventRow[][] = [];
  let part: EventRow[] = [];
  let characters = 0;
  for (const row of rows) {
    const more = (row.data?.length ?? 0) + (row.event_text?.length ?? 0);
    if (part.length > 0 && characters + more > STATEMENT_CHARACTERS) {
      found.push(part);
      part = [];
      characters = 0;
    }
    part.push(row);
    characters += more;
  }
  return part.length > 0 ? [...found, part] : found;
}
