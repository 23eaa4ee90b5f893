/**
 * The way to a PostgreSQL server's schema: how to connect, making the schema what this version needs, and telling people
 * what is wrong when that fails. Passwords are never told.
 */
import {
  assertSchemaCompatibility,
  LATEST_SCHEMA_VERSION,
  quoteSchemaName,
  runMigrations,
  SchemaMigrationRequiredError,
  SchemaVersionMismatchError,
  UnsupportedPostgresVersionError,
} from 'bullmq';
import pg from 'pg';
import { describeError, ReceiptdError, UsageError } from '../../errors.js';
import { isStoreTrouble } from '../outage/store-trouble.js';
import { createTables } from './tables.js';

export interface PostgresPlace {
  url: string;
  schema: string;
}

const CONNECT_TIMEOUT_MS = 5_000;
/** ms of silence after which the kernel probes a connection on which nothing is being asked. */
const KEEP_ALIVE_MS = 10_000;
/** ms that making the schema may take, with waiting for another process that makes it. */
const PREPARE_TIMEOUT_MS = 60_000;

/** @param answerTimeout ms that a statement may take, on the server and, in case that hangs, here a little longer */
export function clientConfig({ url, schema }: PostgresPlace, answerTimeout: number): pg.ClientConfig {
  const connectionString = new URL(url);
  // The URL's own options go before ours, which would be replaced by them.
  const given = connectionString.searchParams.get('options') ?? '';
  const ours = `-c search_path=${quoteSchemaName(schema)} -c statement_timeout=${answerTimeout}`;
  connectionString.searchParams.delete('options');
  return {
    connectionString: connectionString.href,
    options: `${given} ${ours}`.trim(),
    application_name: 'receiptd',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: answerTimeout + 1_000,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
  };
}

/**
 * Makes the schema, or brings it up to date, unless it is so already: then no more rights are needed than to use it.
 * Whoever comes meanwhile waits.
 *
 * @throws {UsageError} when this can never work
 * @throws {ReceiptdError} when the server cannot be reached
 */
export async function prepareSchema(place: PostgresPlace): Promise<void> {
  try {
    quoteSchemaName(place.schema);
  } catch (error) {
    throw new UsageError(
      'POSTGRES_SCHEMA',
      `pipeline.prefix: names the schema in PostgreSQL, and ${JSON.stringify(place.schema)} can be none: use letters, digits and underscores`,
      { cause: error },
    );
  }
  const client = new pg.Client(clientConfig(place, PREPARE_TIMEOUT_MS));
  client.on('error', () => {});
  try {
    await client.connect();
    if ((await versionOf(client, place.schema)) < LATEST_SCHEMA_VERSION) {
      await runMigrations(client, place.schema);
    }
    if (!(await hasOwnTables(client, place.schema)))
      await createTables(client, quoteSchemaName(place.schema));
  } catch (error) {
    throw describeOpening(error, place);
  } finally {
    await client.end().catch(() => {});
  }
}

async function versionOf(client: pg.Client, schema: string): Promise<number> {
  try {
    return await assertSchemaCompatibility(client, schema);
  } catch (error) {
    if (error instanceof SchemaMigrationRequiredError) return 0;
    throw error;
  }
}

async function hasOwnTables(client: pg.Client, schema: string): Promise<boolean> {
  const { rows } = await client.query<{ count: string }>(
    "SELECT count(*) FROM pg_tables WHERE schemaname = $1 AND tablename IN ('receiptd_delivered', 'receiptd_claim')",
    [schema],
  );
  return rows[0]?.count === '2';
}

/** What a failure to open means to the one who wrote the configuration. */
export function describeOpening(error: unknown, { url, schema }: PostgresPlace): ReceiptdError {
  const { hostname, port, pathname, username } = new URL(url);
  const server = `PostgreSQL at ${hostname || 'the local socket'}:${port || '5432'}`;
  const text = describeError(error);
  const { code } = error as { code?: unknown };
  const options = { cause: error };
  const refusal = (name: string, reason: string) => new UsageError(name, `pipeline.url: ${reason}`, options);
  if (typeof code === 'string' && code.startsWith('28'))
    return refusal('POSTGRES_AUTH', `${server} refuses the login: ${text}`);
  // `client password must be a string`: the server asks for one and the URL has none.
  if (/\bpassword must be a string\b|no password/i.test(text))
    return refusal('POSTGRES_AUTH', `${server} asks for a password, and the URL has none`);
  if (code === '3D000')
    return refusal(
      'POSTGRES_DATABASE',
      `${server} has no database ${JSON.stringify(decodeURIComponent(pathname.slice(1)) || username)}: create it, or correct the URL`,
    );
  if (code === '42501')
    return refusal(
      'POSTGRES_RIGHTS',
      `this user has too few rights (${text}): let it create the schema ${schema} (GRANT CREATE ON DATABASE …), or give it one of that name that it owns`,
    );
  if (code === '42939')
    return new UsageError(
      'POSTGRES_SCHEMA',
      `pipeline.prefix: names the schema in PostgreSQL: ${text}`,
      options,
    );
  if (error instanceof UnsupportedPostgresVersionError || error instanceof SchemaVersionMismatchError)
    return refusal('POSTGRES_VERSION', text.replace(/^BullMQ: /, ''));
  if (/does not support SSL/.test(text))
    return refusal('POSTGRES_TLS', `${server} speaks no TLS, which the URL's sslmode asks for`);
  if (isStoreTrouble(error))
    return new ReceiptdError(
      'POSTGRES_UNREACHABLE',
      `pipeline.url: no ${server} (${text}): start it, or correct pipeline.url`,
      options,
    );
  return new ReceiptdError('POSTGRES_FAILED', `pipeline.url: ${server}: ${text}`, options);
}
