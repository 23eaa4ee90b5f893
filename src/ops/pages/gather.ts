/** What an overview shows, asked for at once. A store that is away or slow costs the page its tables, not its answer. */
import { describeError } from '../../errors.js';
import { maskPhones } from '../../mask.js';
import type { DeadLetterDesk, DeadLetterPage } from '../../pipeline/index.js';
import type { RecentEvent, RecentQuery } from '../../stats.js';
import type { HistoryPoint, Status } from '../status.js';
import type { Answer, Overview } from './view.js';

export interface Sources {
  status(): Status;
  /** The last hour, the oldest first. */
  history(): readonly HistoryPoint[];
  recent(query: RecentQuery): Promise<readonly RecentEvent[]>;
  /** Undefined while the store is not open. */
  deadLetters(): DeadLetterDesk | undefined;
}

/** Rows of a table. */
const MOST_ROWS = 20;
const MOST_FOUND = 50;
/** ms */
const PATIENCE = 3_000;
/** Of dead letters, at a time: each may go through all there are, and goes on when the page has stopped waiting. */
const MOST_SEARCHES = 4;

export class Gatherer {
  readonly #sources: Sources;
  readonly #patience: number;
  #searches = 0;

  /** @param patience ms until a page does without the store's answer. @default 3000 */
  constructor(sources: Sources, patience = PATIENCE) {
    this.#sources = sources;
    this.#patience = patience;
  }

  /** What costs nothing to ask for. */
  figures(): Pick<Overview, 'now' | 'status' | 'history'> {
    return { now: Date.now(), status: this.#sources.status(), history: this.#sources.history() };
  }

  /** @param query what is searched for, empty for all */
  async overview(query: string): Promise<Overview> {
    const limit = query === '' ? MOST_ROWS : MOST_FOUND;
    const search = query !== '' && { text: query };
    const [letters, all, recent] = await Promise.all([
      this.#within(() => this.#letters({ limit, ...search })),
      query !== '' && this.#within(() => this.#letters({ limit: 1 })),
      this.#within(async () => ({ found: await this.#sources.recent({ limit, ...search }) })),
    ]);
    const counted = all === false ? letters : all;
    const dead = 'found' in counted ? counted.found.total : undefined;
    return { ...this.figures(), letters, dead, recent, query };
  }

  async #letters(options: { limit: number; text?: string }): Promise<Answer<DeadLetterPage>> {
    const desk = this.#sources.deadLetters();
    if (desk === undefined) return { failed: 'closed' };
    if (options.text === undefined) return { found: await desk.list(options) };
    if (this.#searches >= MOST_SEARCHES) return { failed: 'slow' };
    this.#searches += 1;
    try {
      return { found: await desk.list(options) };
    } finally {
      this.#searches -= 1;
    }
  }

  async #within<T>(ask: () => Promise<Answer<T>>): Promise<Answer<T>> {
    let timer: NodeJS.Timeout | undefined;
    const slow = new Promise<Answer<T>>((resolve) => {
      timer = setTimeout(() => resolve({ failed: 'slow' }), this.#patience);
    });
    try {
      return await Promise.race([ask(), slow]);
    } catch (error) {
      return { failed: { why: maskPhones(describeError(error)) } };
    } finally {
      clearTimeout(timer);
    }
  }
}
