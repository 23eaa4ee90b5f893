/**
 * What receiptd keeps in PostgreSQL beside BullMQ's tables, in the same schema: the marks of delivered messages, and the
 * claims of events. Ids and keys are in it as fingerprints, times in ms since the epoch.
 */

/** `pg.Pool`, or PGlite in its shape. */
export interface SqlPool {
  query(text: string, params?: readonly unknown[]): Promise<{ rows: unknown[] }>;
}

/** Spells `RCPT`. */
const LOCK = 0x52435054;

/**
 * Makes the tables that are missing. Without parameters, so that it is one transaction: processes that start together
 * would else stumble over each other's CREATE.
 *
 * @param schema as it is quoted in SQL, such as `"bullmq"`
 */
export async function createTables(pool: SqlPool, schema: string): Promise<void> {
  await pool.query(`
    SELECT pg_advisory_xact_lock(${LOCK});
    CREATE TABLE IF NOT EXISTS ${schema}.receiptd_delivered (
      queue text NOT NULL,
      id uuid NOT NULL,
      expires_at bigint NOT NULL,
      PRIMARY KEY (queue, id)
    );
    CREATE TABLE IF NOT EXISTS ${schema}.receiptd_claim (
      queue text NOT NULL,
      id uuid NOT NULL,
      holder uuid NOT NULL,
      settled boolean NOT NULL,
      expires_at bigint NOT NULL,
      PRIMARY KEY (queue, id)
    );
    CREATE INDEX IF NOT EXISTS receiptd_claim_expires_at ON ${schema}.receiptd_claim (expires_at);`);
}
