/** Does the database answer, and is the table there as this version needs it? Stores nothing. */
import { type Kysely, sql } from 'kysely';
import { type Finding, fail, ok } from '../../finding.js';
import { placeOf } from './engine.js';
import { type Database, openDatabase, unlessAborted } from './pools.js';
import { explained } from './refusal.js';
import type { EventsTable } from './row.js';
import type { SqlSinkOptions } from './sink.js';

const COLUMNS = Object.keys({
  id: true,
  source: true,
  type: true,
  messagetype: true,
  subject: true,
  idempotencykey: true,
  time: true,
  queuename: true,
  dequeuecount: true,
  enqueuedat: true,
  insertedat: true,
  biz_id: true,
  call_id: true,
  out_id: true,
  phone_hash: true,
  peer_hash: true,
  data: true,
  event_text: true,
  dedupe_key: true,
} satisfies Record<keyof EventsTable, true>) as (keyof EventsTable)[];

/** @throws {ReceiptdError} that says what to do, where the database itself says what is wrong */
export async function checkSql(
  config: Pick<SqlSinkOptions, 'url' | 'table' | 'timeout'>,
  signal: AbortSignal,
): Promise<Finding> {
  const place = placeOf(config);
  const db = openDatabase(place, { connections: 1, timeout: config.timeout });
  try {
    return await unlessAborted(signal, async () => {
      const { rows } = await sql<{ version: string }>`select version() as version`.execute(db);
      await db.selectFrom(place.name).select(COLUMNS).limit(0).execute();
      const found = `${serverOf(rows[0]?.version ?? '')}, table ${place.name} is there`;
      if (place.engine === 'postgres' && !(await mayInsert(db, place.name)))
        return fail(`${found}, and may not be written to`, `GRANT INSERT ON ${place.name} TO …`);
      return ok(found);
    });
  } catch (error) {
    const told = explained(error, place.name);
    if (told.code !== 'SQL_FAILED') throw told;
    return fail(told.message, "check the sink's url, and that the database runs and lets this machine in");
  } finally {
    // Waits for what is under way, which may be what never ends.
    void db.destroy().catch(() => {});
  }
}

async function mayInsert(db: Kysely<Database>, table: string): Promise<boolean> {
  const name = table
    .split('.')
    .map((part) => `"${part}"`)
    .join('.');
  const { rows } = await sql<{ may: boolean }>`select has_table_privilege(${name}, 'INSERT') as may`.execute(
    db,
  );
  return rows[0]?.may === true;
}

/** `PostgreSQL 16.3 (Debian …) on …`, `10.11.6-MariaDB-0+deb12u1`, `8.4.2` */
function serverOf(version: string): string {
  const postgres = /^PostgreSQL \S+/.exec(version)?.[0];
  const number = /^\d[\d.]*/.exec(version)?.[0] ?? '';
  return postgres ?? `${/MariaDB/i.test(version) ? 'MariaDB' : 'MySQL'} ${number}`;
}
