/** Rates, the last hour and what the store holds, by a clock of the test. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { observe } from '../../src/histogram.js';
import { backlogOf, Recorder } from '../../src/ops/index.js';
import type { Glance } from '../../src/pipeline/index.js';
import { zeroCounters } from '../../src/stats.js';
import { NOW, queueStatus } from './statuses.js';

beforeEach(() => {
  vi.useFakeTimers({ now: NOW, toFake: ['setInterval', 'clearInterval', 'Date', 'performance'] });
});

afterEach(() => {
  vi.useRealTimers();
});

const pass = (seconds: number) => vi.advanceTimersByTimeAsync(seconds * 1000);

function setUp() {
  const queue = queueStatus({ queueName: 'q', counters: zeroCounters() });
  const store: { glance(name: string): Promise<Glance> } = {
    glance: async () => ({ oldestUndeliveredAt: 0, deadLetters: 0 }),
  };
  let open = true;
  const recorder = new Recorder({
    queueNames: ['q'],
    queues: () => ({ q: structuredClone(queue) }),
    store: () => (open ? store : undefined),
  });
  return {
    queue,
    store,
    recorder,
    close: () => {
      open = false;
    },
    /** So many a second, for so long. */
    run: async (rate: number, seconds: number, took = 0.2) => {
      for (let second = 0; second < seconds; second += 1) {
        queue.counters.received += rate;
        queue.counters.delivered += rate;
        observe(queue.timings.receive_to_delivered, took, rate);
        await pass(1);
      }
    },
  };
}

test('a rate is that of the last minute, and of the time so far before there was one', async () => {
  const { recorder, queue, run } = setUp();
  expect(recorder.rateOf('q', queue)).toEqual({ received: 0, delivered: 0 });
  recorder.start();
  await run(10, 5);
  expect(recorder.rateOf('q', queue).delivered).toBeCloseTo(10);
  await run(10, 100);
  expect(recorder.rateOf('q', queue).received).toBeCloseTo(10);
  await run(0, 30);
  expect(recorder.rateOf('q', queue).received).toBeCloseTo(5, 0);
  await run(0, 32);
  expect(recorder.rateOf('q', queue)).toEqual({ received: 0, delivered: 0 });
  recorder.stop();
});

test('a rate right after the start is none of chance', async () => {
  const { recorder, queue } = setUp();
  recorder.start();
  queue.counters.received += 16;
  expect(recorder.rateOf('q', queue).received).toBe(16);
  recorder.stop();
});

test('the history has a point every 10 s, with what happened in it', async () => {
  const { recorder, queue, run } = setUp();
  recorder.start();
  expect(recorder.history()).toEqual([]);
  await run(4, 10);
  queue.counters.dead += 3;
  await run(0, 10);
  expect(recorder.history()).toEqual([
    {
      at: NOW + 10_000,
      seconds: 10,
      received: 40,
      delivered: 40,
      dead: 0,
      p50: expect.closeTo(0.175),
      p95: expect.closeTo(0.2425),
    },
    { at: NOW + 20_000, seconds: 10, received: 0, delivered: 0, dead: 3 },
  ]);
  recorder.stop();
});

test('the history has an hour', async () => {
  const { recorder } = setUp();
  recorder.start();
  await pass(3 * 3_600);
  const points = recorder.history();
  expect(points).toHaveLength(360);
  expect([points[0]?.at, points.at(-1)?.at]).toEqual([NOW + 7_210_000, NOW + 10_800_000]);
  recorder.stop();
});

test('the clock of the machine that is set back makes no point that goes back in time', async () => {
  const { recorder, run } = setUp();
  recorder.start();
  await run(1, 10);
  vi.setSystemTime(NOW - 3_600_000);
  await run(1, 10);
  expect(recorder.history().map(({ seconds, received }) => [seconds, received])).toEqual([
    [10, 10],
    [10, 10],
  ]);
  recorder.stop();
});

test('what the store holds is read every 5 s, and kept while it is out of reach', async () => {
  const { recorder, store } = setUp();
  const glance = vi.spyOn(store, 'glance');
  glance.mockResolvedValue({ oldestUndeliveredAt: NOW - 5_000, deadLetters: 2 });
  expect(recorder.inStore('q')).toEqual({ oldestUndeliveredAt: 0, deadLetters: 0 });
  recorder.start();
  await pass(1);
  expect(recorder.inStore('q')).toEqual({ oldestUndeliveredAt: NOW - 5_000, deadLetters: 2 });
  glance.mockRejectedValue(new Error('Redis is away'));
  await pass(10);
  expect(glance).toHaveBeenCalledTimes(3);
  expect(recorder.inStore('q').deadLetters).toBe(2);
  recorder.stop();
});

test('a store that is not open, or takes its time, is not asked again meanwhile', async () => {
  const { recorder, store, close } = setUp();
  let answer: (glance: Glance) => void = () => {};
  const glance = vi.spyOn(store, 'glance').mockImplementation(
    () =>
      new Promise((resolve) => {
        answer = resolve;
      }),
  );
  recorder.start();
  await pass(60);
  expect(glance).toHaveBeenCalledTimes(1);
  answer({ oldestUndeliveredAt: 1, deadLetters: 1 });
  await pass(0);
  close();
  await pass(60);
  expect(glance).toHaveBeenCalledTimes(1);
  recorder.stop();
  expect(vi.getTimerCount()).toBe(0);
});

test('the backlog to scale by is what the store has and what receiving is behind by', () => {
  const of = (backlog: number, received: number, lagSeconds: number) => ({
    backlog,
    rate: { received, delivered: 0 },
    lagSeconds,
  });
  expect(backlogOf([])).toBe(0);
  expect(backlogOf([of(100, 50, 0), of(7, 20.26, 30)])).toBe(715);
  expect(backlogOf([of(1_024, 0, 3_600)])).toBe(1_024);
});
