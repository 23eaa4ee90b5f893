/**
 * Removing many jobs of BullMQ's tables in one statement, in PostgreSQL and in PGlite: BullMQ removes one a call, and each
 * call has to reach the disk. The tables are found by the connection's `search_path`.
 */
import type { UntriedJob } from '../backend.js';

/** $1: the queue, $2: ids */
export const REMOVE_COMPLETED = "DELETE FROM job WHERE queue = $1 AND id = ANY($2) AND state = 'completed'";

/** Its parameters are {@link untriedParameters}. */
export const REMOVE_UNTRIED = `DELETE FROM job USING unnest($2::text[], $3::text[]) AS known (id, handle)
  WHERE job.queue = $1 AND job.id = known.id AND job.state = 'waiting' AND job.attempts_started = 0
  AND job.data->'message'->>'receiptHandle' = known.handle`;

export function untriedParameters(
  queue: string,
  jobs: readonly UntriedJob[],
): [queue: string, ids: string[], handles: string[]] {
  return [queue, jobs.map(({ id }) => id), jobs.map(({ receiptHandle }) => receiptHandle)];
}
