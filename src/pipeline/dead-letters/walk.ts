/**
 * Goes through the dead letters of a queue page by page, by the time they died, holding one page at a time. Each that was
 * dead when the walk began and stays so is met exactly once, whatever is taken away, added or dies again meanwhile: the
 * place is kept as a time, not as a number, and after each page it is checked that nothing moved in behind.
 */
import type { ReceiptQueue, StoredJob } from '../backend.js';

/** Dead letters read at a time. */
export const PAGE = 100;

export interface WalkOptions {
  oldestFirst: boolean;
  /** ms since the epoch; from this time on. */
  since?: number | undefined;
  /** ms since the epoch; before this time. */
  until?: number | undefined;
  /** ms since the epoch; only what had died by then. Default: by the beginning, by the store's own times. */
  asOf?: number | undefined;
  /** Dead letters read at a time. @default 100 */
  page?: number;
}

type DeadQueue = Pick<ReceiptQueue, 'getJobs' | 'getJobCounts'>;

export class DeadWalk {
  readonly #queue: DeadQueue;
  readonly #options: WalkOptions;
  readonly #page: number;
  /** ms since the epoch; those from `#since` on and before `#until` are meant. */
  readonly #since: number;
  #until: number;
  #begun = false;
  #offset = 0;
  /** All before this key have been met, and of those at it the ones in `#met`. */
  #at = Number.NEGATIVE_INFINITY;
  #met = new Set<string>();

  constructor(queue: DeadQueue, options: WalkOptions) {
    this.#queue = queue;
    this.#options = options;
    this.#page = options.page ?? PAGE;
    this.#since = options.since ?? Number.NEGATIVE_INFINITY;
    this.#until = options.until ?? Number.POSITIVE_INFINITY;
  }

  /** The next ones, at least one; undefined after the last. */
  async next(): Promise<StoredJob[] | undefined> {
    if (!this.#begun) await this.#begin();
    let size = this.#page;
    let back = size;
    for (;;) {
      const page = await deadJobs(this.#queue, this.#offset, size, this.#options.oldestFirst);
      const [first] = page;
      if (this.#offset > 0 && (first === undefined || this.#key(first) >= this.#at)) {
        // Some that had been met are gone, so that others have moved to places before this one.
        this.#offset = Math.max(0, this.#offset - back);
        back *= 2;
        continue;
      }
      const wanted = page.filter((job) => this.#isFresh(job) && !this.#isPast(job));
      const next = wanted.at(-1);
      if (next !== undefined) {
        this.#moveTo(this.#key(next), page);
        return wanted;
      }
      const last = page.at(-1);
      if (last !== undefined && this.#isPast(last)) return undefined;
      const { failed = 0 } = await this.#queue.getJobCounts('failed');
      if (this.#offset + size >= failed) return undefined;
      // What stands here was met before, or all of it died in one and the same millisecond.
      if (last === undefined || this.#key(last) < this.#at) this.#offset += Math.max(1, page.length - 1);
      else size *= 2;
    }
  }

  /** So many of those met have been taken away by the caller: saves looking for the place. */
  gone(count: number): void {
    this.#offset = Math.max(0, this.#offset - count);
  }

  async #begin(): Promise<void> {
    this.#begun = true;
    const asOf = this.#options.asOf ?? (await newestDeath(this.#queue));
    this.#until = Math.min(this.#until, asOf + 1);
    // Between two times, so that none is there.
    this.#at = this.#options.oldestFirst ? this.#since - 0.5 : 0.5 - this.#until;
    if (Number.isFinite(this.#at)) await this.#jump();
  }

  /** Near the first one that is meant; where exactly, the pages show. */
  async #jump(): Promise<void> {
    let { failed: high = 0 } = await this.#queue.getJobCounts('failed');
    let low = 0;
    while (low < high) {
      // Mostly all or none are meant.
      const middle = low === 0 && high > 1 ? Math.floor(high / 8) : Math.floor((low + high) / 2);
      const [job] = await deadJobs(this.#queue, middle, 1, this.#options.oldestFirst);
      if (job !== undefined && this.#key(job) < this.#at) low = middle + 1;
      else high = middle;
    }
    this.#offset = Math.max(0, low - 1);
  }

  #moveTo(key: number, page: readonly StoredJob[]): void {
    if (key !== this.#at) this.#met = new Set();
    this.#at = key;
    for (const job of page) if (this.#key(job) === key) this.#met.add(job.id ?? '');
    // One before, which shows that nothing has moved.
    this.#offset += Math.max(0, page.findIndex((job) => this.#key(job) === key) - 1);
  }

  /** Rises along the walk. */
  #key(job: StoredJob): number {
    return this.#options.oldestFirst ? diedAt(job) : -diedAt(job);
  }

  #isFresh(job: StoredJob): boolean {
    const key = this.#key(job);
    return key > this.#at || (key === this.#at && !this.#met.has(job.id ?? ''));
  }

  #isPast(job: StoredJob): boolean {
    return this.#options.oldestFirst ? diedAt(job) >= this.#until : diedAt(job) < this.#since;
  }
}

/** When the newest one died; 0 when there is none. */
export async function newestDeath(queue: DeadQueue): Promise<number> {
  const [newest] = await deadJobs(queue, 0, 1, false);
  return newest === undefined ? 0 : diedAt(newest);
}

/** ms since the epoch; 0 of one that is not dead. */
export function diedAt({ finishedOn }: StoredJob): number {
  return finishedOn ?? 0;
}

async function deadJobs(
  queue: DeadQueue,
  offset: number,
  count: number,
  oldestFirst: boolean,
): Promise<StoredJob[]> {
  const jobs = await queue.getJobs(['failed'], offset, offset + count - 1, oldestFirst);
  // One that was retried or dropped while the page was read is missing from it, or is not dead any more.
  return jobs.filter((job) => job !== undefined && job !== null && diedAt(job) > 0);
}
