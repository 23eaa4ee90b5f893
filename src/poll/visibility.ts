/**
 * What becomes of a message that is not delivered while its handle lives, by whichever costs MNS fewer requests.
 *
 * - An event waits for a retry. Keeping its message invisible is one ChangeMessageVisibility, which has no batch form;
 *   letting it come again is a part of a receive each visibility timeout until the retry. So it is kept invisible when it
 *   would come again more often than a receive brings messages: on a queue with little to do, when it would come twice.
 * - A sink is down, and an event waits that nobody has tried. When its handle is void the message is visible in MNS again,
 *   so its job is dropped: that costs nothing, and the message comes again in one receive, not in one every timeout.
 *
 * No void handle is ever sent, and a job never gets an older handle than it has. Where anything fails, the message comes
 * again by itself.
 */
import type { Logger } from 'pino';
import { fullJitter, pause } from '../backoff.js';
import { describeError } from '../errors.js';
import { MnsAuthError } from '../mns/index.js';
import {
  type Envelope,
  jobIdOf,
  type ReceiptQueue,
  type StoredJob,
  type UntriedJob,
} from '../pipeline/index.js';
import type { QueueStats } from '../stats.js';

/** Changes under way at once. */
export const CHANGES = 2;
/** MNS' own default, until a message has told the queue's. */
const DEFAULT_TIMEOUT_MS = 30_000;
const LONGEST_S = 43_200;
/** `visibleUntil` is early by up to this, because MNS tells its time in whole seconds. */
const CLOCK_GRAIN_MS = 1_000;
/** How much of the estimate each receive makes. */
const BATCH_WEIGHT = 1 / 4;
const PAGE = 100;
const WRITES = 5;
const WRITE_BASE_MS = 200;
const WRITE_CAP_MS = 2_000;

export interface VisibilityOptions {
  store: Pick<ReceiptQueue, 'getJob' | 'getJobs'>;
  /** ChangeMessageVisibility */
  change(receiptHandle: string, seconds: number): Promise<{ receiptHandle: string; visibleUntil: number }>;
  /** Forgets those of these jobs that wait, that no worker has ever taken, and that have this handle. @returns how many */
  removeUntried(jobs: readonly UntriedJob[]): Promise<number>;
  stats: QueueStats;
  log: Logger;
  /** Aborts when the daemon is about to stop hard. */
  signal: AbortSignal;
}

export interface Wait {
  /** ms since the epoch when the handle becomes void. */
  visibleUntil: number;
  /** ms since the epoch when the event is tried again. */
  dueAt: number;
  /** ms that a receive of the queue hides a message. */
  timeout: number;
  /** Messages that a receive of the queue brings. */
  batch: number;
}

/** Does keeping the message invisible cost fewer requests than letting it come again until it is due? */
export function isWorthHiding({ visibleUntil, dueAt, timeout, batch }: Wait): boolean {
  return Math.ceil((dueAt - visibleUntil) / timeout) > batch;
}

export class Visibility {
  readonly #options: VisibilityOptions;
  /** MessageId → when it is due; those that wait for their turn. */
  readonly #waiting = new Map<string, number>();
  readonly #underWay = new Set<Promise<void>>();
  #timeout = DEFAULT_TIMEOUT_MS;
  #batch = 1;
  #refused = false;
  #closed = false;
  #sweeping = false;
  /** ms since the epoch before which no waiting event's handle becomes void. */
  #nextSweepAt = 0;

  constructor(options: VisibilityOptions) {
    this.#options = options;
  }

  /** A receive brought these: what the rule knows of the queue. */
  noteBatch(messages: readonly { receivedAt: number; visibleUntil: number }[]): void {
    const [first] = messages;
    if (first === undefined) return;
    this.#batch += (messages.length - this.#batch) * BATCH_WEIGHT;
    this.#timeout = Math.max(CLOCK_GRAIN_MS, first.visibleUntil - first.receivedAt);
  }

  /** The event of this message failed and is tried again then. */
  retryScheduled({ messageId, visibleUntil }: Envelope, dueAt: number): void {
    if (this.#closed || this.#refused || !this.#isWorthHiding(visibleUntil, dueAt)) return;
    this.#waiting.set(messageId, dueAt);
    this.#pump();
  }

  /** While a sink is down: drops what waits untried and whose handle is void. Asks the store only when there may be any. */
  async sweep(): Promise<void> {
    if (this.#sweeping || this.#closed || Date.now() < this.#nextSweepAt) return;
    this.#sweeping = true;
    try {
      this.#nextSweepAt = await this.#dropVoid();
    } catch (error) {
      this.#options.log.debug(
        { error: describeError(error) },
        'dropping what waits with a void handle failed',
      );
    } finally {
      this.#sweeping = false;
    }
  }

  /** Starts no more changes; resolves when those under way are in the store. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#waiting.clear();
    await Promise.all(this.#underWay);
  }

  #isWorthHiding(visibleUntil: number, dueAt: number): boolean {
    return isWorthHiding({ visibleUntil, dueAt, timeout: this.#timeout, batch: this.#batch });
  }

  #pump(): void {
    for (const [messageId, dueAt] of this.#waiting) {
      if (this.#underWay.size >= CHANGES) return;
      this.#waiting.delete(messageId);
      const change = this.#hide(messageId, dueAt)
        .catch((error: unknown) => this.#failed(error))
        .finally(() => {
          this.#underWay.delete(change);
          this.#pump();
        });
      this.#underWay.add(change);
    }
  }

  async #hide(messageId: string, dueAt: number): Promise<void> {
    const { store, change, stats, signal } = this.#options;
    // The message may have come again while its event was being delivered: the store has the newest handle.
    const stored = await store.getJob(jobIdOf(messageId));
    if (stored === undefined || this.#refused || signal.aborted) return;
    const { receiptHandle, visibleUntil } = stored.data.message;
    const now = Date.now();
    if (visibleUntil <= now || !this.#isWorthHiding(visibleUntil, dueAt)) return;
    // A timeout longer than the wait, so that the handle is still good when the event has been delivered.
    const seconds = Math.ceil((dueAt - now + this.#timeout) / 1000);
    const changed = await change(receiptHandle, Math.min(LONGEST_S, Math.max(1, seconds)));
    stats.count('extended');
    await this.#keep(messageId, changed);
  }

  /** The old handle is void, so this has to get through; if it never does, the message comes again after its time. */
  async #keep(messageId: string, changed: Pick<Envelope, 'receiptHandle' | 'visibleUntil'>): Promise<void> {
    const { store, signal } = this.#options;
    for (let attempt = 1; ; attempt += 1) {
      try {
        const job = await store.getJob(jobIdOf(messageId));
        if (job === undefined || job.data.message.visibleUntil >= changed.visibleUntil) return;
        await job.updateData({ ...job.data, message: { ...job.data.message, ...changed } });
        return;
      } catch (error) {
        if (attempt === WRITES || signal.aborted) throw error;
        await pause(fullJitter(attempt, WRITE_BASE_MS, WRITE_CAP_MS), signal);
      }
    }
  }

  #failed(error: unknown): void {
    const { log } = this.#options;
    if (!(error instanceof MnsAuthError && error.accessDenied)) {
      log.debug({ error: describeError(error) }, 'keeping a message invisible failed: it comes again');
      return;
    }
    if (!this.#refused)
      log.warn(
        `the token may not keep messages invisible, so those that wait long for a retry come again meanwhile: ${describeError(error)}`,
      );
    this.#refused = true;
    this.#waiting.clear();
  }

  /** @returns when the next look is worth it */
  async #dropVoid(): Promise<number> {
    const { store, removeUntried, stats } = this.#options;
    const now = Date.now();
    let next = now + this.#timeout;
    for (let from = 0; ; ) {
      const page = await store.getJobs(['waiting'], from, from + PAGE - 1, true);
      const untried = page.filter((job) => job !== undefined && isUntried(job));
      const isVoid = ({ data }: StoredJob) => data.message.visibleUntil + CLOCK_GRAIN_MS <= now;
      for (const job of untried)
        if (!isVoid(job)) next = Math.min(next, job.data.message.visibleUntil + CLOCK_GRAIN_MS);
      const dropping = untried.filter(isVoid).map(({ id = '', data }) => ({
        id,
        receiptHandle: data.message.receiptHandle,
      }));
      const dropped = dropping.length === 0 ? 0 : await removeUntried(dropping);
      stats.count('dropped', dropped);
      if (page.length < PAGE) return next;
      from += page.length - dropped;
    }
  }
}

/** As received and never started. What was put into the store in another way may be in no queue of MNS. */
function isUntried({ id, data, attemptsMade, attemptsStarted }: StoredJob): boolean {
  const asReceived = data.onlyHere !== true && id === jobIdOf(data.message.messageId);
  return asReceived && attemptsMade === 0 && (attemptsStarted ?? 0) === 0;
}
