/** What an overview shows, asked for at once. A store that is away or slow costs the page its tables, not its answer. */
import { describeError } from '../../errors.js';
import { maskPhones } from '../../mask.js';
import type { DeadLetterDesk, DeadLetterPage } from '../../pipeline/index.js';
import type { RecentEvent, RecentQuery } from '../../stats.js';
import type { HistoryPoint, Status } from '../status.js';
import type { Answer, Overview } from './view.js';

export interface Sources {
  status(): Status;
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
/** Characters of what is searched for. */
export const MOST_QUERY = 200;

/** @param query what is searched for, empty for all */
export async function gather(sources: Sources, query: string, patience = PATIENCE): Promise<Overview> {
  const limit = query === '' ? MOST_ROWS : MOST_FOUND;
  const [letters, recent] = await Promise.all([
    within(patience, async () => lettersOf(sources, query, limit)),
    within(patience, async () => ({
      found: await sources.recent({ limit, ...(query !== '' && { text: query }) }),
    })),
  ]);
  const dead = query === '' ? letters : await within(patience, async () => lettersOf(sources, '', 1));
  return {
    ...figures(sources),
    letters,
    dead: 'found' in dead ? dead.found.total : undefined,
    recent,
    query,
  };
}

/** What costs nothing to ask for. */
export function figures(sources: Sources): Pick<Overview, 'now' | 'status' | 'history'> {
  return { now: Date.now(), status: sources.status(), history: sources.history() };
}

async function lettersOf(sources: Sources, query: string, limit: number): Promise<Answer<DeadLetterPage>> {
  const desk = sources.deadLetters();
  if (desk === undefined) return { failed: 'closed' };
  return { found: await desk.list({ limit, ...(query !== '' && { text: query }) }) };
}

async function within<T>(patience: number, ask: () => Promise<Answer<T>>): Promise<Answer<T>> {
  let timer: NodeJS.Timeout | undefined;
  const slow = new Promise<Answer<T>>((resolve) => {
    timer = setTimeout(() => resolve({ failed: 'slow' }), patience);
  });
  try {
    return await Promise.race([ask(), slow]);
  } catch (error) {
    return { failed: { why: maskPhones(describeError(error)) } };
  } finally {
    clearTimeout(timer);
  }
}
