/** Whatever happens to the dead letters meanwhile, a walk meets each that stays exactly once. */
import { describe, expect, test } from 'vitest';
import type { StoredJob } from '../../src/pipeline/backend.js';
import { DeadWalk, type WalkOptions } from '../../src/pipeline/dead-letters/walk.js';
import { dice } from '../support/random.js';

interface Dead {
  id: string;
  finishedOn: number;
}

/** As BullMQ orders them: by time, of one time by id. */
class FakeQueue {
  dead: Dead[];
  reads = 0;
  longest = 0;

  constructor(times: readonly number[]) {
    this.dead = times.map((finishedOn, index) => ({ id: `d-${index}`, finishedOn }));
  }

  async getJobs(_: unknown, start = 0, end = -1, asc = false): Promise<StoredJob[]> {
    const sorted = this.dead.toSorted((a, b) => a.finishedOn - b.finishedOn || (a.id < b.id ? -1 : 1));
    const page = (asc ? sorted : sorted.toReversed()).slice(start, end + 1);
    this.reads += 1;
    this.longest = Math.max(this.longest, page.length);
    return page as StoredJob[];
  }

  async getJobCounts() {
    return { failed: this.dead.length };
  }

  take(ids: ReadonlySet<string | undefined>): void {
    this.dead = this.dead.filter(({ id }) => !ids.has(id));
  }
}

async function met(
  queue: FakeQueue,
  options: Partial<WalkOptions>,
  between: (page: readonly StoredJob[], walk: DeadWalk) => void = () => {},
): Promise<string[]> {
  const walk = new DeadWalk(queue, { oldestFirst: true, page: 10, ...options });
  const all: string[] = [];
  for (;;) {
    const page = await walk.next();
    if (page === undefined) return all;
    all.push(...page.map(({ id }) => id ?? ''));
    if (all.length > 10_000) throw new Error('it does not end');
    between(page, walk);
  }
}

const ids = (count: number, from = 0) => Array.from({ length: count }, (_, index) => `d-${from + index}`);
const rising = (count: number) => Array.from({ length: count }, (_, index) => 1_000 + index);

describe.each([true, false])('oldest first: %s', (oldestFirst) => {
  const inOrder = (list: string[]) => (oldestFirst ? list : list.toReversed());

  test.each([0, 1, 9, 10, 11, 20, 95])('meets all of %i in order, once', async (count) => {
    expect(await met(new FakeQueue(rising(count)), { oldestFirst })).toEqual(inOrder(ids(count)));
  });

  test('meets only those of a time, and does not read all the others', async () => {
    const queue = new FakeQueue(rising(10_000));
    const range = { oldestFirst, since: 1_000 + 5_000, until: 1_000 + 5_025 };
    expect(await met(queue, range)).toEqual(inOrder(ids(25, 5_000)));
    expect(queue.reads).toBeLessThan(30);
    expect(queue.longest).toBeLessThanOrEqual(10);
  });

  test.each([
    ['before all', { until: 1_000 }, 0],
    ['after all', { since: 2_000 }, 0],
    ['from the first on', { since: 1_000 }, 50],
    ['up to the last', { until: 1_050 }, 50],
    ['without the last', { until: 1_049 }, 49],
  ])('takes a range %s', async (_, range, count) => {
    const queue = new FakeQueue(rising(50));
    expect(await met(queue, { oldestFirst, ...range })).toEqual(inOrder(ids(count)));
  });

  test('meets all of those that died in one millisecond, more than a page', async () => {
    const queue = new FakeQueue([...rising(15), ...Array(47).fill(1_015), ...rising(12).map((t) => t + 100)]);
    const all = await met(queue, { oldestFirst });
    expect(all.toSorted()).toEqual(ids(74).toSorted());
  });

  test('meets each once while the caller takes all away', async () => {
    const queue = new FakeQueue(rising(95));
    const all = await met(queue, { oldestFirst }, (page, walk) => {
      queue.take(new Set(page.map(({ id }) => id)));
      walk.gone(page.length);
    });
    expect(all).toEqual(inOrder(ids(95)));
    expect(queue.reads).toBeLessThan(25);
  });

  test('leaves alone what dies meanwhile', async () => {
    const queue = new FakeQueue(rising(35));
    let died = 0;
    const all = await met(queue, { oldestFirst }, () => {
      for (let index = 0; index < 15; index += 1) {
        died += 1;
        queue.dead.push({ id: `new-${died}`, finishedOn: 5_000 + died });
      }
    });
    expect(all).toEqual(inOrder(ids(35)));
  });

  test.each(Array.from({ length: 60 }, (_, index) => index))(
    'bears whatever others do: seed %i',
    async (seed) => {
      const chance = dice(seed);
      const count = 1 + Math.floor(chance() * 150);
      const times = Array.from({ length: count }, () => 1_000 + Math.floor(chance() * 60));
      const queue = new FakeQueue(times);
      const touched = new Set<string>();
      let fresh = 0;
      const all = await met(queue, { oldestFirst }, (page, walk) => {
        if (chance() < 0.3) {
          for (const { id } of page) touched.add(id ?? '');
          queue.take(new Set(page.map(({ id }) => id)));
          walk.gone(page.length);
        }
        const others = queue.dead.filter(() => chance() < 0.1);
        for (const { id } of others) touched.add(id);
        queue.take(new Set(others.map(({ id }) => id)));
        // Some of them die again.
        for (const { id } of others) if (chance() < 0.5) queue.dead.push({ id, finishedOn: 9_000 + fresh++ });
      });
      expect(new Set(all).size).toBe(all.length);
      const stayed = ids(count).filter((id) => !touched.has(id));
      expect(stayed.filter((id) => !all.includes(id))).toEqual([]);
    },
  );
});
