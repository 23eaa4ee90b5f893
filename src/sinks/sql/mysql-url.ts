/**
 * TLS in a mysql:// URL as in a postgres:// one: `sslmode` and the files `sslrootcert`, `sslcert` and `sslkey`. What
 * `mysql2` knows is JSON in the query (`?ssl={"ca":"-----BEGIN…"}`), which goes on working; as it may hold a key, no error
 * repeats it.
 */
import { readFileSync } from 'node:fs';
import type { SslOptions } from 'mysql2';
import { UsageError } from '../../errors.js';

const MODES = ['disable', 'no-verify', 'verify-full'] as const;
/** Those of `mysql2`. */
const PROFILES = new Set(['Amazon RDS']);
const FILES = { sslrootcert: 'ca', sslcert: 'cert', sslkey: 'key' } as const;

export interface MysqlTarget {
  uri: string;
  ssl?: SslOptions | string;
}

/** @throws when a file cannot be read, and {UsageError} when the mode is none or `ssl` is nothing that can be used */
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
  const other = optionsOf(url.searchParams.get('ssl'));
  for (const name of ['ssl', 'sslmode', ...Object.keys(FILES)]) url.searchParams.delete(name);
  const encrypted = mode === null ? files > 0 : mode !== 'disable';
  const used = encrypted ? ssl : other;
  return used === undefined ? { uri: url.href } : { uri: url.href, ssl: used };
}

/** What `?ssl=` says. */
function optionsOf(text: string | null): SslOptions | string | undefined {
  if (text === null) return undefined;
  if (PROFILES.has(text)) return text;
  const value = jsonOf(text);
  if (value === false) return undefined;
  if (value === true) return { verifyIdentity: true };
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw new UsageError(
    'SQL_URL',
    `ssl must be true, false, ${[...PROFILES].join(', ')} or a JSON object of TLS options with mysql://`,
  );
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
