/**
 * The backend for production: Redis through ioredis, shared by any number of threads and processes; one server, a Cluster,
 * or what Sentinels watch. All keys of a queue share a slot, and no call takes keys of two queues. A Redis that may evict
 * keys is refused, because it would drop receipts without a word.
 */
import { createRedisBackend, Queue, QueueKeys, Worker } from 'bullmq';
import { UsageError } from '../../errors.js';
import { type Finding, ok } from '../../finding.js';
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
import { type Checked, checkRedis, nameOf, reached, refused } from './check.js';
import { RedisClaims } from './claims.js';
import { connected, masters, type RedisClient, RedisConnector, type RedisPlace } from './connect.js';
import { checkDurability, RedisDurability } from './durability.js';
import { judgeRedis } from './facts.js';
import { glanceOf } from './glance.js';
import { RedisMarks } from './marks.js';
import { REMOVE_COMPLETED, REMOVE_UNTRIED } from './removal.js';

export class RedisBackend implements Backend {
  readonly #connector: RedisConnector;
  readonly #prefix: string;
  readonly #keys: QueueKeys;
  readonly #producer: RedisClient;
  readonly #consumer: RedisClient;
  readonly #patience = new PatienceOfQueues();
  #waiting: RedisClient | undefined;
  readonly #durabilities = new Map<string, RedisDurability>();

  /**
   * Connects at once, and again whenever it has to.
   * @param socketTimeout ms without an answer after which a connection is given up @default 20000
   * @throws {UsageError} when a file of `pipeline.redis.tls` cannot be used
   */
  constructor(place: RedisPlace, prefix: string, socketTimeout?: number) {
    this.#connector = new RedisConnector(place, socketTimeout);
    this.#prefix = prefix;
    this.#keys = new QueueKeys(prefix);
    this.#producer = this.#connector.producer();
    this.#consumer = this.#connector.consumer();
  }

  /**
   * Asks the servers whether they can be trusted with receipts.
   * @throws {UsageError} when one may evict keys, is too old, refuses this user, or is not what `topology` says
   * @throws {ReceiptdError} when there is none to be reached
   */
  check(): Promise<void> {
    return checkRedis(this.#checked);
  }

  /** What kind of servers they are, and what of that is in the way. */
  async inspect(): Promise<Finding> {
    await connected(this.#producer);
    const nodes = masters(this.#producer);
    const findings = await Promise.all(
      nodes.map(async (node) => {
        const finding = judgeRedis(await node.info());
        return nodes.length === 1
          ? finding
          : { ...finding, found: `${nameOf(node, true)}: ${finding.found}` };
      }),
    );
    return (
      findings.find(({ status }) => status !== 'ok') ?? ok(findings.map(({ found }) => found).join('; '))
    );
  }

  /** One line on what a restart of this Redis would cost; undefined when it keeps a log of its writes. */
  async durabilityWarning(): Promise<string | undefined> {
    await connected(this.#producer);
    const nodes = masters(this.#producer);
    const forgetful = await Promise.all(
      nodes.map(async (node) =>
        /^aof_enabled:0/m.test(await node.info('persistence')) ? [nameOf(node, nodes.length > 1)] : [],
      ),
    );
    const [name] = forgetful.flat();
    if (name === undefined) return undefined;
    return `pipeline.url: ${name} has no AOF (appendonly no): dead letters in it do not survive its restart; set appendonly yes`;
  }

  get #checked(): Checked {
    return { connector: this.#connector, client: this.#producer, prefix: this.#prefix };
  }

  queue(name: string, { telemetry }: Partial<QueueTracing> = {}): ReceiptQueue {
    const queue = new Queue(bullName(name), {
      connection: this.#producer,
      prefix: this.#prefix,
      ...(telemetry && { telemetry }),
      // Asked once, and a queue whose question got lost would never work; `check` has asked already.
      skipVersionCheck: true,
      // The stream of BullMQ's own events, which nothing here reads.
      streams: { events: { maxLen: 100 } },
    });
    // Without a listener BullMQ prints stack traces. What failed is told by the call that failed.
    queue.on('error', () => {});
    return queue;
  }

  worker(name: string, processor: ReceiptProcessor, options: DeliveryOptions): ReceiptWorker {
    return new Worker(
      bullName(name),
      processor,
      { ...options, connection: this.#consumer, prefix: this.#prefix },
      steady(createRedisBackend, this.#patience.renew(name)),
    );
  }

  async removeCompleted(name: string, jobIds: readonly string[]): Promise<void> {
    const key = (type: string) => this.#keys.toKey(bullName(name), type);
    const keys = [key('completed'), ...jobIds.map(key)];
    await this.#producer.eval(REMOVE_COMPLETED, keys.length, ...keys, ...jobIds);
  }

  async removeUntried(name: string, jobs: readonly UntriedJob[]): Promise<number> {
    const key = (type: string) => this.#keys.toKey(bullName(name), type);
    const keys = [key('wait'), ...jobs.map(({ id }) => key(id))];
    const args = jobs.flatMap(({ id, receiptHandle }) => [
      id,
      `"receiptHandle":${JSON.stringify(receiptHandle)}`,
    ]);
    return Number(await this.#producer.eval(REMOVE_UNTRIED, keys.length, ...keys, ...args));
  }

  glance(name: string): Promise<Glance> {
    return glanceOf(this.#producer, (type) => this.#keys.toKey(bullName(name), type));
  }

  marks(name: string, keep?: MarksKeep): DeliveredMarks {
    const clients = { producer: this.#producer, consumer: this.#consumer };
    const marks = new RedisMarks(this.#ownKey(name, 'delivered'), clients, keep);
    return patientMarks(marks, marks, () => this.#patience.of(name));
  }

  claims(name: string, window: number): Claims {
    const claims = new RedisClaims(this.#ownKey(name, 'claim'), this.#consumer, window);
    return patientClaims(claims, () => this.#patience.of(name));
  }

  async checkDurability(): Promise<string | undefined> {
    const client = this.#waitingClient();
    await reached({ ...this.#checked, client });
    try {
      const warnings = await Promise.all(
        masters(client).map((node) => checkDurability((name, ...args) => node.call(name, ...args))),
      );
      return warnings.find((warning) => warning !== undefined);
    } catch (error) {
      throw error instanceof UsageError ? error : refused(error, this.#checked);
    }
  }

  makeDurable(name: string): Promise<void> {
    return this.#durabilityOf(name).makeDurable();
  }

  async replicate(name: string): Promise<void> {
    await connected(this.#waitingClient());
    await this.#durabilityOf(name).replicate();
  }

  /** Queues lie on different nodes of a cluster; on a single server all share their waits. */
  #durabilityOf(name: string): RedisDurability {
    const marker =
      this.#connector.topology === 'cluster'
        ? this.#ownKey(name, 'durable')
        : this.#keys.toKey('receiptd', 'durable');
    const known = this.#durabilities.get(marker);
    if (known !== undefined) return known;
    const durability = new RedisDurability(this.#waitingClient(), marker);
    this.#durabilities.set(marker, durability);
    return durability;
  }

  #waitingClient(): RedisClient {
    // Each queue listens, and more than ten are no leak.
    this.#waiting ??= this.#connector.producer().setMaxListeners(0);
    return this.#waiting;
  }

  /** In the slot of the queue's jobs; a job id has a digit and no colon, and so has no key of BullMQ's own this form. */
  #ownKey(name: string, type: string): string {
    return this.#keys.toKey(bullName(name), `receiptd:${type}`);
  }

  async close(): Promise<void> {
    this.#producer.disconnect();
    this.#consumer.disconnect();
    this.#waiting?.disconnect();
  }
}
