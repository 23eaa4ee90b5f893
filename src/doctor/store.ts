/** A look at the configured server that jobs are stored on, beside a daemon that uses it: nothing is changed there. */
import type { Config } from '../config/index.js';
import { type Finding, skip, warn } from '../finding.js';
import { openBackend, PostgresBackend, RedisBackend } from '../pipeline/index.js';
import type { Check } from './run-checks.js';

/** ms; more than it takes to give up connecting. */
const LIMIT_MS = 15_000;
/** Connections of a process, and of each of its threads, at most. */
const POSTGRES_PROCESS = 4;
const POSTGRES_THREAD = 13;

export function storeCheck(config: Config): Check {
  const { backend } = config.pipeline;
  const run = () => (backend === 'postgres' ? lookAtPostgres(config) : lookAtRedis(config));
  return { name: backend, limit: LIMIT_MS, run };
}

async function lookAtRedis({ pipeline }: Config): Promise<Finding> {
  const redis = await openBackend(pipeline);
  try {
    if (!(redis instanceof RedisBackend)) return skip('not looked at, as it is no Redis');
    const found = await redis.inspect();
    if (found.status !== 'ok') return found;
    const warning =
      pipeline.ackOn === 'enqueued' ? await redis.checkDurability() : await redis.durabilityWarning();
    return warning === undefined ? found : warn(`${found.found}: ${warning}`);
  } finally {
    await redis.close();
  }
}

async function lookAtPostgres({ pipeline: { url, prefix, ackOn }, poll }: Config): Promise<Finding> {
  // Not opened, as that would make its schema.
  const postgres = new PostgresBackend(url, prefix);
  try {
    const found = await postgres.inspect(POSTGRES_PROCESS + POSTGRES_THREAD * poll.threads);
    if (found.status === 'ok' && ackOn === 'enqueued') await postgres.checkDurability();
    return found;
  } finally {
    await postgres.close();
  }
}
