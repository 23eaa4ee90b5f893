/** What a Redis says of itself, and what of it is in the way of receipts. */
import { type Finding, fail, ok, warn } from '../../finding.js';

const LEAST_VERSION = [6, 2] as const;
/** Part of `maxmemory` from which on writes may soon be refused. */
const NEARLY_FULL = 0.8;

/** @param info answer to INFO */
export function judgeRedis(info: string): Finding {
  const field = (name: string) => new RegExp(`^${name}:(.*?)\r?$`, 'm').exec(info)?.[1];
  const number = (name: string) => Number(field(name) ?? 0);
  const valkey = field('valkey_version');
  const version = field('redis_version') ?? '0';
  const policy = field('maxmemory_policy');
  const found = [
    valkey === undefined ? `Redis ${version}` : `Valkey ${valkey}`,
    field('redis_mode') ?? 'standalone',
    policy,
    field('aof_enabled') === '1' ? 'AOF' : 'no AOF',
    `${number('connected_slaves')} replica(s)`,
    `${number('connected_clients')} of ${field('maxclients') ?? '?'} clients`,
  ]
    .filter((part) => part !== undefined)
    .join(', ');
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major < LEAST_VERSION[0] || (major === LEAST_VERSION[0] && minor < LEAST_VERSION[1]))
    return fail(`${found}: too old`, `use ${LEAST_VERSION.join('.')} or newer`);
  if (field('redis_mode') === 'sentinel')
    return fail(`${found}: this is a Sentinel, which holds no data`, 'set pipeline.redis.topology: sentinel');
  if (field('role') === 'slave')
    return fail(`${found}: a replica, which takes no writes`, 'name its primary in pipeline.url');
  const [limit, used] = [number('maxmemory'), number('used_memory')];
  if (limit > 0 && used > limit * NEARLY_FULL)
    return warn(
      `${found}: ${Math.round((used / limit) * 100)} % of maxmemory is used, and writes are refused when it is full`,
      'raise maxmemory, or find out what else is stored there',
    );
  for (const name of ['aof_last_write_status', 'rdb_last_bgsave_status'])
    if (field(name) === 'err')
      return warn(
        `${found}: its last write to disk failed (${name})`,
        "look into Redis' log, and at its disk",
      );
  return ok(found);
}
