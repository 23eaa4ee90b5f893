/**
 * The table of a sql sink, and how it comes to be. Every statement does nothing where its work is done already: a
 * migration that was cut short is run again, and a table that a DBA made from the printed statements is left as it is.
 */
import { CompiledQuery, type Migration, Migrator, sql } from 'kysely';
import type { Place } from './engine.js';
import { openDatabase } from './pools.js';
import { explained } from './refusal.js';

/** In the order of their names; one that was released is never changed. */
const migrations: Record<string, (place: Place) => readonly string[]> = {
  '0001_events': (place) => (place.engine === 'postgres' ? postgresEvents(place) : mysqlEvents(place)),
};

const SEARCHED = ['idempotencykey', 'time', 'biz_id', 'call_id', 'out_id', 'phone_hash', 'peer_hash'];

/** The statements for a DBA, as one script. */
export function migrationScript(place: Place): string {
  const statements = Object.values(migrations).flatMap((statementsOf) => statementsOf(place));
  return statements.map((statement) => `${statement};\n`).join('\n');
}

/**
 * Makes the table or brings it up to date; whoever else does the same is waited for.
 * @returns the names of the migrations that were run, none when there was nothing to do
 * @throws {ReceiptdError}
 */
export async function migrate(place: Place, timeout: number): Promise<string[]> {
  const db = openDatabase(place, { connections: 1, timeout, statementTimeout: 0 });
  try {
    const migrator = new Migrator({
      db,
      provider: { getMigrations: async () => migrationsOf(place) },
      migrationTableName: `${place.table}_migrations`,
      migrationLockTableName: `${place.table}_migrations_lock`,
      ...(place.engine === 'postgres' && {
        // Without it a table of the same name in any other schema would be taken for this one's.
        migrationTableSchema: place.schema ?? (await currentSchema(db)),
      }),
    });
    const { error, results = [] } = await migrator.migrateToLatest();
    if (error !== undefined) throw error;
    return results.map(({ migrationName }) => migrationName);
  } catch (error) {
    throw explained(error, place.name);
  } finally {
    await db.destroy();
  }
}

function migrationsOf(place: Place): Record<string, Migration> {
  return Object.fromEntries(
    Object.entries(migrations).map(([name, statementsOf]): [string, Migration] => [
      name,
      {
        async up(db) {
          for (const statement of statementsOf(place)) await db.executeQuery(CompiledQuery.raw(statement));
        },
      },
    ]),
  );
}

async function currentSchema(db: ReturnType<typeof openDatabase>): Promise<string> {
  const { rows } = await sql<{ schema: string | null }>`select current_schema() as schema`.execute(db);
  const schema = rows[0]?.schema;
  if (typeof schema === 'string') return schema;
  throw new Error(
    "the user's search_path names no schema that exists: give the sink's table with its schema",
  );
}

function postgresEvents({ schema, table }: Place): string[] {
  const events = schema === undefined ? `"${table}"` : `"${schema}"."${table}"`;
  const index = (column: string, unique = '') =>
    `CREATE ${unique}INDEX IF NOT EXISTS "${table}_${column}" ON ${events} ("${column}")` +
    (column === 'time' ? '' : ` WHERE "${column}" IS NOT NULL`);
  return [
    ...(schema === undefined ? [] : [postgresSchema(schema)]),
    `CREATE TABLE IF NOT EXISTS ${events} (
  "id" text COLLATE "C" PRIMARY KEY,
  "source" text NOT NULL,
  "type" text NOT NULL,
  "messagetype" text NOT NULL,
  "subject" text,
  "idempotencykey" text COLLATE "C",
  "time" timestamptz NOT NULL,
  "queuename" text NOT NULL,
  "dequeuecount" integer NOT NULL,
  "enqueuedat" timestamptz NOT NULL,
  "insertedat" timestamptz NOT NULL DEFAULT now(),
  "biz_id" text,
  "call_id" text,
  "out_id" text,
  "phone_hash" text COLLATE "C",
  "peer_hash" text COLLATE "C",
  "data" jsonb,
  "event_text" text,
  "dedupe_key" text COLLATE "C"
)`,
    index('dedupe_key', 'UNIQUE '),
    ...SEARCHED.map((column) => index(column)),
  ];
}

/** IF NOT EXISTS would ask for the right to make schemas, even of the owner of the one that is there. */
function postgresSchema(schema: string): string {
  const missing = `to_regnamespace('"${schema}"') IS NULL`;
  return `DO $$ BEGIN IF ${missing} THEN CREATE SCHEMA "${schema}"; END IF; END $$`;
}

/** All in one statement: MySQL has no transactions around them. */
function mysqlEvents({ table }: Place): string[] {
  const ascii = (length: number) => `varchar(${length}) CHARACTER SET ascii COLLATE ascii_bin`;
  const keys = SEARCHED.map((column) => `  KEY \`${table}_${column}\` (\`${column}\`)`);
  return [
    `CREATE TABLE IF NOT EXISTS \`${table}\` (
  \`id\` ${ascii(255)} NOT NULL,
  \`source\` varchar(1024) NOT NULL,
  \`type\` varchar(255) NOT NULL,
  \`messagetype\` varchar(255) NOT NULL,
  \`subject\` varchar(255),
  \`idempotencykey\` ${ascii(255)},
  \`time\` datetime(3) NOT NULL,
  \`queuename\` varchar(255) NOT NULL,
  \`dequeuecount\` integer NOT NULL,
  \`enqueuedat\` datetime(3) NOT NULL,
  \`insertedat\` datetime(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  \`biz_id\` varchar(255),
  \`call_id\` varchar(255),
  \`out_id\` varchar(255),
  \`phone_hash\` ${ascii(64)},
  \`peer_hash\` ${ascii(64)},
  \`data\` json,
  \`event_text\` longtext,
  \`dedupe_key\` ${ascii(255)},
  PRIMARY KEY (\`id\`),
  UNIQUE KEY \`${table}_dedupe_key\` (\`dedupe_key\`),
${keys.join(',\n')}
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`,
  ];
}
