/**
 * A postgres:// URL without its `statement_timeout`, which `pg` would ask for while it connects: poolers such as PgBouncer
 * refuse a connection that does. It is set by a statement instead.
 */
import { UsageError } from '../../errors.js';

export interface PostgresTarget {
  connectionString: string;
  /** ms; 0 is for ever, undefined where the URL says nothing */
  statementTimeout: number | undefined;
}

/** The URL is not written anew: what is odd in it is for `pg` to understand. */
const PARAMETER = /(?<=[?&])statement_timeout=[^&#]*&?/g;

/** @throws {UsageError} when the time is none */
export function postgresTarget(text: string): PostgresTarget {
  const given = new URL(text).searchParams.getAll('statement_timeout').at(-1);
  if (given !== undefined && !/^\d{1,10}$/.test(given)) {
    throw new UsageError('SQL_URL', 'statement_timeout must be a number of milliseconds, without a unit');
  }
  return {
    connectionString: text.replace(PARAMETER, ''),
    statementTimeout: given === undefined ? undefined : Number(given),
  };
}
