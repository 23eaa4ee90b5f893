/** What BullMQ does one job a call, done for many in one. All keys of a call are one queue's, and so in one slot. */

/**
 * BullMQ removes one job a call, which would be an eighth of all that Redis has to do. The first key is the set of
 * completed jobs, the others are the jobs' own; the arguments are their ids.
 */
export const REMOVE_COMPLETED = `
for i, id in ipairs(ARGV) do
  if redis.call('ZREM', KEYS[1], id) == 1 then redis.call('DEL', KEYS[i + 1]) end
end`;

/**
 * The first key is the list of waiting jobs, the others are the jobs' own; the arguments are an id and what its JSON has
 * in it for each. `ats` counts how often one was taken, and a stack trace is left by any failure.
 */
export const REMOVE_UNTRIED = `
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
