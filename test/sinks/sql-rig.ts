/** The databases that the sql sink is tested on, and the sink on one of them. */
import { pino } from 'pino';
import { DeadLetterError } from '../../src/sinks/index.js';
import { migrate, placeOf, SqlSink, type SqlSinkOptions } from '../../src/sinks/sql/index.js';
import { TestMariadb } from '../support/mariadb.js';
import { TestPostgres } from '../support/postgres.js';

export type TestDatabase = TestPostgres | TestMariadb;

export const servers = [
  {
    name: 'PostgreSQL',
    start: (...settings: string[]): Promise<TestDatabase> => TestPostgres.start(...settings),
  },
  {
    name: 'MariaDB',
    start: (...settings: string[]): Promise<TestDatabase> => TestMariadb.start(...settings),
  },
] as const;

export class SqlRig {
  readonly database: TestDatabase;
  readonly table: string;
  readonly #sinks: SqlSink[] = [];
  readonly logged: string[] = [];

  constructor(database: TestDatabase, table: string) {
    this.database = database;
    this.table = table;
  }

  migrate(): Promise<string[]> {
    return migrate(placeOf({ url: this.database.url, table: this.table }), 5_000);
  }

  open(more: Partial<SqlSinkOptions> = {}): SqlSink {
    const log = pino({ level: 'warn' }, { write: (line: string) => void this.logged.push(line) });
    const sink = SqlSink.open({
      name: 'sql',
      wants: () => true,
      log,
      url: this.database.url,
      table: this.table,
      unique: 'id',
      phoneKey: '',
      connections: 2,
      timeout: 5_000,
      batch: { size: 50, linger: 5 },
      ...more,
    });
    this.#sinks.push(sink);
    return sink;
  }

  rows<Row extends object>(what = '*', rest = ''): Promise<Row[]> {
    return this.database.query<Row>(`SELECT ${what} FROM ${this.table} ${rest}`);
  }

  async count(): Promise<number> {
    const [row] = await this.rows<{ count: number | string }>('count(*) AS count');
    return Number(row?.count);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#sinks.map((sink) => sink.close()));
  }
}

export type Outcome = 'stored' | 'dead' | 'again';

export async function outcomes(deliveries: Promise<void>[]): Promise<Outcome[]> {
  const settled = await Promise.allSettled(deliveries);
  return settled.map((result) => {
    if (result.status === 'fulfilled') return 'stored';
    return DeadLetterError.is(result.reason) ? 'dead' : 'again';
  });
}
