/**
 * Asks the store what became of messages that have been quiet for long. That a job has ended is told once, and a
 * connection that breaks in that moment loses the word; a Redis that restarts without its log loses the job itself.
 * Either would keep the replay waiting for ever.
 */
import { ReceiptdError } from '../errors.js';
import { jobIdOf, type ReceiptQueue } from '../pipeline/index.js';
import type { Ending } from './state.js';
import type { Window } from './window.js';

/**
 * @param end called for each that has ended; must take what has ended meanwhile
 * @throws {ReceiptdError} when the store does not know a message that it was given
 */
export async function reconcile(
  queue: Pick<ReceiptQueue, 'getJob'>,
  window: Pick<Window, 'get' | 'all'>,
  end: (messageId: string, ending: Ending) => void,
): Promise<void> {
  let lost = 0;
  for (const { message } of window.all) {
    const { messageId } = message;
    const job = await queue.getJob(jobIdOf(messageId));
    const state = await job?.getState();
    // What has ended since is the store's no more.
    if (window.get(messageId) === undefined) continue;
    if (job === undefined || state === 'unknown') lost += 1;
    else if (state === 'completed') end(messageId, 'delivered');
    else if (state === 'failed') end(messageId, { failed: job.failedReason ?? 'for no known reason' });
  }
  if (lost === 0) return;
  throw new ReceiptdError(
    'REPLAY_STORE_LOST',
    `the pipeline's store has lost ${lost} messages that were under way: --resume hands them off again`,
  );
}
