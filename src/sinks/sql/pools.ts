/**
 * Connections that cannot hang: a statement that is not answered in time, or that nobody waits for any longer, fails, and
 * its connection is cut, as are those that broke. The pools of `pg` and `mysql2` would keep such a connection, and with it every statement that gets it next.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { Kysely, MysqlDialect, type MysqlPool, PostgresDialect, type PostgresPool } from 'kysely';
import mysql from 'mysql2';
import pg from 'pg';
import { describeError, ReceiptdError, UsageError } from '../../errors.js';
import type { Place } from './engine.js';
import { mysqlTarget } from './mysql-url.js';
import { type PostgresTarget, postgresTarget } from './postgres-url.js';
import { isAnswer } from './refusal.js';
import type { EventsTable } from './row.js';

/** Any table, by its name. */
export type Database = Record<string, EventsTable>;

export interface PoolOptions {
  connections: number;
  /** ms that connecting may take, and that a statement may take; 0 for statements is for ever */
  timeout: number;
  statementTimeout?: number;
}

/** The server is asked to give up first, as that leaves the connection whole. */
const GRACE_MS = 1_000;
const IDLE_MS = 60_000;

/** Kysely hands no signal on to the connection. */
const abandon = new AsyncLocalStorage<AbortSignal>();

/**
 * Runs statements that are of no use once the signal aborts: they fail then, and the connection that is busy with one is
 * cut. The database may have carried it out all the same.
 */
export function unlessAborted<T>(signal: AbortSignal, statements: () => Promise<T>): Promise<T> {
  return abandon.run(signal, statements);
}

/**
 * Does not connect yet.
 * @throws {UsageError} when the URL says something that cannot be
 */
export function openDatabase(place: Place, options: PoolOptions): Kysely<Database> {
  try {
    if (place.engine === 'mysql') {
      const pool = mysqlPool(place.url, options);
      return new Kysely({ dialect: new MysqlDialect({ pool }) });
    }
    const target = postgresTarget(place.url);
    // Parses the URL and reads the files it names, which a pool does not do before it connects.
    new pg.Client({ connectionString: target.connectionString });
    return new Kysely({ dialect: new PostgresDialect({ pool: postgresPool(target, options) }) });
  } catch (error) {
    throw new UsageError('SQL_URL', `sinks: url of a sql sink: ${describeError(error)}`);
  }
}

function postgresPool(
  { connectionString, statementTimeout: asked }: PostgresTarget,
  { connections, timeout, statementTimeout = timeout }: PoolOptions,
): PostgresPool {
  const limit = asked ?? (statementTimeout > 0 ? statementTimeout : undefined);
  const pool = new pg.Pool({
    connectionString,
    max: connections,
    connectionTimeoutMillis: timeout,
    idleTimeoutMillis: IDLE_MS,
    keepAlive: true,
    fallback_application_name: 'receiptd',
    ...(limit !== undefined && {
      verify(client: pg.PoolClient, done: (error?: Error) => void) {
        // Whoever made room for this connection may not be the one who waits for it.
        abandon.exit(() => {
          inTime(client.query(`SET statement_timeout = ${limit}`), timeout).then(() => done(), done);
        });
      },
    }),
  });
  // A connection that breaks says so wherever it is; whoever uses it hears it from the statement.
  pool.on('error', () => {});
  pool.on('connect', (client) => client.on('error', () => {}));
  return {
    async connect() {
      const client = await unlessGivenUp(pool.connect());
      let broken = false;
      return {
        async query(sql: string, parameters: readonly unknown[]) {
          try {
            return await inTime(client.query(sql, [...parameters]), statementTimeout);
          } catch (error) {
            broken ||= !isAnswer(error);
            throw error;
          }
        },
        release: () => client.release(broken),
      } as unknown as Awaited<ReturnType<PostgresPool['connect']>>;
    },
    end: () => pool.end(),
  };
}

function mysqlPool(
  uri: string,
  { connections, timeout, statementTimeout = timeout }: PoolOptions,
): MysqlPool {
  const pool = mysql.createPool({
    ...mysqlTarget(uri),
    charset: 'utf8mb4',
    connectionLimit: connections,
    connectTimeout: timeout,
    idleTimeout: IDLE_MS,
    enableKeepAlive: true,
    trace: false,
  });
  const lockTimeout = Math.max(1, Math.ceil(statementTimeout / 1000));
  const session = [
    // Values are escaped with backslashes, and none may be cut to fit.
    "sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION'",
    "time_zone = '+00:00'",
    ...(statementTimeout > 0
      ? [`innodb_lock_wait_timeout = ${lockTimeout}`, `lock_wait_timeout = ${lockTimeout}`]
      : []),
  ];
  pool.on('connection', (connection) => {
    connection.on('error', () => {});
    // Goes out before anything else on this connection.
    connection.query(`SET SESSION ${session.join(', ')}`, (error) => {
      if (error) connection.destroy();
    });
  });
  return {
    getConnection(callback) {
      const connecting = new Promise<mysql.PoolConnection>((resolve, reject) => {
        pool.getConnection((refused, connection) => (refused ? reject(refused) : resolve(connection)));
      });
      const connected = (connection: mysql.PoolConnection) => {
        let broken = false;
        const timed = {
          query(sql: string, parameters: unknown[], done: (error: unknown, result: unknown) => void) {
            const answer = new Promise((resolve, reject) => {
              connection.query(sql, parameters, (error, result) => (error ? reject(error) : resolve(result)));
            });
            inTime(answer, statementTimeout).then(
              (result) => done(null, result),
              (error) => {
                broken ||= !isAnswer(error);
                done(error, undefined);
              },
            );
          },
          release: () => (broken ? connection.destroy() : connection.release()),
        };
        callback(undefined, timed as unknown as Parameters<typeof callback>[1]);
      };
      unlessGivenUp(connecting).then(connected, (error) => callback(error, undefined as never));
    },
    end: (callback) => pool.end(callback),
  };
}

/** Puts a connection back that comes when nobody waits for it any longer; pools know when it does not come in time. */
async function unlessGivenUp<C extends { release(): void }>(connecting: Promise<C>): Promise<C> {
  try {
    return await inTime(connecting, 0);
  } catch (error) {
    connecting.then(
      (late) => late.release(),
      () => {},
    );
    throw error;
  }
}

/** Fails when the answer is late (never with a timeout of 0), or when nobody waits for it any longer. */
async function inTime<T>(answer: Promise<T>, timeout: number): Promise<T> {
  const signal = abandon.getStore();
  let timer: NodeJS.Timeout | undefined;
  let onAbort = () => {};
  const failure = new Promise<never>((_, reject) => {
    if (timeout > 0) {
      timer = setTimeout(
        () => reject(new ReceiptdError('SQL_TIMEOUT', `the database did not answer within ${timeout} ms`)),
        timeout + Math.min(timeout, GRACE_MS),
      );
    }
    onAbort = () => reject(new ReceiptdError('SQL_ABANDONED', 'the database was not waited for'));
    signal?.addEventListener('abort', onAbort);
    if (signal?.aborted) onAbort();
  });
  return Promise.race([answer, failure]).finally(() => {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
  });
}
