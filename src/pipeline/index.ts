/** The pipeline: from hand-off to the finished delivery, on BullMQ over one of several stores. */

import { UsageError } from '../errors.js';
import type { Backend, PipelineConfig } from './backend.js';
import { EmbeddedBackend } from './embedded.js';
import { RedisBackend } from './redis.js';

export type { Backend, PipelineConfig, ReceiptQueue } from './backend.js';
export { DataDirInUseError, DataDirLock, type DataDirOwner } from './data-dir.js';
export {
  type DeadLetter,
  type DeadLetterDesk,
  type DeadLetterOutcome,
  type DeadLetterPage,
  type DeadLetterSelection,
  type DeadLetterSummary,
  DeadLetters,
} from './dead-letters.js';
export { Deliverer } from './deliver.js';
export { EmbeddedBackend } from './embedded.js';
export { HandOff } from './hand-off.js';
export { type Envelope, jobIdOf, type ReceiptJob } from './job.js';
export { RedisBackend } from './redis.js';

/**
 * Opens the configured store.
 * @throws {UsageError} when it can never work; {ReceiptdError} when it may work later
 */
export async function openBackend(config: PipelineConfig): Promise<Backend> {
  if (config.backend === 'embedded') return EmbeddedBackend.open(config.dataDir);
  if (config.backend === 'postgres')
    throw new UsageError('BACKEND', 'pipeline.backend: postgres is not built yet');
  const redis = new RedisBackend(config.url, config.prefix);
  try {
    await redis.check();
    return redis;
  } catch (error) {
    await redis.close();
    throw error;
  }
}
