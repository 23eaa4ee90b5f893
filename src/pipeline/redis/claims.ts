/**
 * The claims of one queue in Redis. A key that is being delivered has a Redis key of its own, with its holder in it, that
 * Redis forgets by itself; what was delivered is in one sorted set with the time until which it counts, about 130 bytes
 * each. All of them share the slot of the queue's jobs.
 */
import { type Claim, type ClaimState, type Claims, PENDING_MS } from '../backend.js';
import { fingerprint } from '../fingerprint.js';
import { Group } from '../group.js';
import type { RedisClient } from './connect.js';

const CHARACTERS = 16;

/** KEYS: the delivered, then one for each claim. ARGV: now, pending ms, then fingerprint and holder of each claim. */
const TAKE = `
local states = {}
for i = 2, #KEYS do
  local fingerprint, holder = ARGV[2 * i - 1], ARGV[2 * i]
  local untilWhen = redis.call('ZSCORE', KEYS[1], fingerprint)
  if untilWhen and tonumber(untilWhen) > tonumber(ARGV[1]) then
    states[i - 1] = 'delivered'
  else
    local other = redis.call('GET', KEYS[i])
    if other and other ~= holder then
      states[i - 1] = 'taken'
    else
      redis.call('SET', KEYS[i], holder, 'PX', ARGV[2])
      states[i - 1] = 'mine'
    end
  end
end
return states`;

/** The same, with the end of the window in place of the pending ms. What nobody has to remember goes with it. */
const SETTLE = `
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[1])
for i = 2, #KEYS do
  redis.call('ZADD', KEYS[1], ARGV[2], ARGV[2 * i - 1])
  if redis.call('GET', KEYS[i]) == ARGV[2 * i] then redis.call('DEL', KEYS[i]) end
end`;

const RELEASE = `
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end`;

export class RedisClaims implements Claims {
  readonly #key: string;
  readonly #client: RedisClient;
  readonly #taking: Group<Claim, ClaimState>;
  readonly #settling: Group<Claim, void>;

  /** @param key what all keys begin with. @param client waits until Redis is back */
  constructor(key: string, client: RedisClient, window: number) {
    this.#key = key;
    this.#client = client;
    this.#taking = new Group(
      async (claims) => (await this.#run(TAKE, claims, PENDING_MS)) as readonly ClaimState[],
    );
    this.#settling = new Group(async (claims) => {
      await this.#run(SETTLE, claims, Date.now() + window);
      return [];
    });
  }

  take(claims: readonly Claim[]): Promise<ClaimState[]> {
    return Promise.all(claims.map((claim) => this.#taking.add(claim)));
  }

  async settle(claims: readonly Claim[]): Promise<void> {
    await Promise.all(claims.map((claim) => this.#settling.add(claim)));
  }

  async release(claims: readonly Claim[]): Promise<void> {
    await Promise.all(
      claims.map(({ key, holder }) =>
        this.#client.eval(RELEASE, 1, this.#pending(key), fingerprint(holder, CHARACTERS)),
      ),
    );
  }

  /** Those that are being delivered are forgotten by Redis itself. */
  async clear(): Promise<void> {
    await this.#client.del(this.#settled);
  }

  get #settled(): string {
    return `${this.#key}:settled`;
  }

  #run(script: string, claims: readonly Claim[], number: number): Promise<unknown> {
    const keys = [this.#settled, ...claims.map(({ key }) => this.#pending(key))];
    const values = claims.flatMap(({ key, holder }) => [
      fingerprint(key, CHARACTERS),
      fingerprint(holder, CHARACTERS),
    ]);
    return this.#client.eval(script, keys.length, ...keys, Date.now(), number, ...values);
  }

  #pending(key: string): string {
    return `${this.#key}:pending:${fingerprint(key, CHARACTERS)}`;
  }
}
