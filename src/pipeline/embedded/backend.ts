/**
 * The backend without a server: PGlite, a PostgreSQL in this process, on a directory. What a statement wrote is with the
 * operating system when it returns, so it survives whatever happens to the process, and a directory left by a crash
 * recovers when it is opened; a machine that loses power may damage it, because PGlite cannot sync files. It has one
 * owner: the directory stays locked while it is open.
 */
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { createPostgresBackend, Queue, runMigrations, Worker } from 'bullmq';
import { describeError, ReceiptdError, UsageError } from '../../errors.js';
import type {
  Backend,
  Claims,
  DeliveredMarks,
  DeliveryOptions,
  Glance,
  MarksKeep,
  QueueTracing,
  ReceiptProcessor,
  ReceiptQueue,
  ReceiptWorker,
  UntriedJob,
} from '../backend.js';
import { bullName } from '../backend.js';
import { PatienceOfQueues } from '../outage/patience.js';
import { patientClaims, patientMarks } from '../outage/patient-memory.js';
import { steady } from '../outage/steady-backend.js';
import { SqlClaims } from '../postgres/claims.js';
import { GLANCE, glanceOf } from '../postgres/glance.js';
import { SqlMarks } from '../postgres/marks.js';
import { REMOVE_COMPLETED, REMOVE_UNTRIED, untriedParameters } from '../postgres/removal.js';
import { createTables } from '../postgres/tables.js';
import { DataDirLock } from './data-dir.js';
import { PglitePool } from './pglite-pool.js';

/** ms between two looks at whether there is something to tidy up. */
const TIDY_EVERY_MS = 60_000;

/** BullMQ's own default. */
const SCHEMA = 'bullmq';

export class EmbeddedBackend implements Backend {
  readonly lock: DataDirLock;
  readonly #db: PGlite;
  readonly #pool: PglitePool;
  readonly #patience = new PatienceOfQueues();
  readonly #tidying: NodeJS.Timeout;
  #tidiedAt = '';

  private constructor(lock: DataDirLock, db: PGlite) {
    this.lock = lock;
    this.#db = db;
    this.#pool = new PglitePool(db);
    // A statement of a database that is closing fails, and nothing is lost by it.
    this.#tidying = setInterval(() => void this.tidy().catch(() => {}), TIDY_EVERY_MS);
    this.#tidying.unref();
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
      await db.exec(`SET search_path TO ${SCHEMA}`);
      await createTables(backend.#pool, SCHEMA);
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

  queue(name: string, { telemetry }: Partial<QueueTracing> = {}): ReceiptQueue {
    const queue = new Queue(
      bullName(name),
      { connection: this.#pool, ...(telemetry && { telemetry }) },
      createPostgresBackend,
    );
    // Without a listener BullMQ prints stack traces. What failed is told by the call that failed.
    queue.on('error', () => {});
    return queue;
  }

  worker(name: string, processor: ReceiptProcessor, options: DeliveryOptions): ReceiptWorker {
    return new Worker(
      bullName(name),
      processor,
      { ...options, connection: this.#pool },
      steady(createPostgresBackend, this.#patience.renew(name)),
    );
  }

  async removeCompleted(name: string, jobIds: readonly string[]): Promise<void> {
    await this.#db.query(REMOVE_COMPLETED, [bullName(name), jobIds]);
  }

  async removeUntried(name: string, jobs: readonly UntriedJob[]): Promise<number> {
    const { affectedRows } = await this.#db.query(REMOVE_UNTRIED, untriedParameters(bullName(name), jobs));
    return affectedRows ?? 0;
  }

  /**
   * Gives the room of finished jobs back. PGlite has neither autovacuum nor a checkpointer, so without this the
   * directory would grow with every receipt that ever passed through it. Does nothing when nothing was written.
   */
  async tidy(): Promise<void> {
    const { rows } = await this.#db.query<{ lsn: string }>('SELECT pg_current_wal_lsn()::text AS lsn');
    if (rows[0]?.lsn === this.#tidiedAt) return;
    await this.#db.exec('VACUUM');
    await this.#db.exec('CHECKPOINT');
    const after = await this.#db.query<{ lsn: string }>('SELECT pg_current_wal_lsn()::text AS lsn');
    this.#tidiedAt = after.rows[0]?.lsn ?? '';
  }

  async glance(name: string): Promise<Glance> {
    const { rows } = await this.#db.query(GLANCE, [bullName(name)]);
    return glanceOf(rows);
  }

  marks(name: string, keep?: MarksKeep): DeliveredMarks {
    const marks = new SqlMarks(bullName(name), this.#pool, SCHEMA, { keep });
    return patientMarks(marks, marks, () => this.#patience.of(name));
  }

  claims(name: string, window: number): Claims {
    const claims = new SqlClaims(bullName(name), this.#pool, SCHEMA, window);
    return patientClaims(claims, () => this.#patience.of(name));
  }

  async checkDurability(): Promise<undefined> {
    throw new UsageError(
      'EMBEDDED_NOT_DURABLE',
      'pipeline.ackOn: enqueued needs a store that survives the loss of power: backend redis with AOF, or postgres',
    );
  }

  async makeDurable(): Promise<void> {}

  async replicate(): Promise<void> {}

  async close(): Promise<void> {
    clearInterval(this.#tidying);
    await this.#db.close();
    await this.lock.release();
  }
}
