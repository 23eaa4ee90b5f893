/** The claims of one queue in PostgreSQL: a row each, which counts until it expires, delivered or not. */
import { type Claim, type ClaimState, type Claims, PENDING_MS } from '../backend.js';
import { uuidOf } from '../fingerprint.js';
import { Group } from '../group.js';
import type { SqlPool } from './tables.js';

/** ms between two looks for rows that count no more, at least. */
const SWEEP_EVERY_MS = 60_000;

export class SqlClaims implements Claims {
  readonly #queue: string;
  readonly #pool: SqlPool;
  readonly #table: string;
  readonly #window: number;
  readonly #taking: Group<Claim, ClaimState>;
  readonly #settling: Group<Claim, void>;
  #sweptAt = 0;

  /** @param schema as it is quoted in SQL */
  constructor(queue: string, pool: SqlPool, schema: string, window: number) {
    this.#queue = queue;
    this.#pool = pool;
    this.#table = `${schema}.receiptd_claim`;
    this.#window = window;
    this.#taking = new Group((claims) => this.#take(claims));
    this.#settling = new Group(async (claims) => {
      await this.#settle(claims);
      return [];
    });
  }

  take(claims: readonly Claim[]): Promise<ClaimState[]> {
    return Promise.all(claims.map((claim) => this.#taking.add(claim)));
  }

  async settle(claims: readonly Claim[]): Promise<void> {
    await Promise.all(claims.map((claim) => this.#settling.add(claim)));
  }

  async release(claims: readonly Claim[]): Promise<void> {
    const [ids, holders] = columns(claims);
    await this.#pool.query(
      `DELETE FROM ${this.#table} AS claim USING unnest($2::uuid[], $3::uuid[]) AS mine (id, holder)
        WHERE claim.queue = $1 AND claim.id = mine.id AND claim.holder = mine.holder AND NOT claim.settled`,
      [this.#queue, ids, holders],
    );
  }

  async clear(): Promise<void> {
    await this.#pool.query(`DELETE FROM ${this.#table} WHERE queue = $1`, [this.#queue]);
  }

  async #take(claims: readonly Claim[]): Promise<ClaimState[]> {
    const now = Date.now();
    const first = firstOfEach(claims);
    const [ids, holders] = columns([...first.values()]);
    // A row that is free by now, or mine already, is taken over; any other is left as it is and not returned.
    const taken = await this.#pool.query(
      `INSERT INTO ${this.#table} AS claim (queue, id, holder, settled, expires_at)
        SELECT $1::text, id, holder, false, $4::bigint FROM unnest($2::uuid[], $3::uuid[]) AS mine (id, holder) ORDER BY id
        ON CONFLICT (queue, id) DO UPDATE
        SET holder = excluded.holder, settled = false, expires_at = excluded.expires_at
        WHERE claim.expires_at <= $5 OR (NOT claim.settled AND claim.holder = excluded.holder)
        RETURNING id::text`,
      [this.#queue, ids, holders, now + PENDING_MS, now],
    );
    const mine = idsOf(taken.rows);
    const others = ids.filter((id) => !mine.has(id));
    const settled = others.length === 0 ? new Set() : await this.#settledAmong(others);
    return claims.map(({ key, holder }) => {
      const id = uuidOf(key);
      if (settled.has(id)) return 'delivered';
      return mine.has(id) && first.get(key)?.holder === holder ? 'mine' : 'taken';
    });
  }

  async #settledAmong(ids: readonly string[]): Promise<ReadonlySet<string>> {
    const { rows } = await this.#pool.query(
      `SELECT id::text FROM ${this.#table} WHERE queue = $1 AND id = ANY($2::uuid[]) AND settled`,
      [this.#queue, ids],
    );
    return idsOf(rows);
  }

  async #settle(claims: readonly Claim[]): Promise<void> {
    const now = Date.now();
    const [ids, holders] = columns([...firstOfEach(claims).values()]);
    await this.#pool.query(
      `INSERT INTO ${this.#table} (queue, id, holder, settled, expires_at)
        SELECT $1::text, id, holder, true, $4::bigint FROM unnest($2::uuid[], $3::uuid[]) AS mine (id, holder) ORDER BY id
        ON CONFLICT (queue, id) DO UPDATE
        SET holder = excluded.holder, settled = true, expires_at = excluded.expires_at`,
      [this.#queue, ids, holders, now + this.#window],
    );
    if (now - this.#sweptAt < SWEEP_EVERY_MS) return;
    this.#sweptAt = now;
    // It is settled, whatever comes of this; rows in use are another's to deal with.
    await this.#pool
      .query(
        `DELETE FROM ${this.#table} WHERE (queue, id) IN (SELECT queue, id FROM ${this.#table}
          WHERE expires_at <= $1 FOR UPDATE SKIP LOCKED)`,
        [now],
      )
      .catch(() => {});
  }
}

/** One statement may touch a row only once. */
function firstOfEach(claims: readonly Claim[]): ReadonlyMap<string, Claim> {
  const first = new Map<string, Claim>();
  for (const claim of claims) if (!first.has(claim.key)) first.set(claim.key, claim);
  return first;
}

function columns(claims: readonly Claim[]): [ids: string[], holders: string[]] {
  return [claims.map(({ key }) => uuidOf(key)), claims.map(({ holder }) => uuidOf(holder))];
}

function idsOf(rows: readonly unknown[]): ReadonlySet<string> {
  return new Set((rows as { id: string }[]).map(({ id }) => id));
}
