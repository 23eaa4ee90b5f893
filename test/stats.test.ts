import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { QueueStats, type Timing } from '../src/stats.js';

const NOW = Date.UTC(2026, 0, 1);

beforeEach(() => {
  vi.useFakeTimers({ now: NOW });
});

afterEach(() => {
  vi.useRealTimers();
});

/** Handed out so many seconds after MNS got it. */
const message = (age: number, dequeueCount = 1) => ({
  enqueueTime: 1_000_000,
  firstDequeueTime: 1_000_000 + age * 1000,
  dequeueCount,
});

function timed(stats: QueueStats, timing: Timing) {
  const { counts, sum } = stats.timings[timing];
  return { count: counts.reduce((total, count) => total + count, 0), sum };
}

describe('a poll', () => {
  test('tells how long the messages had been in MNS, by its own clock', () => {
    const stats = new QueueStats();
    stats.polled([message(2), message(30), message(0.5)]);
    expect(stats.lagSeconds).toBe(30);
    expect(timed(stats, 'enqueue_to_receive')).toEqual({ count: 3, sum: 32.5 });
    expect(stats.counters).toMatchObject({ received: 3, empty_polls: 0 });
    expect(stats.lastPollAt).toBe(NOW);
  });

  test('that is empty is not behind', () => {
    const stats = new QueueStats();
    stats.polled([message(30)]);
    stats.polled([]);
    expect(stats.lagSeconds).toBe(0);
    expect(stats.counters).toMatchObject({ received: 1, empty_polls: 1 });
  });

  test('says nothing new by messages that come again, and counts none of them twice', () => {
    const stats = new QueueStats();
    stats.polled([message(30)]);
    stats.polled([message(7, 2), message(86_400, 900)]);
    expect(stats.lagSeconds).toBe(30);
    stats.polled([message(7, 2), message(3)]);
    expect(stats.lagSeconds).toBe(3);
    expect(timed(stats, 'enqueue_to_receive')).toEqual({ count: 2, sum: 33 });
  });

  test('of times that go backwards is none of nonsense', () => {
    const stats = new QueueStats();
    stats.polled([message(-100)]);
    expect(stats.lagSeconds).toBe(0);
    expect(timed(stats, 'enqueue_to_receive')).toEqual({ count: 1, sum: 0 });
  });
});

test('a confirmed delete counts from when its message was delivered, where that is known', () => {
  const stats = new QueueStats();
  const deliveredAt = performance.now();
  vi.advanceTimersByTime(3_000);
  stats.acknowledged([{ deliveredAt }, {}]);
  expect(stats.counters.acknowledged).toBe(2);
  expect(stats.lastAckAt).toBe(NOW + 3_000);
  expect(timed(stats, 'delivered_to_acknowledged')).toEqual({ count: 1, sum: expect.closeTo(3) });
});

test('a snapshot does not change any more, and crosses a thread boundary as it is', () => {
  const stats = new QueueStats();
  stats.polled([message(2)]);
  const before = stats.snapshot();
  const copy = structuredClone(before);
  stats.polled([message(2)]);
  stats.countDrift('biz_id');
  expect(before).toEqual(copy);
});
