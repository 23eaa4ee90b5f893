/**
 * The marks of one queue in Redis: a sorted set of fingerprints, each with the time after which it may go. A mark costs
 * about 110 bytes, whatever the id.
 *
 * A mark outlives the confirmed delete a little, because a copy of its message may still be on its way into the
 * store: an add whose answer was lost is made again, and would find neither job nor mark.
 */
import { type DeliveredMarks, KEEP_MARKS_MS, MARKS_LINGER_MS, type MarksKeep } from '../backend.js';
import { fingerprint } from '../fingerprint.js';
import { Group } from '../group.js';
import type { RedisClient } from './connect.js';

/** Enough for what is looked for among the marks, which is only what came again. */
const CHARACTERS = 12;
/** While marks linger, so many times in that span those go whose time is over. */
const SWEEPS = 3;

export interface RedisClients {
  /** Fails fast. */
  producer: RedisClient;
  /** Waits until Redis is back. */
  consumer: RedisClient;
}

export class RedisMarks implements DeliveredMarks {
  readonly #key: string;
  readonly #clients: RedisClients;
  readonly #linger: number;
  readonly #adding: Group<string, void>;
  #sweeping: NodeJS.Timeout | undefined;
  /** ms since the epoch when the latest of them may go. */
  #lingersUntil = 0;

  /** @param linger ms that a mark outlives the delete of its message */
  constructor(
    key: string,
    clients: RedisClients,
    keep: MarksKeep = () => KEEP_MARKS_MS,
    linger = MARKS_LINGER_MS,
  ) {
    this.#key = key;
    this.#clients = clients;
    this.#linger = linger;
    this.#adding = new Group(async (messageIds) => {
      await clients.consumer.zadd(key, ...scored(messageIds, Date.now() + keep()));
      return [];
    });
  }

  add(messageId: string): Promise<void> {
    return this.#adding.add(messageId);
  }

  async has(messageId: string): Promise<boolean> {
    return (await this.#clients.consumer.zscore(this.#key, fingerprint(messageId, CHARACTERS))) !== null;
  }

  async among(messageIds: readonly string[]): Promise<ReadonlySet<string>> {
    if (messageIds.length === 0) return new Set();
    const members = messageIds.map((id) => fingerprint(id, CHARACTERS));
    const scores = await this.#clients.producer.zmscore(this.#key, ...members);
    return new Set(messageIds.filter((_, index) => scores[index] !== null));
  }

  async remove(messageIds: readonly string[]): Promise<void> {
    if (messageIds.length === 0) return;
    this.#lingersUntil = Date.now() + this.#linger;
    this.#sweepLater();
    await this.#clients.producer.zadd(this.#key, 'XX', ...scored(messageIds, this.#lingersUntil));
  }

  /** Also takes along what others left behind. A sweep that fails is made up for by the next. */
  #sweepLater(): void {
    this.#sweeping ??= setTimeout(() => {
      this.#sweeping = undefined;
      // Before the question whether more is to come, as time goes on.
      const now = Date.now();
      if (now <= this.#lingersUntil) this.#sweepLater();
      this.#clients.producer.zremrangebyscore(this.#key, '-inf', now).catch(() => {});
    }, this.#linger / SWEEPS).unref();
  }
}

function scored(messageIds: readonly string[], score: number): (number | string)[] {
  return messageIds.flatMap((id) => [score, fingerprint(id, CHARACTERS)]);
}
