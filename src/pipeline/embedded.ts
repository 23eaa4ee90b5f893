/**
 * The backend without a server: PGlite, a PostgreSQL in this process, on a durable directory. Each statement is on
 * the disk before it returns, and a directory left by a crash recovers when it is opened. It has one owner: the
 * directory stays locked while it is open.
 */
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { createPostgresBackend, Queue, runMigrations, Worker } from 'bullmq';
import { describeError, ReceiptdError } from '../errors.js';
import type { Backend, DeliveryOptions, ReceiptProcessor, ReceiptQueue, ReceiptWorker } from './backend.js';
import { bullName } from './backend.js';
import { DataDirLock } from './data-dir.js';
import { PglitePool } from './pglite-pool.js';

export class EmbeddedBackend implements Backend {
  readonly lock: DataDirLock;
  readonly #db: PGlite;
  readonly #pool: PglitePool;

  private constructor(lock: DataDirLock, db: PGlite) {
    this.lock = lock;
    this.#db = db;
    this.#pool = new PglitePool(db);
  }

  /**
   * @throws {DataDirInUseError} when another process has the directory
   * @throws {UsageError} when the directory cannot be used
   */
  static async open(dataDir: string): Promise<EmbeddedBackend> {
    const lock = await DataDirLock.take(dataDir);
    try {
      const db = await PGlite.create(join(dataDir, 'pgdata'));
      const backend = new EmbeddedBackend(lock, db);
      await runMigrations(backend.#pool);
      await db.exec('SET search_path TO bullmq');
      return backend;
    } catch (error) {
      await lock.release();
      const advice =
        'if the disk is full or the files are damaged, move the directory away: undelivered receipts are handed out again';
      throw new ReceiptdError(
        'DATA_DIR_UNREADABLE',
        `pipeline.dataDir: the database in ${dataDir} does not open (${describeError(error)}): ${advice}`,
        { cause: error },
      );
    }
  }

  queue(name: string): ReceiptQueue {
    return new Queue(bullName(name), { connection: this.#pool }, createPostgresBackend);
  }

  worker(name: string, processor: ReceiptProcessor, options: DeliveryOptions): ReceiptWorker {
    return new Worker(
      bullName(name),
      processor,
      { ...options, connection: this.#pool },
      createPostgresBackend,
    );
  }

  async close(): Promise<void> {
    await this.#db.close();
    await this.lock.release();
  }
}
