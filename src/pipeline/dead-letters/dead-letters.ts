/**
 * The dead letters of the configured queues: look at them, try them again, drop or export them. However many there are, a
 * page of them is held at a time. What changes them takes one after the other, and each as a whole, so that it may end
 * anywhere and be repeated; only what was dead when it began is touched.
 */
import type { Config } from '../../config/index.js';
import { UsageError } from '../../errors.js';
import type { Backend, ReceiptQueue, StoredJob } from '../backend.js';
import { jobIdOf } from '../job.js';
import type {
  DeadLetterCount,
  DeadLetterDesk,
  DeadLetterOutcome,
  DeadLetterPage,
  DeadLetterRange,
  DeadLetterSelection,
  ExportFormat,
} from './desk.js';
import {
  type DeadLetter,
  type DeadLetterOrigin,
  type DeadLetterSummary,
  letterLine,
  letterOf,
  messageTypeOf,
  reasonOf,
  replayableLine,
  summaryOf,
} from './entry.js';
import { type DeadLetterFilter, DeadLetterSieve, isSelective, timeOf } from './filter.js';
import { mentions } from './mentions.js';
import { DeadWalk, diedAt, newestDeath, PAGE } from './walk.js';

/** Calls to the store at a time. */
const TOGETHER = 16;
/** What BullMQ says of a job that is gone, or not dead any more. */
const NOT_DEAD: ReadonlySet<unknown> = new Set([-1, -3]);

interface Found {
  job: StoredJob;
  origin: DeadLetterOrigin;
}

/** The desk of whoever has the store open. */
export class DeadLetters implements DeadLetterDesk {
  readonly queues: ReadonlyMap<string, ReceiptQueue>;
  readonly #origins: ReadonlyMap<string, Omit<DeadLetterOrigin, 'queueName'>>;

  /** @param origins of messages that do not say it themselves, by queue */
  constructor(
    queues: ReadonlyMap<string, ReceiptQueue>,
    origins: ReadonlyMap<string, Omit<DeadLetterOrigin, 'queueName'>> = new Map(),
  ) {
    this.queues = queues;
    this.#origins = origins;
  }

  static open(backend: Backend, { queues, endpoints }: Pick<Config, 'queues' | 'endpoints'>): DeadLetters {
    const mnsHost = new URL(endpoints.mns).host;
    return new DeadLetters(
      new Map(queues.map(({ queueName }) => [queueName, backend.queue(queueName)])),
      new Map(queues.map(({ queueName, messageType }) => [queueName, { messageType, mnsHost }])),
    );
  }

  /** The queues, not their backend. */
  async close(): Promise<void> {
    await Promise.all([...this.queues.values()].map((queue) => queue.close()));
  }

  async list({ limit, ...filter }: DeadLetterFilter & { limit: number }): Promise<DeadLetterPage> {
    const sieve = new DeadLetterSieve(filter);
    const selective = isSelective(filter);
    let total = 0;
    let newest: DeadLetterSummary[] = [];
    for (const [name, queue] of this.#selected(filter.queueName)) {
      const origin = this.#originOf(name);
      const walk = new DeadWalk(queue, {
        oldestFirst: false,
        since: sieve.since,
        until: sieve.until,
        ...(!selective && { page: Math.min(PAGE, limit) }),
      });
      const found: DeadLetterSummary[] = [];
      if (!selective) total += (await queue.getJobCounts('failed')).failed ?? 0;
      while (selective || found.length < limit) {
        const page = await walk.next();
        if (page === undefined) break;
        const meant = sieve.select(page, (job) => traitsOf(job, origin));
        if (selective) total += meant.length;
        found.push(...meant.slice(0, limit - found.length).map((job) => summaryOf(job, origin)));
      }
      newest = [...newest, ...found].sort((a, b) => Date.parse(b.diedAt) - Date.parse(a.diedAt));
      newest = newest.slice(0, limit);
    }
    return { total, deadLetters: newest };
  }

  async count(range: DeadLetterRange): Promise<DeadLetterCount> {
    const asOf = timeOf('asOf', range.asOf) ?? (await this.#newest(range.queueName));
    const queues: Record<string, number> = {};
    let total = 0;
    const until = new Date(asOf).toISOString();
    for await (const { jobs, origin } of this.#pages({ ...range, asOf: until })) {
      queues[origin.queueName] = (queues[origin.queueName] ?? 0) + jobs.length;
      total += jobs.length;
    }
    return { total, queues, asOf: until };
  }

  async show(messageId: string): Promise<DeadLetter | undefined> {
    const found = await this.#find(messageId);
    return found && letterOf(found.job, found.origin);
  }

  retry(selection: DeadLetterSelection, signal?: AbortSignal): Promise<DeadLetterOutcome> {
    return this.#each(selection, putBack, signal);
  }

  drop(selection: DeadLetterSelection, signal?: AbortSignal): Promise<DeadLetterOutcome> {
    return this.#each(selection, remove, signal);
  }

  async *export(
    selection: DeadLetterSelection,
    format: ExportFormat,
    signal?: AbortSignal,
  ): AsyncGenerator<string> {
    const lineOf = format === 'json' ? letterLine : replayableLine;
    if ('messageIds' in selection) {
      const done = new Set<string>();
      for (const id of selection.messageIds) {
        signal?.throwIfAborted();
        const found = await this.#find(id, timeOf('asOf', selection.asOf));
        const { messageId = '' } = found?.job.data.message ?? {};
        if (found === undefined || done.has(messageId)) continue;
        done.add(messageId);
        yield lineOf(found.job, found.origin);
      }
      return;
    }
    for await (const { jobs, origin } of this.#pages(selection)) {
      for (const job of jobs) {
        signal?.throwIfAborted();
        yield lineOf(job, origin);
      }
    }
  }

  async #each(
    selection: DeadLetterSelection,
    act: (job: StoredJob) => Promise<boolean>,
    signal?: AbortSignal,
  ): Promise<DeadLetterOutcome> {
    return 'messageIds' in selection
      ? this.#eachOf(selection.messageIds, timeOf('asOf', selection.asOf), act, signal)
      : this.#eachIn(selection, act, signal);
  }

  async #eachOf(
    ids: readonly string[],
    asOf: number | undefined,
    act: (job: StoredJob) => Promise<boolean>,
    signal?: AbortSignal,
  ): Promise<DeadLetterOutcome> {
    const missing: string[] = [];
    const touched = new Set<string>();
    for (const id of new Set(ids)) {
      if (signal?.aborted) return { done: touched.size, missing, stopped: true };
      // Another event of a message that it was done to.
      if (messageIdsOf(id).some((messageId) => touched.has(messageId))) continue;
      const found = await this.#find(id, asOf);
      if (found !== undefined && (await act(found.job))) touched.add(found.job.data.message.messageId);
      else missing.push(id);
    }
    return { done: touched.size, missing };
  }

  async #eachIn(
    range: DeadLetterRange,
    act: (job: StoredJob) => Promise<boolean>,
    signal?: AbortSignal,
  ): Promise<DeadLetterOutcome> {
    if (range.all !== true && range.queueName === undefined && !isSelective(range))
      throw new UsageError('DEAD_SELECTION', 'name the dead letters by id, by a filter, or say all');
    let done = 0;
    for await (const { jobs, walk } of this.#pages(range)) {
      for (let start = 0; start < jobs.length; start += TOGETHER) {
        if (signal?.aborted) return { done, missing: [], stopped: true };
        const acted = await Promise.all(jobs.slice(start, start + TOGETHER).map(act));
        const count = acted.filter(Boolean).length;
        walk.gone(count);
        done += count;
      }
    }
    return { done, missing: [] };
  }

  /** Never more of a queue than it has now, lest one that keeps dying by a clock that is slow is met for ever. */
  async *#pages(
    range: DeadLetterRange,
  ): AsyncGenerator<{ jobs: StoredJob[]; origin: DeadLetterOrigin; walk: DeadWalk }> {
    const { queueName, asOf: until, ...filter } = range;
    const asOf = timeOf('asOf', until);
    const sieve = new DeadLetterSieve(filter);
    const walks: { walk: DeadWalk; origin: DeadLetterOrigin; left: number }[] = [];
    for (const [name, queue] of this.#selected(queueName)) {
      const { failed: left = 0 } = await queue.getJobCounts('failed');
      if (left === 0) continue;
      const walk = new DeadWalk(queue, {
        oldestFirst: true,
        since: sieve.since,
        until: sieve.until,
        asOf: asOf ?? (await newestDeath(queue)),
      });
      walks.push({ walk, origin: this.#originOf(name), left });
    }
    for (const { walk, origin, left } of walks) {
      let room = left;
      while (room > 0) {
        const page = (await walk.next())?.slice(0, room);
        if (page === undefined) break;
        room -= page.length;
        const jobs = sieve.select(page, (job) => traitsOf(job, origin));
        if (jobs.length > 0) yield { jobs, origin, walk };
      }
    }
  }

  async #newest(queueName: string | undefined): Promise<number> {
    const times = this.#selected(queueName).map(([, queue]) => newestDeath(queue));
    return Math.max(0, ...(await Promise.all(times)));
  }

  #selected(queueName: string | undefined): [string, ReceiptQueue][] {
    if (queueName === undefined) return [...this.queues];
    const queue = this.queues.get(queueName);
    if (queue !== undefined) return [[queueName, queue]];
    const known = [...this.queues.keys()].join(', ');
    const advice = 'put it back into queues to reach its dead letters';
    throw new UsageError(
      'DEAD_QUEUE',
      `queue ${queueName} is not configured, configured are ${known}: ${advice}`,
    );
  }

  #originOf(queueName: string): DeadLetterOrigin {
    return { messageType: 'Unknown', mnsHost: 'unknown', ...this.#origins.get(queueName), queueName };
  }

  /** By the id of its message, or of one of its events. */
  async #find(id: string, asOf = Number.POSITIVE_INFINITY): Promise<Found | undefined> {
    for (const messageId of messageIdsOf(id)) {
      for (const [queueName, queue] of this.queues) {
        const job = await queue.getJob(jobIdOf(messageId));
        if (job === undefined || !(await job.isFailed()) || diedAt(job) > asOf) continue;
        return { job, origin: this.#originOf(queueName) };
      }
    }
    return undefined;
  }
}

/** What is taken for an event's id may be a message's own. */
function messageIdsOf(id: string): string[] {
  return [...new Set([id, id.replace(/#\d+$/, '')])];
}

function traitsOf(job: StoredJob, origin: DeadLetterOrigin) {
  return {
    messageType: messageTypeOf(job, origin),
    reason: reasonOf(job),
    has: (text: string) => mentions(job.data, text),
  };
}

/** @returns whether it was a dead letter still */
async function putBack(job: StoredJob): Promise<boolean> {
  try {
    // Not how often it was started: what never was may be left to MNS while a sink is down, and MNS has this no more.
    await job.retry('failed', { resetAttemptsMade: true });
    return true;
  } catch (error) {
    if (NOT_DEAD.has((error as { code?: unknown }).code)) return false;
    throw error;
  }
}

/** @returns whether it was a dead letter still: one that is tried again is not taken away */
async function remove(job: StoredJob): Promise<boolean> {
  if (!(await job.isFailed())) return false;
  try {
    await job.remove();
    return true;
  } catch (error) {
    if (await job.isFailed()) throw error;
    return false;
  }
}
