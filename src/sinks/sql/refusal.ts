/**
 * What an error of the database is about: one row, which others must not suffer for; a conflict with others who write, or
 * everything. And a line that says what to do.
 */
import { describeError, ReceiptdError } from '../../errors.js';

export type Refusal =
  /** This row's data, for good. */
  | 'data'
  /** Some row; a later try may succeed. */
  | 'row'
  /** Others were writing: try at once again. */
  | 'conflict'
  /** The database, whatever the rows. */
  | 'all';

/** Everything that drivers say of an error. */
interface DriverError {
  /** PostgreSQL: the SQLSTATE, or the system's error code */
  code?: unknown;
  errno?: unknown;
  sqlState?: unknown;
  errors?: unknown;
}

/** A column that receiptd leaves out must not be null: so it is of every row. */
const NOT_NULL = new Set(['23502', 1048, 1364]);
/** Data that MySQL and MariaDB refuse without one of the classes 22 and 23: incorrect value, check constraint. */
const MYSQL_DATA = new Set<unknown>([1366, 3819, 4025]);
/** Raised by somebody's trigger; a packet too large, which a smaller statement is not. */
const SOME_ROW = new Set<unknown>(['P0001', 1644, 1153]);
/** Deadlock, serialization failure. */
const CONFLICTS = new Set<unknown>(['40P01', '40001', 1213]);
/**
 * What a server says that is no longer the one to write to (a standby, one that was told to be read-only or offline) or that
 * gives this connection up; connecting anew may find the one that is. Also what cuts a connection after the answer: a
 * packet too large, a connection that was killed.
 */
const TURNED_AWAY = new Set<unknown>([1153, 1290, 1836, 1927, 3032]);
/** Broken connections, transactions that cannot go on (read-only, or failed and left open), servers that stop. */
const TURNED_AWAY_STATES = /^(?:08|25|57P)/;
const NO_TABLE = new Set<unknown>(['42P01', 1146]);
const NO_COLUMN = new Set<unknown>(['42703', 1054]);
const NO_ACCESS = new Set<unknown>(['28P01', '28000', 1045]);
const NO_PRIVILEGE = new Set<unknown>(['42501', 1044, 1142, 1143]);

export function refusalOf(error: unknown): Refusal {
  const { state, number } = codesOf(error);
  const among = (codes: ReadonlySet<unknown>) => codes.has(state) || codes.has(number);
  if (among(CONFLICTS)) return 'conflict';
  if (among(NOT_NULL)) return 'all';
  if (among(SOME_ROW)) return 'row';
  // Data exceptions, integrity constraints, limits such as an index's.
  return among(MYSQL_DATA) || /^(?:22|23|54)/.test(state ?? '') ? 'data' : 'all';
}

/** Whether the server itself answered and goes on answering: the connection is as good as before. */
export function isAnswer(error: unknown): boolean {
  const { state, number } = codesOf(error);
  return state !== undefined && !TURNED_AWAY_STATES.test(state) && !TURNED_AWAY.has(number);
}

/** Without the statement and its values, which a driver's error may carry. */
export function explained(error: unknown, table: string): ReceiptdError {
  const { state, number } = codesOf(error);
  const among = (codes: ReadonlySet<unknown>) => codes.has(state) || codes.has(number);
  const why = describeError(firstOf(error));
  if (among(NO_TABLE)) {
    return new ReceiptdError(
      'SQL_NO_TABLE',
      `there is no table ${table}, make it with: receiptd sql migrate`,
    );
  }
  if (among(NO_COLUMN)) {
    return new ReceiptdError(
      'SQL_OLD_TABLE',
      `table ${table} is of another version, bring it up to date with: receiptd sql migrate (${why})`,
    );
  }
  if (among(NO_ACCESS)) {
    return new ReceiptdError('SQL_ACCESS', `${why}: check user and password in the url of the sink`);
  }
  if (among(NO_PRIVILEGE)) {
    // MySQL and MariaDB ask for UPDATE wherever a row that is there may be met, even one that stays as it is.
    const rights = number === undefined ? 'INSERT and SELECT' : 'INSERT, SELECT and UPDATE';
    return new ReceiptdError(
      'SQL_ACCESS',
      `${why}: the user in the url of the sink needs ${rights} on ${table}, and CREATE to migrate`,
    );
  }
  if (among(NOT_NULL)) {
    return new ReceiptdError(
      'SQL_COLUMN',
      `${why}: a column that was added to ${table} must have a default or allow null`,
    );
  }
  return error instanceof ReceiptdError ? error : new ReceiptdError('SQL_FAILED', why);
}

function codesOf(error: unknown): { state: string | undefined; number: number | undefined } {
  const { code, errno, sqlState } = (firstOf(error) ?? {}) as DriverError;
  const state = typeof sqlState === 'string' ? sqlState : code;
  return {
    // The system's codes, such as EPIPE, begin with E.
    state:
      typeof state === 'string' && /^[0-9A-Z]{5}$/.test(state) && !/^E[A-Z]/.test(state) ? state : undefined,
    number: typeof errno === 'number' && errno > 0 ? errno : undefined,
  };
}

/** A host with several addresses fails with one error for each, together they say nothing. */
function firstOf(error: unknown): unknown {
  const { errors } = (error ?? {}) as DriverError;
  return Array.isArray(errors) && errors.length > 0 ? errors[0] : error;
}
