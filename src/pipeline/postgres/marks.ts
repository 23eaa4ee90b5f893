/** The marks of one queue in PostgreSQL: a row each, gone as soon as the delete of its message is confirmed. */
import { type DeliveredMarks, KEEP_MARKS_MS } from '../backend.js';
import { uuidOf } from '../fingerprint.js';
import { Group } from '../group.js';
import type { SqlPool } from './tables.js';

/** Marks whose delete is never confirmed are few: looking for them now and then is enough. */
const SWEEP_EVERY_MS = 10 * 60_000;

export class SqlMarks implements DeliveredMarks {
  readonly #queue: string;
  readonly #pool: SqlPool;
  readonly #table: string;
  readonly #keep: number;
  readonly #adding: Group<string, void>;
  #sweptAt = 0;

  /** @param schema as it is quoted in SQL */
  constructor(queue: string, pool: SqlPool, schema: string, keep = KEEP_MARKS_MS) {
    this.#keep = keep;
    this.#queue = queue;
    this.#pool = pool;
    this.#table = `${schema}.receiptd_mark`;
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
      `SELECT id::text FROM ${this.#table} WHERE queue = $1 AND id = ANY($2::uuid[])`,
      [this.#queue, ids],
    );
    const marked = new Set((rows as { id: string }[]).map(({ id }) => id));
    return new Set(messageIds.filter((_, index) => marked.has(ids[index] ?? '')));
  }

  async remove(messageIds: readonly string[]): Promise<void> {
    if (messageIds.length === 0) return;
    // In one order everywhere, or two calls with the same rows could wait for each other.
    await this.#pool.query(
      `DELETE FROM ${this.#table} WHERE (queue, id) IN (SELECT queue, id FROM ${this.#table}
        WHERE queue = $1 AND id = ANY($2::uuid[]) ORDER BY id FOR UPDATE)`,
      [this.#queue, messageIds.map(uuidOf)],
    );
  }

  async #add(messageIds: readonly string[]): Promise<void> {
    const now = Date.now();
    await this.#pool.query(
      `INSERT INTO ${this.#table} (queue, id, marked_at)
        SELECT $1::text, id, $3::bigint FROM unnest($2::uuid[]) AS id ORDER BY id ON CONFLICT DO NOTHING`,
      [this.#queue, messageIds.map(uuidOf), now],
    );
    if (now - this.#sweptAt < SWEEP_EVERY_MS) return;
    this.#sweptAt = now;
    // The marks are set, whatever comes of this.
    await this.#pool
      .query(`DELETE FROM ${this.#table} WHERE queue = $1 AND marked_at < $2`, [
        this.#queue,
        now - this.#keep,
      ])
      .catch(() => {});
  }
}
