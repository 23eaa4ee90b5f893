/**
 * A look at what a queue holds, in one statement, for PostgreSQL and PGlite: each state by the index that BullMQ has for
 * it. The tables are found by the connection's `search_path`.
 */
import { GLANCE_AT_DELAYED, type Glance } from '../backend.js';

/** $1: the queue */
export const GLANCE = `
  SELECT (SELECT count(*) FROM job WHERE queue = $1 AND state = 'failed')::int AS dead,
    (SELECT min(enqueued)::float8 FROM (
      (SELECT (data->'message'->>'enqueueTime')::float8 AS enqueued FROM job
        WHERE queue = $1 AND state = 'waiting' ORDER BY priority, seq LIMIT 1)
      UNION ALL
      (SELECT (data->'message'->>'enqueueTime')::float8 FROM job
        WHERE queue = $1 AND state = 'active' ORDER BY added_at_ms LIMIT 1)
      UNION ALL
      (SELECT (data->'message'->>'enqueueTime')::float8 FROM (
        SELECT data, added_at_ms FROM job WHERE queue = $1 AND state = 'delayed'
          ORDER BY process_at_ms LIMIT ${GLANCE_AT_DELAYED}) AS later
        ORDER BY added_at_ms LIMIT 1)
    ) AS oldest) AS oldest`;

export function glanceOf([row]: readonly unknown[]): Glance {
  const { dead = 0, oldest } = (row ?? {}) as { dead?: number; oldest?: number | null };
  return { deadLetters: dead, oldestUndeliveredAt: oldest ?? 0 };
}
