/**
 * The backend for production: Redis through ioredis, shared by any number of threads and processes. A Redis that may
 * evict keys is refused, because it would drop receipts without a word.
 */
import { createRedisBackend, Queue, QueueKeys, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { describeError, ReceiptdError, UsageError } from '../../errors.js';
import type { Finding } from '../../finding.js';
import type {
  Backend,
  Claims,
  DeliveredMarks,
  DeliveryOptions,
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
import { RedisClaims } from './claims.js';
import { RedisDurability } from './durability.js';
import { judgeRedis } from './facts.js';
import { RedisMarks } from './marks.js';

/** ms between tries to reconnect: quick at first, so that a restart is hardly noticed. */
const RECONNECT_CAP_MS = 2_000;

/**
 * ms without an answer after which a connection is given up for dead: a machine that vanished, a firewall that forgot it.
 * Longer than an idle worker's call blocks in Redis, which is 10 s at most.
 */
const SOCKET_TIMEOUT_MS = 20_000;
/** The same for a connection on which nothing blocks. */
const PRODUCER_TIMEOUT_MS = 8_000;
/** ms of silence after which the kernel probes a connection on which nothing is being asked. */
const KEEP_ALIVE_MS = 10_000;

/**
 * BullMQ removes one job a call, which would be an eighth of all that Redis has to do. The first key is the set of
 * completed jobs, the others are the jobs' own; the arguments are their ids.
 */
const REMOVE_COMPLETED = `
for i, id in ipairs(ARGV) do
  if redis.call('ZREM', KEYS[1], id) == 1 then redis.call('DEL', KEYS[i + 1]) end
end`;

/**
 * The first key is the list of waiting jobs, the others are the jobs' own; the arguments are an id and what its JSON has
 * in it for each. `ats` counts how often one was taken, and a stack trace is left by any failure.
 */
const REMOVE_UNTRIED = `
local removed = 0
for i = 1, #KEYS - 1 do
  local id = ARGV[2 * i - 1]
  local data = redis.call('HGET', KEYS[i + 1], 'data')
  local same = data and string.find(data, ARGV[2 * i], 1, true)
  local tried = redis.call('HEXISTS', KEYS[i + 1], 'ats') + redis.call('HEXISTS', KEYS[i + 1], 'stacktrace')
  if same and tried == 0 and redis.call('LREM', KEYS[1], 1, id) == 1 then
    redis.call('DEL', KEYS[i + 1])
    removed = removed + 1
  end
end
return removed`;

export class RedisBackend implements Backend {
  readonly #prefix: string;
  readonly #keys: QueueKeys;
  readonly #producer: Redis;
  readonly #consumer: Redis;
  #durable: { client: Redis; durability: RedisDurability } | undefined;
  readonly #patience = new PatienceOfQueues();

  constructor(url: string, prefix: string, socketTimeout = SOCKET_TIMEOUT_MS) {
    this.#prefix = prefix;
    this.#keys = new QueueKeys(prefix);
    const retryStrategy = (times: number) => Math.min(50 * 2 ** Math.min(times, 10), RECONNECT_CAP_MS);
    // After a failover the same address leads to another server, so a connection to one that is read-only is of no use.
    const reconnectOnError = (error: Error) => error.message.startsWith('READONLY');
    const common = { retryStrategy, reconnectOnError, keepAlive: KEEP_ALIVE_MS };
    // Adding fails at once while Redis is away, so that polling stops; MNS keeps the backlog meanwhile. And nothing is sent
    // again by itself on another connection: an add may have been done, and what it added delivered and forgotten; a wait
    // for a replica would ask a server that has nothing to wait for.
    this.#producer = new Redis(url, {
      ...common,
      maxRetriesPerRequest: 0,
      enableOfflineQueue: false,
      commandTimeout: PRODUCER_TIMEOUT_MS,
      socketTimeout: Math.min(socketTimeout, PRODUCER_TIMEOUT_MS),
    });
    this.#consumer = new Redis(url, { ...common, maxRetriesPerRequest: null, socketTimeout });
    // Each failed try to connect says so here; whoever uses the connection learns of it by its own call.
    for (const client of [this.#producer, this.#consumer]) client.on('error', () => {});
  }

  /**
   * Asks the server whether it can be trusted with receipts.
   * @throws {UsageError} when it may evict keys, or refuses this user
   * @throws {ReceiptdError} when it cannot be reached
   */
  async check(): Promise<void> {
    let memory: string;
    try {
      await connected(this.#producer);
      memory = await this.#producer.info('memory');
    } catch (error) {
      throw this.#refusal(error);
    }
    const policy = /maxmemory_policy:(\S+)/.exec(memory)?.[1];
    if (policy !== undefined && policy !== 'noeviction') {
      throw new UsageError(
        'REDIS_EVICTS',
        `pipeline.url: this Redis has maxmemory-policy ${policy} and may drop receipts: set it to noeviction`,
      );
    }
  }

  #refusal(error: unknown): ReceiptdError {
    const { host, port } = this.#producer.options;
    const text = describeError(error);
    if (/WRONGPASS|NOAUTH|NOPERM/.test(text)) {
      return new UsageError(
        'REDIS_AUTH',
        `pipeline.url: Redis at ${host}:${port} refuses the login: ${text}`,
      );
    }
    return new ReceiptdError(
      'REDIS_UNREACHABLE',
      `pipeline.url: no Redis at ${host}:${port} (${text}): start it, or correct pipeline.url`,
      { cause: error },
    );
  }

  /** What kind of server it is, and what of that is in the way. */
  async inspect(): Promise<Finding> {
    await connected(this.#producer);
    return judgeRedis(await this.#producer.info());
  }

  /** One line on what a restart of this Redis would cost; undefined when it keeps a log of its writes. */
  async durabilityWarning(): Promise<string | undefined> {
    await connected(this.#producer);
    const persistence = await this.#producer.info('persistence');
    if (!/^aof_enabled:0/m.test(persistence)) return undefined;
    return 'pipeline.url: this Redis has no AOF (appendonly no): dead letters in it do not survive its restart; set appendonly yes';
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
    const { client, durability } = this.#durably();
    try {
      await connected(client);
      return await durability.check();
    } catch (error) {
      throw error instanceof UsageError ? error : this.#refusal(error);
    }
  }

  makeDurable(): Promise<void> {
    return this.#durably().durability.makeDurable();
  }

  #durably(): { client: Redis; durability: RedisDurability } {
    if (this.#durable === undefined) {
      const client = this.#producer.duplicate();
      client.on('error', () => {});
      const durability = new RedisDurability(client, this.#keys.toKey('receiptd', 'durable'));
      this.#durable = { client, durability };
    }
    return this.#durable;
  }

  /** In the slot of the queue's jobs; a job id has a digit and no colon, and so has no key of BullMQ's own this form. */
  #ownKey(name: string, type: string): string {
    return this.#keys.toKey(bullName(name), `receiptd:${type}`);
  }

  async close(): Promise<void> {
    this.#producer.disconnect();
    this.#consumer.disconnect();
    this.#durable?.client.disconnect();
  }
}

/** Resolves when the client is ready; rejects with what the first try to connect failed with, or when it is closed. */
function connected(client: Redis): Promise<void> {
  if (client.status === 'ready') return Promise.resolve();
  return new Promise((resolve, reject) => {
    const settle = (act: () => void) => {
      client.off('ready', onReady);
      client.off('error', onError);
      client.off('end', onEnd);
      act();
    };
    const onReady = () => settle(resolve);
    const onError = (error: Error) => settle(() => reject(error));
    const onEnd = () => onError(new Error('the connection was closed'));
    client.on('ready', onReady);
    client.on('error', onError);
    client.on('end', onEnd);
  });
}
