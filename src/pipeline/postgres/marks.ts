/**
 * The marks of one queue in PostgreSQL: a row each, which counts until it expires.
 *
 * A mark outlives the confirmed delete a little, because a copy of its message may still be on its way into the store: an
 * add whose answer was lost is made again, and would find neither job nor mark.
 */
import { type DeliveredMarks, KEEP_MARKS_MS, MARKS_LINGER_MS, type MarksKeep } from '../backend.js';
import { uuidOf } from '../fingerprint.js';
import { Group } from '../group.js';
import type { SqlPool } from './tables.js';

/** ms between two looks for marks that count no more, at least. */
const SWEEP_EVERY_MS = 30_000;
/** Most that one look takes away; where there were more, the next confirmed delete looks again. */
const SWEEP_MOST = 20_000;

export interface SqlMarksOptions {
  /** How long a mark lasts that nobody removes. @default KEEP_MARKS_MS */
  keep?: MarksKeep | undefined;
  /** ms that a mark outlives the delete of its message. @default MARKS_LINGER_MS */
  linger?: number;
  /** ms @default 30000 */
  sweepEvery?: number;
}

export class SqlMarks implements DeliveredMarks {
  readonly #queue: string;
  readonly #pool: SqlPool;
  readonly #table: string;
  readonly #keep: MarksKeep;
  readonly #linger: number;
  readonly #sweepEvery: number;
  readonly #adding: Group<string, void>;
  #sweptAt = 0;

  /** @param schema as it is quoted in SQL */
  constructor(queue: string, pool: SqlPool, schema: string, options: SqlMarksOptions = {}) {
    this.#queue = queue;
    this.#pool = pool;
    this.#table = `${schema}.receiptd_delivered`;
    this.#keep = options.keep ?? (() => KEEP_MARKS_MS);
    this.#linger = options.linger ?? MARKS_LINGER_MS;
    this.#sweepEvery = options.sweepEvery ?? SWEEP_EVERY_MS;
    this.#adding = new Group(async (messageIds) => {
      await this.#add(messageIds);
      return [];
    });
  }

  add(messageId: string): Promise<void> {
    return this.#adding.add(messageId);
  }

  async has(messageId: string): Promise<boolean> {
    return (await this.among([messageId])).has(messageId);
  }

  async among(messageIds: readonly string[]): Promise<ReadonlySet<string>> {
    if (messageIds.length === 0) return new Set();
    const ids = messageIds.map(uuidOf);
    const { rows } = await this.#pool.query(
      `SELECT id::text FROM ${this.#table} WHERE queue = $1 AND id = ANY($2::uuid[]) AND expires_at > $3`,
      [this.#queue, ids, Date.now()],
    );
    const marked = new Set((rows as { id: string }[]).map(({ id }) => id));
    return new Set(messageIds.filter((_, index) => marked.has(ids[index] ?? '')));
  }

  async remove(messageIds: readonly string[]): Promise<void> {
    if (messageIds.length === 0) return;
    const now = Date.now();
    // In one order everywhere, or two calls with the same rows could wait for each other.
    await this.#pool.query(
      `UPDATE ${this.#table} SET expires_at = $3 WHERE (queue, id) IN (SELECT queue, id FROM ${this.#table}
        WHERE queue = $1 AND id = ANY($2::uuid[]) ORDER BY id FOR UPDATE)`,
      [this.#queue, messageIds.map(uuidOf), now + this.#linger],
    );
    if (now - this.#sweptAt < this.#sweepEvery) return;
    this.#sweptAt = now;
    await this.#sweep(now);
  }

  async #add(messageIds: readonly string[]): Promise<void> {
    // One statement may touch a row only once.
    const ids = [...new Set(messageIds.map(uuidOf))];
    await this.#pool.query(
      `INSERT INTO ${this.#table} (queue, id, expires_at)
        SELECT $1::text, id, $3::bigint FROM unnest($2::uuid[]) AS id ORDER BY id
        ON CONFLICT (queue, id) DO UPDATE SET expires_at = excluded.expires_at`,
      [this.#queue, ids, Date.now() + this.#keep()],
    );
  }

  /** Of all queues: there may be some that nobody polls any more. Rows in use are another's to deal with. */
  async #sweep(now: number): Promise<void> {
    const { rows } = await this.#pool.query(
      `WITH swept AS (DELETE FROM ${this.#table} WHERE ctid = ANY(ARRAY(SELECT ctid FROM ${this.#table}
        WHERE expires_at <= $1 LIMIT $2 FOR UPDATE SKIP LOCKED)) RETURNING 1)
        SELECT count(*)::int AS count FROM swept`,
      [now, SWEEP_MOST],
    );
    if (((rows as { count: number }[])[0]?.count ?? 0) >= SWEEP_MOST) this.#sweptAt = 0;
  }
}
