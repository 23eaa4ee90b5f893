import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Batcher, type BatcherOptions, type Outcomes } from '../../src/sinks/batcher.js';

/** Batches in the order they started; each ends when the test says so. */
let started: { items: readonly string[]; signal: AbortSignal; end(outcomes?: Outcomes): void }[];
let fail: ((index: number, error: unknown) => void) | undefined;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  started = [];
});

afterEach(() => {
  vi.useRealTimers();
});

function batcher(options: Partial<BatcherOptions<string>> = {}): Batcher<string> {
  const rejects: ((error: unknown) => void)[] = [];
  fail = (index, error) => rejects[index]?.(error);
  return new Batcher<string>({
    size: 3,
    linger: 50,
    concurrency: 2,
    send: (items, signal) =>
      new Promise<Outcomes | undefined>((resolve, reject) => {
        rejects.push(reject);
        started.push({ items, signal, end: resolve });
      }),
    ...options,
  });
}

const items = () => started.map((batch) => batch.items);
const turn = () => vi.advanceTimersByTimeAsync(0);

/** What became of each, as text. */
function outcomes(promises: readonly Promise<void>[]): Promise<string[]> {
  return Promise.all(
    promises.map((promise) =>
      promise.then(
        () => 'safe',
        (error: unknown) => String((error as Error).message),
      ),
    ),
  );
}

test('goes out when it is full, or when its first item has waited', async () => {
  const all = batcher();
  const adds = ['a', 'b', 'c', 'd'].map((item) => all.add(item));
  expect(items()).toEqual([['a', 'b', 'c']]);
  await vi.advanceTimersByTimeAsync(30);
  adds.push(all.add('e'));
  await vi.advanceTimersByTimeAsync(19);
  expect(started).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(items()[1]).toEqual(['d', 'e']);
  for (const batch of started) batch.end();
  expect(await outcomes(adds)).toEqual(Array(5).fill('safe'));
});

test('keeps as many under way as it may; meanwhile items collect', async () => {
  const all = batcher({ concurrency: 1, linger: 0 });
  const adds = ['a', 'b', 'c', 'd', 'e'].map((item) => all.add(item));
  await vi.advanceTimersByTimeAsync(1_000);
  expect(items()).toEqual([['a']]);
  started[0]?.end();
  await turn();
  expect(items()).toEqual([['a'], ['b', 'c', 'd']]);
  started[1]?.end();
  await turn();
  started[2]?.end();
  expect(await outcomes(adds)).toEqual(Array(5).fill('safe'));
});

test('tells each item what became of it', async () => {
  const all = batcher();
  const adds = ['a', 'b', 'c'].map((item) => all.add(item));
  started[0]?.end([undefined, new Error('bad'), undefined]);
  expect(await outcomes(adds)).toEqual(['safe', 'bad', 'safe']);
});

test('a batch that fails fails all of its items, and no others', async () => {
  const all = batcher();
  const adds = ['a', 'b', 'c', 'd', 'e', 'f'].map((item) => all.add(item));
  fail?.(0, new Error('down'));
  started[1]?.end();
  expect(await outcomes(adds)).toEqual(['down', 'down', 'down', 'safe', 'safe', 'safe']);
});

test('a sender that throws at once, or loses count, confirms nothing', async () => {
  const throwing = batcher({
    send: () => {
      throw new Error('broken');
    },
  });
  expect(await outcomes(['a', 'b', 'c'].map((item) => throwing.add(item)))).toEqual(Array(3).fill('broken'));
  for (const told of [[], [undefined, undefined]]) {
    const miscounting = batcher({ send: async () => told });
    expect(await outcomes(['a', 'b', 'c'].map((item) => miscounting.add(item)))).toEqual(
      Array(3).fill(`${told.length} outcomes of 3 items`),
    );
  }
});

test('an item that goes alone goes at once and by itself, in its turn', async () => {
  const all = batcher({ concurrency: 1 });
  const adds = [all.add('a'), all.add('x', { alone: true }), all.add('y', { alone: true }), all.add('b')];
  expect(items()).toEqual([['x']]);
  await vi.advanceTimersByTimeAsync(50);
  for (const index of [0, 1, 2]) {
    started[index]?.end();
    await turn();
  }
  // a is older than y, and has waited long enough.
  expect(items()).toEqual([['x'], ['a', 'b'], ['y']]);
  expect(await outcomes(adds)).toEqual(Array(4).fill('safe'));
});

test('only items of one group go together', async () => {
  const all = batcher({ concurrency: 9 });
  const adds = ['a1', 'b1', 'a2', 'b2', 'a3'].map((item) => all.add(item, { group: item.slice(0, 1) }));
  expect(items()).toEqual([['a1', 'a2', 'a3']]);
  await vi.advanceTimersByTimeAsync(50);
  expect(items()[1]).toEqual(['b1', 'b2']);
  for (const batch of started) batch.end();
  expect(await outcomes(adds)).toEqual(Array(5).fill('safe'));
});

test('an item that is given up while it waits leaves', async () => {
  const all = batcher();
  const giveUp = new AbortController();
  const told = outcomes([all.add('a', { signal: giveUp.signal }), all.add('b')]);
  giveUp.abort(new Error('lock lost'));
  await vi.advanceTimersByTimeAsync(50);
  expect(items()).toEqual([['b']]);
  started[0]?.end();
  expect(await told).toEqual(['lock lost', 'safe']);
  expect(await outcomes([all.add('c', { signal: giveUp.signal })])).toEqual(['lock lost']);
});

test('a batch under way is abandoned once nobody waits for any of it', async () => {
  const all = batcher();
  const givingUp = [new AbortController(), new AbortController(), new AbortController()];
  const adds = givingUp.map(({ signal }, index) => all.add(String(index), { signal }));
  givingUp[0]?.abort(new Error('first'));
  givingUp[1]?.abort(new Error('second'));
  expect(started[0]?.signal.aborted).toBe(false);
  givingUp[2]?.abort(new Error('third'));
  expect(started[0]?.signal.aborted).toBe(true);
  expect(await outcomes(adds)).toEqual(['first', 'second', 'third']);
  let closed = false;
  const closing = all.close().then(() => {
    closed = true;
  });
  await turn();
  // What it sent is still under way.
  expect(closed).toBe(false);
  fail?.(0, new Error('aborted'));
  await closing;
});

test('lets nothing linger once it drains, and still keeps to its concurrency', async () => {
  const all = batcher({ concurrency: 1 });
  const adds = [all.add('a'), all.add('b')];
  expect(items()).toEqual([]);
  all.drain();
  expect(items()).toEqual([['a', 'b']]);
  adds.push(all.add('c'));
  expect(started).toHaveLength(1);
  started[0]?.end();
  await turn();
  expect(items()).toEqual([['a', 'b'], ['c']]);
  started[1]?.end();
  await turn();
  adds.push(all.add('d'));
  expect(items()[2]).toEqual(['d']);
  started[2]?.end();
  expect(await outcomes(adds)).toEqual(Array(4).fill('safe'));
  expect(vi.getTimerCount()).toBe(0);
});

test('sends what waits when it closes, then takes no more', async () => {
  const all = batcher({ concurrency: 1 });
  const adds = [all.add('a'), all.add('b', { group: 'g' })];
  let closed = false;
  const closing = all.close().then(() => {
    closed = true;
  });
  expect(items()).toEqual([['a']]);
  await expect(all.add('c')).rejects.toThrow('closed');
  started[0]?.end();
  await turn();
  expect(items()).toEqual([['a'], ['b']]);
  expect(closed).toBe(false);
  started[1]?.end();
  await closing;
  expect(await outcomes(adds)).toEqual(['safe', 'safe']);
  await all.close();
  expect(vi.getTimerCount()).toBe(0);
});

test('many items under one signal make no noise, and leave no listener behind', async () => {
  const warned = vi.fn();
  process.on('warning', warned);
  const all = batcher({ size: 40 });
  const one = new AbortController();
  const removed = vi.spyOn(one.signal, 'removeEventListener');
  const adds = Array.from({ length: 40 }, (_, index) => all.add(String(index), { signal: one.signal }));
  started[0]?.end();
  await Promise.all(adds);
  await new Promise((resolve) => setImmediate(resolve));
  process.off('warning', warned);
  expect(removed).toHaveBeenCalledTimes(40);
  expect(warned).not.toHaveBeenCalled();
});
