/** What a PostgreSQL server says of itself, and what of it is in the way of receipts. Changes nothing there. */
import type pg from 'pg';
import { type Finding, fail, ok, warn } from '../../finding.js';

const LEAST_VERSION = 130_000;

interface Facts {
  version: string;
  number: number;
  most: number;
  used: number;
  ours: number;
  standby: boolean;
  commit: string;
  there: boolean;
  maymake: boolean;
}

const ASK = `SELECT current_setting('server_version') AS version, current_setting('server_version_num')::int AS number,
  current_setting('max_connections')::int AS most,
  (SELECT count(*)::int FROM pg_stat_activity WHERE backend_type = 'client backend') AS used,
  (SELECT count(*)::int FROM pg_stat_activity WHERE application_name = 'receiptd') AS ours,
  pg_is_in_recovery() AS standby, current_setting('synchronous_commit') AS commit,
  EXISTS (SELECT FROM pg_namespace WHERE nspname = $1) AS there,
  has_database_privilege(current_database(), 'CREATE') AS maymake`;

/** @param connections that receiptd may use */
export async function judgePostgres(
  pool: Pick<pg.Pool, 'query'>,
  schema: string,
  connections: number,
): Promise<Finding> {
  const { rows } = await pool.query<Facts>(ASK, [schema]);
  const [facts] = rows;
  if (facts === undefined) return fail('PostgreSQL answered without a row');
  const { version, number, most, used, ours, standby, commit, there, maymake } = facts;
  const found = `PostgreSQL ${version.slice(0, 40)}, ${used} of ${most} connections in use, synchronous_commit ${commit}`;
  if (number < LEAST_VERSION) return fail(`${found}: too old`, 'use 13 or newer');
  if (standby) return fail(`${found}: a standby, which takes no writes`, 'name its primary in pipeline.url');
  if (!there && !maymake)
    return fail(
      `${found}: there is no schema ${schema}, and this user may not make it`,
      'GRANT CREATE ON DATABASE …, or make one that it owns',
    );
  // A daemon that runs has its connections already; one of them is this look.
  if (ours <= 1 && most - used < connections)
    return warn(
      `${found}: receiptd may use ${connections} more`,
      'raise max_connections, or lower poll.threads',
    );
  return ok(`${found}, schema ${schema} ${there ? 'is there' : 'will be made'}`);
}
