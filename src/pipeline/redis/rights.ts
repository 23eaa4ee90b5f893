/**
 * What a user must be allowed to do on Redis: every command that BullMQ's scripts, its queues and workers, and receiptd's
 * own scripts make, on keys that start with the prefix. Asked by queueing each of them in a transaction that is then
 * discarded: a server checks rights when a command is queued, and does nothing.
 */
import type { Redis } from 'ioredis';
import { UsageError } from '../../errors.js';

/** Each with arguments that the server takes for well-formed; `k` stands for a key. */
const NEEDED = `
  set k v, get k, del k, unlink k, exists k, persist k, pexpire k 1, pexpireat k 1, pttl k, type k, rename k k, incr k,
  incrby k 1, hset k f v, hmset k f v, hget k f, hmget k f, hgetall k, hdel k f, hexists k f, hincrby k f 1, hlen k,
  lindex k 0, llen k, lpop k, lpos k v, lpush k v, lrange k 0 0, lrem k 0 v, lset k 0 v, ltrim k 0 0, rpop k,
  rpoplpush k k, rpush k v, sadd k m, scard k, sismember k m, smembers k, srem k m, zadd k 1 m, zcard k, zcount k 0 0,
  zmscore k m, zpopmin k, bzpopmin k 1, zrange k 0 0, zrangebylex k - +, zrangebyscore k 0 0, zrem k m,
  zremrangebyrank k 0 0, zremrangebyscore k 0 0, zrevrange k 0 0, zrevrangebyscore k 0 0, zscore k m, xadd k * f v,
  xtrim k MAXLEN 1, eval s 1 k, evalsha s 1 k, time, info, wait 0 1, client|setname s`
  .split(',')
  .map((line) => line.trim().split(' '));

/** Those, and what opens and discards a transaction. */
export const NEEDED_COMMANDS: readonly string[] = [...NEEDED.map(([name = '']) => name), 'multi', 'discard'];

const SEE = 'docs/redis.md has the least that an ACL user needs';

/**
 * @param node whom nobody else uses
 * @throws {UsageError} that names the commands that are refused
 */
export async function checkRights(node: Redis, prefix: string): Promise<void> {
  const key = `${prefix}:{receiptd}:rights`;
  const refused: string[] = [];
  let keysRefused = false;
  const ask = async ([name = '', ...args]: readonly string[]) => {
    try {
      const [command = '', ...subcommand] = name.split('|');
      await node.call(command, ...subcommand, ...args.map((arg) => (arg === 'k' ? key : arg)));
    } catch (error) {
      const { message } = error as Error;
      if (/NOPERM.*\bkeys?\b/i.test(message)) keysRefused = true;
      else if (/NOPERM|unknown command/i.test(message)) refused.push(name);
      // A node answers so for keys that are another's, but after it has looked at the rights.
      else if (!/^(MOVED|CLUSTERDOWN)\b/.test(message)) throw error;
    }
  };
  await ask(['multi']);
  // Outside of a transaction they would be done.
  if (refused.length === 0) await Promise.all([...NEEDED, ['discard']].map(ask));
  if (refused.length > 0)
    throw new UsageError(
      'REDIS_RIGHTS',
      `pipeline.url: this user may not run ${refused.join(', ')} on Redis: allow it (ACL SETUSER … ${refused.map((name) => `+${name}`).join(' ')}); ${SEE}`,
    );
  if (keysRefused)
    throw new UsageError(
      'REDIS_RIGHTS',
      `pipeline.url: this user may not use keys that start with ${prefix}: on Redis: allow it (ACL SETUSER … ~${prefix}:*), or set pipeline.prefix to what it may use; ${SEE}`,
    );
}
