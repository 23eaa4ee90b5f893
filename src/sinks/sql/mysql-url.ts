/**
 * TLS in a mysql:// URL as in a postgres:// one: `sslmode` and the files `sslrootcert`, `sslcert` and `sslkey`. What
 * `mysql2` knows is JSON in the query (`?ssl={"ca":"-----BEGIN…"}`), which goes on working.
 */
import { readFileSync } from 'node:fs';
import type { SslOptions } from 'mysql2';
import { UsageError } from '../../errors.js';

const MODES = ['disable', 'no-verify', 'verify-full'] as const;
const FILES = { sslrootcert: 'ca', sslcert: 'cert', sslkey: 'key' } as const;

export interface MysqlTarget {
  uri: string;
  ssl?: SslOptions;
}

/** @throws when a file cannot be read, and {UsageError} when the mode is none */
export function mysqlTarget(text: string): MysqlTarget {
  const url = new URL(text);
  const mode = url.searchParams.get('sslmode');
  if (mode !== null && !MODES.some((known) => known === mode)) {
    throw new UsageError('SQL_URL', `sslmode must be ${MODES.join(' or ')} with mysql://, got ${mode}`);
  }
  const ssl: SslOptions = mode === 'no-verify' ? { rejectUnauthorized: false } : { verifyIdentity: true };
  let files = 0;
  for (const [name, option] of Object.entries(FILES)) {
    const path = url.searchParams.get(name);
    if (path === null) continue;
    ssl[option] = readFileSync(path, 'utf8');
    files += 1;
  }
  for (const name of ['sslmode', ...Object.keys(FILES)]) url.searchParams.delete(name);
  const encrypted = mode === null ? files > 0 : mode !== 'disable';
  return encrypted ? { uri: url.href, ssl } : { uri: url.href };
}
