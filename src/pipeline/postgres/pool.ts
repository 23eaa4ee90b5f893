/**
 * A `pg.Pool` with its listener in the shape of the pool that BullMQ's PostgreSQL backend asks for. What BullMQ checks
 * out for itself is a client that asks the pool and listens on the listener, so that the connections of a thread stay as
 * few as the pool has, and one more, however many queues there are.
 */
import { EventEmitter } from 'node:events';
import type pg from 'pg';
import type { Notification, PostgresListener } from './listener.js';

interface QueryResult {
  // The shape BullMQ's backend declares: rows of whatever it asked for.
  // biome-ignore lint/suspicious/noExplicitAny: rows have the caller's type, as in pg
  rows: any[];
  rowCount: number | null;
}

const LISTEN = /^\s*LISTEN\s+"?(\w+)"?/im;
/** ms that a worker waits for the listener before it looks for jobs without. */
const LISTEN_PATIENCE_MS = 3_000;

class PooledClient extends EventEmitter {
  readonly #pool: pg.Pool;
  readonly #listener: PostgresListener;
  readonly #onNotification = (notification: Notification) => this.emit('notification', notification);
  readonly #onError = (error: Error) => {
    this.release();
    if (this.listenerCount('error') > 0) this.emit('error', error);
  };

  constructor(pool: pg.Pool, listener: PostgresListener) {
    super();
    this.#pool = pool;
    this.#listener = listener;
  }

  async query(text: string, params?: readonly unknown[]): Promise<QueryResult> {
    const channel = LISTEN.exec(text)?.[1];
    if (channel !== undefined) {
      this.#listener.on('notification', this.#onNotification);
      this.#listener.on('error', this.#onError);
      await this.#listener.listen(channel, LISTEN_PATIENCE_MS);
      return { rows: [], rowCount: 0 };
    }
    // The name of a connection that is not its own.
    if (text.includes('application_name')) return { rows: [], rowCount: 0 };
    return this.#pool.query(text, params === undefined ? undefined : [...params]);
  }

  release(): void {
    this.#listener.off('notification', this.#onNotification);
    this.#listener.off('error', this.#onError);
  }
}

export class BullPool extends EventEmitter {
  /** Without a promise of keep-alive BullMQ lets no worker wait for a notification longer than ten seconds. */
  readonly options = { keepAlive: false };
  readonly #pool: pg.Pool;
  readonly #listener: PostgresListener;

  constructor(pool: pg.Pool, listener: PostgresListener) {
    super();
    // Every queue and every worker listens for errors of the one pool.
    this.setMaxListeners(0);
    this.#pool = pool;
    this.#listener = listener;
  }

  async query(text: string, params?: readonly unknown[]): Promise<QueryResult> {
    return this.#pool.query(text, params === undefined ? undefined : [...params]);
  }

  async connect(): Promise<PooledClient> {
    return new PooledClient(this.#pool, this.#listener);
  }

  /** The pool belongs to whoever made it. */
  async end(): Promise<void> {}
}
