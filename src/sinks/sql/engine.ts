/** Which database a sink's URL names. */
import { UsageError } from '../../errors.js';

/** `mysql` is MariaDB as well. */
export type Engine = 'postgres' | 'mysql';

export interface Place {
  engine: Engine;
  url: string;
  /** PostgreSQL's schema, where the table is named with one. */
  schema: string | undefined;
  table: string;
  /** As the sink's `table` has it. */
  name: string;
}

/** @throws {UsageError} when nothing can ever be stored there */
export function placeOf({ url, table: name }: { url: string; table: string }): Place {
  const engine = /^postgres(ql)?:/.test(url) ? 'postgres' : 'mysql';
  const [table = name, schema] = name.split('.').reverse();
  if (engine === 'mysql') {
    if (schema !== undefined) {
      throw new UsageError(
        'SQL_TABLE',
        `sinks: table ${name}: with mysql:// the table must be named without its database, which is the url's path`,
      );
    }
    if (new URL(url).pathname.length < 2) {
      throw new UsageError(
        'SQL_URL',
        'sinks: the url of a mysql sink must name the database: mysql://user@host/database',
      );
    }
  }
  return { engine, url: url.replace(/^mariadb:/, 'mysql:'), schema, table, name };
}
