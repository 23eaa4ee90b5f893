/**
 * The deliverer of one queue in one slice, wired up: what becomes of a message is told to all who count it, show it, say it
 * or delete it.
 */
import type { Logger } from 'pino';
import type { Acknowledger } from '../ack/index.js';
import { describeError } from '../errors.js';
import { maskPhones } from '../mask.js';
import {
  type DeliveredMarks,
  Deliverer,
  dedupeOf,
  isAcknowledged,
  type ReceiptQueue,
  type StoredJob,
} from '../pipeline/index.js';
import type { MessageOrigin } from '../receipts/index.js';
import type { QueueStats } from '../stats.js';
import { room } from './apart.js';
import type { QueueRunnerOptions } from './queue-runner.js';
import type { RecentEvents } from './recent-events.js';
import type { Troubles } from './troubles.js';
import type { Visibility } from './visibility.js';

export interface DeliveringParts {
  origin: MessageOrigin;
  store: ReceiptQueue;
  marks: DeliveredMarks;
  acknowledger: Acknowledger;
  visibility: Visibility | undefined;
  stats: QueueStats;
  recent: RecentEvents;
  troubles: Troubles;
  log: Logger;
  /** Aborts when the queue is about to end. */
  stopping: AbortSignal;
  /** Told of each job that is taken out of the store, where another process has put it there. */
  onTaken(job: StoredJob): void;
}

export function delivererOf(
  { config, queue: { queueName }, slices, backend, sinks, tracing, hardStop }: QueueRunnerOptions,
  { acknowledger, visibility, stats, recent, troubles, log, ...parts }: DeliveringParts,
): Deliverer {
  const most = config.pipeline.maxInFlight / slices;
  return new Deliverer({
    backend,
    queue: parts.store,
    origin: parts.origin,
    sinks,
    concurrency: config.pipeline.concurrency,
    attempts: config.pipeline.attempts,
    stats,
    marks: parts.marks,
    dedupe: dedupeOf(config.dedupe, (window) => backend.claims(queueName, window)),
    signal: hardStop,
    telemetry: tracing.telemetry,
    ...(config.role === 'deliver' && {
      onTaken: parts.onTaken,
      room: () => room(most, () => acknowledger.unsettled, parts.stopping),
    }),
    onFinished: (message) => {
      if (!isAcknowledged(message)) acknowledger.add(tracing.finished(message));
    },
    onDelivered: () => troubles.clear('deliver'),
    onEvents: (job, outcomes) => recent.add(job, outcomes),
    onRetry: (error) => troubles.report('deliver', error),
    onRetryScheduled: (message, dueAt) => visibility?.retryScheduled(message, dueAt),
    onDead: (messageId, cause) => {
      troubles.gaveUp(cause);
      log.warn({ messageId, reason: maskPhones(cause) }, 'dead letter: not delivered, kept in the store');
    },
    onError: (error) => log.debug({ error: describeError(error) }, 'delivery worker'),
  });
}
