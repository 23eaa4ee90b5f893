/** The pipeline: from hand-off to the finished delivery, on BullMQ over one of several stores. */

import type { Backend, PipelineConfig } from './backend.js';
import { EmbeddedBackend } from './embedded/backend.js';
import { PostgresBackend } from './postgres/backend.js';
import { RedisBackend } from './redis/backend.js';

export type {
  Backend,
  DeliveredMarks,
  Glance,
  PipelineConfig,
  ReceiptQueue,
  StoredJob,
  UntriedJob,
} from './backend.js';
export { DeadLetters } from './dead-letters/dead-letters.js';
export type {
  DeadLetterCount,
  DeadLetterDesk,
  DeadLetterOutcome,
  DeadLetterPage,
  DeadLetterRange,
  DeadLetterSelection,
  ExportFormat,
} from './dead-letters/desk.js';
export type { DeadLetter, DeadLetterSummary } from './dead-letters/entry.js';
export type { DeadLetterFilter } from './dead-letters/filter.js';
export { type Dedupe, dedupeOf } from './dedupe.js';
export { Deliverer } from './deliver.js';
export { EmbeddedBackend } from './embedded/backend.js';
export { DataDirInUseError, DataDirLock, type DataDirOwner } from './embedded/data-dir.js';
export { EnqueuedHandOff, isAcknowledged } from './enqueued.js';
export { HandOff } from './hand-off.js';
export { type Envelope, jobIdOf, type ReceiptJob } from './job.js';
export { describeStoreError } from './outage/store-trouble.js';
export { PostgresBackend } from './postgres/backend.js';
export { RedisBackend } from './redis/backend.js';

/**
 * Opens the configured store.
 * @throws {UsageError} when it can never work; {ReceiptdError} when it may work later
 */
export async function openBackend(config: PipelineConfig): Promise<Backend> {
  if (config.backend === 'embedded') return EmbeddedBackend.open(config.dataDir);
  if (config.backend === 'postgres') return PostgresBackend.open(config.url, config.prefix);
  const redis = new RedisBackend(config, config.prefix);
  try {
    await redis.check();
    return redis;
  } catch (error) {
    await redis.close();
    throw error;
  }
}
