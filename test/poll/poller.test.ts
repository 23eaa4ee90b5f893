import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { MnsFatalError } from '../../src/mns/index.js';
import { PollerBench, pass } from './poller-bench.js';

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

describe('an empty queue', () => {
  test('is asked at once whether it answers, then waited on in one long poll after the other', async () => {
    const bench = new PollerBench();
    bench.poller.setPrimary(true);
    await pass(0);
    expect(bench.last).toMatchObject({ waitSeconds: 0, max: 16 });
    await bench.last.answer(0);
    for (let round = 0; round < 3; round += 1) {
      expect(bench.last).toMatchObject({ waitSeconds: 30 });
      await pass(30_000);
      await bench.last.answer(0);
    }
    expect(bench.polls).toHaveLength(5);
    expect(bench.poller.concurrency).toBe(1);
    expect([bench.poller.reserved, bench.gate.inFlight]).toEqual([16, 16]);
    expect(bench.stats.counters).toMatchObject({ empty_polls: 4, received: 0 });
  });

  test('that answers at once, again and again, is asked ever more rarely', async () => {
    const bench = new PollerBench();
    bench.auto = (poll) => void poll.answer(0);
    bench.poller.setPrimary(true);
    await pass(60_000);
    const inFirstMinute = bench.polls.length;
    await pass(60_000);
    // Up to 5 s apart, on average 2.75 s.
    expect(bench.polls.length - inFirstMinute).toBeLessThanOrEqual(22);
    expect(inFirstMinute).toBeLessThanOrEqual(30);
  });

  test('is not hammered when long polls are switched off', async () => {
    const bench = new PollerBench({ waitSeconds: 0 });
    bench.auto = (poll) => void poll.answer(0);
    bench.poller.setPrimary(true);
    await pass(120_000);
    expect(bench.polls.length).toBeLessThanOrEqual(55);
    expect(bench.polls.length).toBeGreaterThan(20);
  });
});

describe('a poller that may end', () => {
  test('does so when a poll that waited brought nothing, and nothing else is to be done', async () => {
    let done = false;
    const bench = new PollerBench({ isEnd: () => done });
    bench.poller.setPrimary(true);
    await pass(0);
    await bench.last.answer(0);
    expect(bench.poller.empty).toBe(false);
    await pass(30_000);
    await bench.last.answer(0);
    expect(bench.poller.empty).toBe(true);
    expect(bench.poller.concurrency).toBe(1);
    await bench.last.answer(3);
    expect(bench.poller.empty).toBe(false);
    done = true;
    await pass(30_000);
    await bench.last.answer(0);
    expect(bench.poller.empty).toBe(true);
    expect(bench.poller.concurrency).toBe(0);
    await pass(60_000);
    expect(bench.open.size).toBe(0);
  });

  test('goes on when one that is woken finds something', async () => {
    const bench = new PollerBench({ isEnd: () => true });
    await bench.anchored();
    await pass(30_000);
    await bench.last.answer(0);
    expect(bench.poller.concurrency).toBe(0);
    bench.poller.wake();
    await pass(0);
    await bench.last.answer(2);
    expect(bench.poller.empty).toBe(false);
    for (let round = 0; round < 4; round += 1) {
      for (const poll of [...bench.open]) await poll.answer(0);
      await pass(30_000);
    }
    expect(bench.poller.empty).toBe(true);
    expect(bench.poller.concurrency).toBe(0);
  });

  test('knows nothing after an error', async () => {
    const bench = new PollerBench();
    await bench.anchored();
    await pass(30_000);
    await bench.last.answer(0);
    expect(bench.poller.empty).toBe(true);
    await bench.last.fail();
    expect(bench.poller.empty).toBe(false);
  });
});

describe('a backlog', () => {
  test('of full batches brings one more poll each, up to maxConcurrency', async () => {
    const bench = new PollerBench({ maxConcurrency: 4 });
    bench.poller.setPrimary(true);
    const counts: number[] = [];
    for (let round = 0; round < 6; round += 1) {
      await pass(0);
      counts.push(bench.open.size);
      for (const poll of [...bench.open]) await poll.answer(16);
    }
    expect(counts).toEqual([1, 2, 4, 4, 4, 4]);
    expect(bench.poller.concurrency).toBe(4);
    expect(bench.busy).toBeGreaterThan(0);
    expect(bench.stats.counters.received).toBe(16 * (1 + 2 + 4 + 4 + 4 + 4));
  });

  test('of batches that are not full brings none', async () => {
    const bench = new PollerBench();
    await bench.anchored();
    for (let round = 0; round < 5; round += 1) await bench.last.answer(15);
    expect(bench.poller.concurrency).toBe(1);
    expect(bench.busy).toBe(0);
  });

  test('that is drained leaves only the long poll', async () => {
    const bench = new PollerBench();
    await bench.anchored();
    await bench.last.answer(16);
    for (const poll of [...bench.open]) await poll.answer(16);
    expect(bench.poller.concurrency).toBe(4);
    const helpers = [...bench.open].filter(({ waitSeconds }) => waitSeconds === 0);
    expect(helpers).toHaveLength(3);
    for (const poll of helpers) await poll.answer(0);
    expect(bench.poller.concurrency).toBe(1);
    expect([...bench.open]).toMatchObject([{ waitSeconds: 30 }]);
  });

  test('is not received beyond what the gate lets in', async () => {
    const bench = new PollerBench({ limit: 32, maxConcurrency: 8 });
    bench.onBatch = () => new Promise(() => {});
    bench.poller.setPrimary(true);
    bench.auto = (poll) => void poll.answer(16);
    await pass(10_000);
    expect(bench.batches).toHaveLength(2);
    expect(bench.gate.inFlight).toBe(32);
  });

  test('with many polls at a time makes Node warn of no leak', async () => {
    const warnings: unknown[] = [];
    const warned = (warning: Error) => warnings.push(warning);
    process.on('warning', warned);
    const bench = new PollerBench({ maxConcurrency: 64, limit: 4_096 });
    bench.poller.setPrimary(true);
    await pass(0);
    while (bench.poller.concurrency < 64) for (const poll of [...bench.open]) await poll.answer(16);
    for (const poll of [...bench.open]) await poll.fail();
    vi.useRealTimers();
    await new Promise((resolve) => setImmediate(resolve));
    process.off('warning', warned);
    expect(warnings).toEqual([]);
  });
});

describe('a poller that is not primary', () => {
  test('does nothing until it is woken, then helps as long as there is something', async () => {
    const bench = new PollerBench();
    await pass(10_000);
    expect(bench.polls).toEqual([]);
    bench.poller.wake();
    bench.poller.wake();
    await pass(0);
    expect([...bench.open]).toMatchObject([{ waitSeconds: 0 }]);
    await bench.last.answer(3);
    expect(bench.open.size).toBe(1);
    await bench.last.answer(0);
    await pass(60_000);
    expect(bench.open.size).toBe(0);
    expect(bench.poller.concurrency).toBe(0);
  });

  test('ends its long poll when it is primary no more, and begins again when it is', async () => {
    const bench = new PollerBench();
    await bench.anchored();
    bench.poller.setPrimary(false);
    await bench.last.answer(0);
    await pass(60_000);
    expect(bench.poller.concurrency).toBe(0);
    bench.poller.setPrimary(true);
    bench.poller.setPrimary(true);
    await pass(0);
    expect(bench.poller.concurrency).toBe(1);
  });

  test('keeps its long poll when it becomes primary again meanwhile', async () => {
    const bench = new PollerBench();
    await bench.anchored();
    bench.poller.setPrimary(false);
    bench.poller.setPrimary(true);
    await bench.last.answer(1);
    expect(bench.poller.concurrency).toBe(1);
  });
});

describe('errors', () => {
  test.each([
    ['that pass', () => new Error('ECONNRESET'), 30_000],
    [
      'that need a person',
      () =>
        new MnsFatalError('no such queue', {
          code: 'QueueNotExist',
          operation: 'BatchReceiveMessage',
          queueName: 'q',
        }),
      60_000,
    ],
  ])('%s are followed by ever longer pauses', async (_, make, cap) => {
    const bench = new PollerBench();
    bench.poller.setPrimary(true);
    for (let round = 0; round < 10; round += 1) {
      const before = bench.polls.length;
      while (bench.polls.length === before) await pass(50);
      await bench.last.fail(make());
    }
    const pauses = bench.polls.slice(1).map(({ at }, index) => at - (bench.polls[index]?.at ?? 0));
    // 250 ms, and half of 500 ms, 1 s, 2 s … up to the cap.
    const expected = pauses.map((_pause, index) => 250 + Math.min(cap, 500 * 2 ** index) / 2);
    for (const [index, pause] of pauses.entries()) {
      expect(pause).toBeGreaterThanOrEqual(expected[index] ?? 0);
      expect(pause).toBeLessThan((expected[index] ?? 0) + 100);
    }
    expect(bench.stats.counters.poll_errors).toBe(10);
    expect(bench.errors).toHaveLength(10);
    expect(bench.gate.inFlight).toBe(0);
  });

  test('are over with the next answer, which is asked for without waiting', async () => {
    const bench = new PollerBench();
    await bench.anchored();
    await bench.last.fail();
    await pass(1_000);
    expect(bench.last.waitSeconds).toBe(0);
    await bench.last.answer(0);
    expect(bench.last.waitSeconds).toBe(30);
    await bench.last.fail();
    const failedAt = Date.now();
    await pass(1_000);
    expect(bench.last.at - failedAt).toBe(500);
  });

  test('of the hand-off are told, give the places back, leave the messages to MNS, and are followed by a pause', async () => {
    const bench = new PollerBench();
    bench.onBatch = () => Promise.reject(new Error('Redis is away'));
    await bench.anchored();
    await bench.last.answer(16);
    const helpers = bench.polls.slice(2);
    for (const poll of helpers) await poll.answer(0);
    expect([bench.poller.reserved, bench.gate.inFlight]).toEqual([0, 0]);
    expect(bench.open.size).toBe(0);
    expect(bench.stats.counters).toMatchObject({ received: 16, poll_errors: 0 });
    expect(bench.errors).toEqual([new Error('Redis is away')]);
    await pass(1_000);
    expect(bench.open.size).toBe(1);
  });
});

describe('stopping', () => {
  /** Whether the promise has resolved. */
  function watch(promise: Promise<void>): () => boolean {
    let done = false;
    void promise.then(() => {
      done = true;
    });
    return () => done;
  }

  test('lets a poll in flight end and its messages be handed over', async () => {
    const bench = new PollerBench();
    let handedOver: () => void = () => {};
    bench.onBatch = () =>
      new Promise((resolve) => {
        handedOver = resolve;
      });
    await bench.anchored();
    const stopped = watch(bench.poller.stop(5_000));
    await pass(4_000);
    expect(bench.last.signal.aborted).toBe(false);
    await bench.last.answer(16);
    await pass(60_000);
    expect(stopped()).toBe(false);
    handedOver();
    await pass(0);
    expect(stopped()).toBe(true);
    expect(bench.batches.map((batch) => batch.length)).toEqual([16]);
    expect(bench.open.size).toBe(0);
  });

  test('aborts what is still in flight after the grace, which is no error', async () => {
    const bench = new PollerBench();
    await bench.anchored();
    const stopped = watch(bench.poller.stop(5_000));
    await pass(4_999);
    expect([stopped(), bench.last.signal.aborted]).toEqual([false, false]);
    await pass(1);
    expect([stopped(), bench.last.signal.aborted]).toEqual([true, true]);
    expect(bench.errors).toEqual([]);
    expect(bench.gate.inFlight).toBe(0);
    await pass(60_000);
    expect(bench.open.size).toBe(0);
  });

  test('ends pauses and waiting for places at once', async () => {
    const failing = new PollerBench();
    failing.poller.setPrimary(true);
    await pass(0);
    await failing.last.fail();
    const full = new PollerBench({ limit: 16 });
    full.onBatch = () => new Promise(() => {});
    for (const _ of [1, 2]) await full.gate.acquire(8, new AbortController().signal);
    full.poller.setPrimary(true);
    await pass(0);
    const stopped = watch(
      Promise.all([failing, full].map(({ poller }) => poller.stop(5_000))).then(() => {}),
    );
    await pass(0);
    expect(stopped()).toBe(true);
    expect([failing.polls.length, full.polls.length]).toEqual([1, 0]);
  });

  test('is for good', async () => {
    const bench = new PollerBench();
    await bench.poller.stop(0);
    bench.poller.setPrimary(true);
    bench.poller.wake();
    await pass(60_000);
    expect(bench.polls).toEqual([]);
  });
});
