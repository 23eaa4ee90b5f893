/** The dead letters of the configured queues: look at them, try them again, or drop them. */
import { maskPhones } from '../mask.js';
import { type ReceiptEvent, toEvent } from '../receipts/index.js';
import type { ReceiptQueue, StoredJob } from './backend.js';
import { jobIdOf, type ReceiptJob } from './job.js';

const PAGE = 100;

/** One line of the list. */
export interface DeadLetterSummary {
  messageId: string;
  queueName: string;
  /** Why it was given up, one line; phone numbers masked. */
  reason: string;
  attempts: number;
  /** RFC 3339 in UTC */
  diedAt: string;
  /** RFC 3339 in UTC */
  enqueuedAt: string;
}

/** All that is known of one. */
export interface DeadLetter extends DeadLetterSummary {
  /** Absent when the message could not be decoded, or has several. */
  event?: ReceiptEvent;
  /** Of a message that has several. */
  events?: ReceiptEvent[];
  /** The body as received; only when it could not be decoded. */
  body?: string;
  /** The errors of the latest attempts, the last one last. */
  errors: string[];
}

export interface DeadLetterPage {
  /** Of all queues asked for. */
  total: number;
  deadLetters: DeadLetterSummary[];
}

/** Which dead letters: these, or all (of one queue). */
export type DeadLetterSelection = { messageIds: string[] } | { all: true; queueName?: string | undefined };

export interface DeadLetterOutcome {
  /** How many it was done to. */
  done: number;
  /** Those that are no dead letters (any more). */
  missing: string[];
}

/** What can be done with dead letters, whoever holds the store. */
export interface DeadLetterDesk {
  /** Newest first within a queue. */
  list(options: { queueName?: string | undefined; limit: number }): Promise<DeadLetterPage>;
  show(messageId: string): Promise<DeadLetter | undefined>;
  /** Back into the pipeline with all their attempts. */
  retry(selection: DeadLetterSelection): Promise<DeadLetterOutcome>;
  /** Gone for good. */
  drop(selection: DeadLetterSelection): Promise<DeadLetterOutcome>;
}

/** The desk of whoever has the store open. */
export class DeadLetters implements DeadLetterDesk {
  readonly #queues: ReadonlyMap<string, ReceiptQueue>;

  constructor(queues: ReadonlyMap<string, ReceiptQueue>) {
    this.#queues = queues;
  }

  async list({
    queueName,
    limit,
  }: {
    queueName?: string | undefined;
    limit: number;
  }): Promise<DeadLetterPage> {
    let total = 0;
    const deadLetters: DeadLetterSummary[] = [];
    for (const [name, queue] of this.#selected(queueName)) {
      total += (await queue.getJobCounts('failed')).failed ?? 0;
      const room = limit - deadLetters.length;
      if (room > 0) deadLetters.push(...(await deadJobs(queue, room)).map((job) => summary(job, name)));
    }
    return { total, deadLetters };
  }

  async show(messageId: string): Promise<DeadLetter | undefined> {
    const found = await this.#find(messageId);
    if (found === undefined) return undefined;
    const { content } = found.job.data;
    return {
      ...summary(found.job, found.queueName),
      ...whatIsIn(content),
      errors: found.job.stacktrace ?? [],
    };
  }

  retry(selection: DeadLetterSelection): Promise<DeadLetterOutcome> {
    return this.#each(selection, (job) =>
      job.retry('failed', { resetAttemptsMade: true, resetAttemptsStarted: true }),
    );
  }

  drop(selection: DeadLetterSelection): Promise<DeadLetterOutcome> {
    return this.#each(selection, (job) => job.remove());
  }

  async #each(
    selection: DeadLetterSelection,
    act: (job: StoredJob) => Promise<void>,
  ): Promise<DeadLetterOutcome> {
    if ('messageIds' in selection) {
      const messageIds = new Set(selection.messageIds);
      const missing: string[] = [];
      for (const messageId of messageIds) {
        const found = await this.#find(messageId);
        if (found === undefined) missing.push(messageId);
        else await act(found.job);
      }
      return { done: messageIds.size - missing.length, missing };
    }
    let done = 0;
    for (const [, queue] of this.#selected(selection.queueName)) {
      // Only what is dead now: one that dies again meanwhile is left alone.
      const before = Date.now();
      for (;;) {
        const page = (await deadJobs(queue, PAGE, true)).filter((job) => (job.finishedOn ?? 0) <= before);
        for (const job of page) await act(job);
        done += page.length;
        if (page.length < PAGE) break;
      }
    }
    return { done, missing: [] };
  }

  #selected(queueName: string | undefined): [string, ReceiptQueue][] {
    return [...this.#queues].filter(([name]) => queueName === undefined || name === queueName);
  }

  async #find(messageId: string): Promise<{ job: StoredJob; queueName: string } | undefined> {
    for (const [queueName, queue] of this.#queues) {
      const job = await queue.getJob(jobIdOf(messageId));
      if (job !== undefined && (await job.isFailed())) return { job, queueName };
    }
    return undefined;
  }
}

function whatIsIn(content: ReceiptJob['content']): Pick<DeadLetter, 'event' | 'events' | 'body'> {
  if ('undecodable' in content) return { body: content.undecodable };
  const events = content.events.map((event) => toEvent(event));
  const [event] = events;
  return events.length === 1 && event !== undefined ? { event } : { events };
}

async function deadJobs(queue: ReceiptQueue, limit: number, oldestFirst = false): Promise<StoredJob[]> {
  const jobs = await queue.getJobs(['failed'], 0, limit - 1, oldestFirst);
  // One that was retried or dropped while the list was read is missing from it.
  return jobs.filter((job) => job !== undefined && job !== null);
}

function summary(job: StoredJob, queueName: string): DeadLetterSummary {
  const { message } = job.data;
  return {
    messageId: message.messageId,
    queueName,
    reason: maskPhones((job.failedReason ?? '').replace(/\s+/g, ' ')),
    attempts: job.attemptsMade,
    diedAt: new Date(job.finishedOn ?? 0).toISOString(),
    enqueuedAt: new Date(message.enqueueTime).toISOString(),
  };
}
