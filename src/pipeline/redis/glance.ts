/**
 * A look at what a queue holds, in one call: the end of its waiting list, which is the oldest there, and of the jobs that
 * are under way or wait for a retry the one that came first. A job's data is read for at most one of each.
 */
import { GLANCE_AT_DELAYED, type Glance } from '../backend.js';
import type { RedisClient } from './connect.js';

/** KEYS: wait, paused, active, delayed, failed. ARGV: what a job's key begins with, how many of the delayed. */
const GLANCE = `
local function enqueued(id)
  local data = id and redis.call('HGET', ARGV[1] .. id, 'data')
  return data and string.match(data, '"enqueueTime":(%d+)') or '0'
end
local function first(ids)
  local oldest, least
  for _, id in ipairs(ids) do
    local added = tonumber(redis.call('HGET', ARGV[1] .. id, 'timestamp'))
    if added and (least == nil or added < least) then oldest, least = id, added end
  end
  return oldest
end
return {
  redis.call('ZCARD', KEYS[5]),
  enqueued(redis.call('LINDEX', KEYS[1], -1)),
  enqueued(redis.call('LINDEX', KEYS[2], -1)),
  enqueued(first(redis.call('LRANGE', KEYS[3], 0, -1))),
  enqueued(first(redis.call('ZRANGE', KEYS[4], 0, ARGV[2] - 1)))
}`;

/** @param key of a type of BullMQ's, in the queue */
export async function glanceOf(client: RedisClient, key: (type: string) => string): Promise<Glance> {
  const keys = ['wait', 'paused', 'active', 'delayed', 'failed'].map(key);
  const answer = await client.eval(GLANCE, keys.length, ...keys, key(''), GLANCE_AT_DELAYED);
  const [deadLetters = 0, ...times] = (answer as (number | string)[]).map(Number);
  const known = times.filter((time) => time > 0);
  return { deadLetters, oldestUndeliveredAt: known.length === 0 ? 0 : Math.min(...known) };
}
