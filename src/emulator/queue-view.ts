/** How a queue is ordered, and what can be seen of it from outside. */
import { z } from 'zod';
import type { QueueAttributes } from './attributes.js';
import type { MessageView } from './message.js';

export interface QueueOptions extends Partial<QueueAttributes> {
  /** At most 120 letters, digits and hyphens. */
  name: string;
  /**
   * What the queue holds, e.g. `SmsReport`; a token is good for one type.
   * @default what follows the last hyphen of the name, as in `Alicom-Queue-{uid}-SmsReport`
   */
  messageType?: string;
}

const seconds = z.number().min(0).max(1_000_000_000).optional();
const queueOptions = z.strictObject({
  name: z.string(),
  messageType: z.string().optional(),
  delaySeconds: seconds,
  maximumMessageSize: z.int().min(1).optional(),
  messageRetentionPeriod: seconds,
  visibilityTimeout: seconds,
  pollingWaitSeconds: seconds,
  loggingEnabled: z.boolean().optional(),
});

/** The checked options; those that are undefined are left out. @throws {Error} names the option */
export function parseQueueOptions(options: unknown): QueueOptions {
  const result = queueOptions.safeParse(options);
  if (!result.success) {
    const [issue] = result.error.issues;
    throw new Error([issue?.path.join('.'), issue?.message ?? 'not valid'].filter(Boolean).join(': '));
  }
  const given = Object.entries(result.data).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given) as unknown as QueueOptions;
}

/** Counters of one queue, since it was made. */
export interface QueueCounters {
  visible: number;
  invisible: number;
  delayed: number;
  sent: number;
  /** Messages handed out, redeliveries included. */
  received: number;
  /** Of `received`: those that had been received before. */
  redelivered: number;
  deleted: number;
  /** Dropped at the end of the retention period. */
  expired: number;
  /** Receives that wait now. */
  waiting: number;
}

/** What tests may see of a queue. Live: reading it again gives the state of that moment. */
export interface QueueView extends Readonly<QueueCounters> {
  readonly name: string;
  readonly messageType: string;
  readonly attributes: Readonly<QueueAttributes>;
  /** Every message not deleted yet, oldest first. */
  readonly messages: readonly MessageView[];
  /** Ids in order of deletion; at least the last 100,000. */
  readonly deletedIds: readonly string[];
  counters(): QueueCounters;
}

/** The only hint that a bare name gives: `Alicom-Queue-{uid}-{MessageType}`. Empty when it gives none. */
export function messageTypeOf(queueName: string): string {
  return /-([A-Za-z]+)$/.exec(queueName)?.[1] ?? '';
}
