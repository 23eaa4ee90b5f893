/**
 * The backend on a PostgreSQL server, shared by any number of threads and processes. What a statement wrote is on the
 * server's disk when it returns, as far as `synchronous_commit` says. `pipeline.prefix` names the schema that everything
 * is in; it is made, and brought up to date, by whoever opens it first.
 *
 * A thread holds at most {@link ADDING} connections for adding and asking, {@link DELIVERING} for its workers, and one on
 * which the server tells that there are jobs. Vacuuming is the server's own affair.
 */
import { Queue, quoteSchemaName, Worker } from 'bullmq';
import pg from 'pg';
import { UsageError } from '../../errors.js';
import type { Finding } from '../../finding.js';
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
import { createBackendIn } from './bull.js';
import { SqlClaims } from './claims.js';
import { judgePostgres } from './facts.js';
import { GLANCE, glanceOf } from './glance.js';
import { PostgresListener } from './listener.js';
import { SqlMarks } from './marks.js';
import { BullPool } from './pool.js';
import { REMOVE_COMPLETED, REMOVE_UNTRIED, untriedParameters } from './removal.js';
import { clientConfig, describeOpening, type PostgresPlace, prepareSchema } from './schema.js';

const ADDING = 4;
const DELIVERING = 8;
/** ms that a connection nobody uses is kept. */
const IDLE_MS = 30_000;

export interface PostgresOptions {
  /** ms until a server that does not answer is given up, and asked anew. @default 10000 */
  answerTimeout?: number;
}

export class PostgresBackend implements Backend {
  readonly #place: PostgresPlace;
  readonly #quotedSchema: string;
  readonly #adding: pg.Pool;
  readonly #delivering: pg.Pool;
  readonly #listener: PostgresListener;
  readonly #producers: BullPool;
  readonly #consumers: BullPool;
  readonly #patience = new PatienceOfQueues();

  /** Connects when it is used first, and again whenever it has to: makes no schema. */
  constructor(url: string, prefix: string, { answerTimeout = 10_000 }: PostgresOptions = {}) {
    this.#place = { url, schema: prefix };
    this.#quotedSchema = quoteSchemaName(prefix);
    const config = clientConfig(this.#place, answerTimeout);
    this.#adding = new pg.Pool({ ...config, max: ADDING, idleTimeoutMillis: IDLE_MS });
    this.#delivering = new pg.Pool({ ...config, max: DELIVERING, idleTimeoutMillis: IDLE_MS });
    // An idle connection was lost: the next call makes another, and tells what came of it.
    for (const pool of [this.#adding, this.#delivering]) pool.on('error', () => {});
    this.#listener = new PostgresListener(config, answerTimeout);
    this.#producers = new BullPool(this.#adding, this.#listener);
    this.#consumers = new BullPool(this.#delivering, this.#listener);
  }

  /**
   * @throws {UsageError} when the server refuses this user, has no such database, or is too old
   * @throws {ReceiptdError} when it cannot be reached
   */
  static async open(url: string, prefix: string, options?: PostgresOptions): Promise<PostgresBackend> {
    const place = { url, schema: prefix };
    await prepareSchema(place);
    return new PostgresBackend(url, prefix, options);
  }

  /**
   * What kind of server it is, and what of that is in the way.
   * @param connections that receiptd may use
   * @throws {ReceiptdError} when it cannot be asked
   */
  async inspect(connections: number): Promise<Finding> {
    try {
      return await judgePostgres(this.#adding, this.#place.schema, connections);
    } catch (error) {
      throw describeOpening(error, this.#place);
    }
  }

  /**
   * Makes sure that what was added is on disk when adding it returns.
   * @throws {UsageError} when it is not
   */
  async checkDurability(): Promise<undefined> {
    let setting: string | undefined;
    try {
      const { rows } = await this.#adding.query<{ synchronous_commit: string }>('SHOW synchronous_commit');
      setting = rows[0]?.synchronous_commit;
    } catch (error) {
      throw describeOpening(error, this.#place);
    }
    if (setting !== 'off') return undefined;
    throw new UsageError(
      'POSTGRES_NOT_DURABLE',
      'pipeline.ackOn: enqueued needs a store that keeps what it has confirmed, and this PostgreSQL has synchronous_commit off: set it to on (ALTER ROLE … SET synchronous_commit = on), or use ackOn: delivered',
    );
  }

  /** A statement that has returned is durable. */
  async makeDurable(): Promise<void> {}

  /** Whether a commit waits for a standby is the server's to say (`synchronous_standby_names`). */
  async replicate(): Promise<void> {}

  queue(name: string, { telemetry }: Partial<QueueTracing> = {}): ReceiptQueue {
    const queue = new Queue(
      bullName(name),
      // The table of BullMQ's own events, which nothing here reads.
      { connection: this.#producers, streams: { events: { maxLen: 100 } }, ...(telemetry && { telemetry }) },
      createBackendIn(this.#place.schema),
    );
    // Without a listener BullMQ prints stack traces. What failed is told by the call that failed.
    queue.on('error', () => {});
    return queue;
  }

  worker(name: string, processor: ReceiptProcessor, options: DeliveryOptions): ReceiptWorker {
    return new Worker(
      bullName(name),
      processor,
      { ...options, connection: this.#consumers },
      steady(createBackendIn(this.#place.schema), this.#patience.renew(name)),
    );
  }

  async removeCompleted(name: string, jobIds: readonly string[]): Promise<void> {
    await this.#adding.query(REMOVE_COMPLETED, [bullName(name), jobIds]);
  }

  async removeUntried(name: string, jobs: readonly UntriedJob[]): Promise<number> {
    const { rowCount } = await this.#adding.query(REMOVE_UNTRIED, untriedParameters(bullName(name), jobs));
    return rowCount ?? 0;
  }

  async glance(name: string): Promise<Glance> {
    const { rows } = await this.#adding.query(GLANCE, [bullName(name)]);
    return glanceOf(rows);
  }

  marks(name: string, keep?: MarksKeep): DeliveredMarks {
    const over = (pool: BullPool) => new SqlMarks(bullName(name), pool, this.#quotedSchema, { keep });
    return patientMarks(over(this.#consumers), over(this.#producers), () => this.#patience.of(name));
  }

  claims(name: string, window: number): Claims {
    const claims = new SqlClaims(bullName(name), this.#consumers, this.#quotedSchema, window);
    return patientClaims(claims, () => this.#patience.of(name));
  }

  async close(): Promise<void> {
    await Promise.all([this.#listener.close(), this.#adding.end(), this.#delivering.end()]);
  }
}
