/**
 * PGlite in the shape of the `pg.Pool` that BullMQ's PostgreSQL backend asks for.
 *
 * There is one connection behind it, whose statements PGlite runs one after the other, so a checked-out client is
 * the same connection again; its owner must not leave a transaction open. LISTEN goes through `db.listen`, because
 * a plain LISTEN would notify nobody, and statements without parameters through `db.exec`, because migrations are
 * many statements in one text.
 */
import { EventEmitter } from 'node:events';
import type { PGlite } from '@electric-sql/pglite';

interface QueryResult {
  // The shape BullMQ's backend declares: rows of whatever it asked for.
  // biome-ignore lint/suspicious/noExplicitAny: rows have the caller's type, as in pg
  rows: any[];
  rowCount: number;
}

const LISTEN = /^\s*LISTEN\s+"?(\w+)"?/im;

export class PgliteClient extends EventEmitter {
  protected readonly db: PGlite;
  #unlisten: (() => Promise<void>)[] = [];

  constructor(db: PGlite) {
    super();
    this.db = db;
  }

  async query(text: string, params?: readonly unknown[]): Promise<QueryResult> {
    const channel = LISTEN.exec(text)?.[1];
    if (channel !== undefined) {
      const notify = (payload: string) => this.emit('notification', { channel, payload });
      this.#unlisten.push(await this.db.listen(channel, notify));
      return { rows: [], rowCount: 0 };
    }
    const result =
      params === undefined || params.length === 0
        ? (await this.db.exec(text)).at(-1)
        : await this.db.query(text, [...params]);
    return { rows: result?.rows ?? [], rowCount: result?.affectedRows ?? 0 };
  }

  release(): void {
    for (const unlisten of this.#unlisten.splice(0)) void unlisten();
  }
}

export class PglitePool extends PgliteClient {
  /** Nothing can drop silently inside one process, so a worker may wait for a notification as long as it likes. */
  readonly options = { keepAlive: true };

  constructor(db: PGlite) {
    super(db);
    // Every queue and every worker listens for errors of the one pool.
    this.setMaxListeners(0);
  }

  async connect(): Promise<PgliteClient> {
    return new PgliteClient(this.db);
  }

  /** The database belongs to whoever opened it. */
  async end(): Promise<void> {}
}
