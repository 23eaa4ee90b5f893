import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Gate, type GateOptions } from '../../src/poll/gate.js';
import { Places, sharedPlaces } from '../../src/poll/places.js';
import { dice } from '../support/random.js';
import { simulate } from './gate-simulation.js';

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

/** A gate in front of a store with so many jobs in it; `readings` is what `onReading` was told. */
function gateOf(options: Partial<GateOptions> = {}) {
  const { slices = 1 } = options;
  const places = new Places(sharedPlaces(1), { queue: 0, slot: 0 });
  const store = { jobs: 0, asked: 0, error: undefined as Error | undefined };
  const readings: unknown[] = [];
  const gate = new Gate({
    limit: 64,
    slices,
    places,
    backlog: async () => {
      store.asked += 1;
      if (store.error !== undefined) throw store.error;
      return store.jobs;
    },
    most: () => Number.POSITIVE_INFINITY,
    onReading: (error) => readings.push(error),
    ...options,
  });
  const stop = new AbortController();
  /** Asks for places; what it got shows in `got` once it has them. */
  const ask = (places = 16) => {
    const asked = { got: undefined as number | undefined };
    void gate.acquire(places, stop.signal).then((got) => {
      asked.got = got;
    });
    return asked;
  };
  return { gate, places, store, readings, stop, ask };
}

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

describe('places', () => {
  test('are given until the limit is reached, then when some come back', async () => {
    const { gate, ask } = gateOf();
    const asked = Array.from({ length: 5 }, () => ask());
    await pass(0);
    expect(asked.map(({ got }) => got)).toEqual([16, 16, 16, 16, undefined]);
    expect(gate.inFlight).toBe(64);
    gate.release(15);
    await pass(1_000);
    expect(asked[4]?.got).toBeUndefined();
    gate.release(1);
    await pass(1_000);
    expect(asked[4]?.got).toBe(16);
  });

  test('stay taken while their messages are in the store, and while they are unacknowledged', async () => {
    const { gate, places, store, ask } = gateOf();
    for (const _ of [1, 2]) expect(await gate.acquire(32, new AbortController().signal)).toBe(32);
    store.jobs = 64;
    gate.handedOff(64);
    expect(gate.inFlight).toBe(64);
    const asked = ask();
    await pass(1_000);
    expect(asked.got).toBeUndefined();
    store.jobs = 0;
    places.unacknowledged = 64;
    await pass(1_000);
    expect(asked.got).toBeUndefined();
    places.unacknowledged = 48;
    await pass(1_000);
    expect(asked.got).toBe(16);
    expect(gate.inFlight).toBe(64);
  });

  test('of messages handed off during a reading are counted at least once', async () => {
    let answer: (jobs: number) => void = () => {};
    const { gate, ask } = gateOf({
      backlog: () =>
        new Promise((resolve) => {
          answer = resolve;
        }),
    });
    const first = [ask(32), ask(32)];
    answer(0);
    await pass(0);
    expect(first.map(({ got }) => got)).toEqual([32, 32]);
    const second = ask();
    await pass(200);
    // The store was read before the messages reached it.
    gate.handedOff(64);
    answer(0);
    await pass(0);
    expect([gate.inFlight, second.got]).toEqual([64, undefined]);
    await pass(200);
    answer(64);
    await pass(0);
    expect([gate.inFlight, second.got]).toEqual([64, undefined]);
  });

  test('are fewer at a time where the limit is small for so many slices', async () => {
    const small = gateOf({ limit: 16, slices: 4 }).ask();
    await pass(500);
    expect(small.got).toBe(2);
  });

  test('are still there for many slices while one event waits for its retry', async () => {
    const { store, ask } = gateOf({ limit: 256, slices: 16 });
    store.jobs = 1;
    const asked = ask();
    await pass(500);
    expect(asked.got).toBe(8);
  });

  test('are one at a time while deliveries fail, and only with nothing else in flight', async () => {
    let most = Number.POSITIVE_INFINITY;
    const { gate, store, ask } = gateOf({ most: () => most });
    store.jobs = 5;
    await gate.acquire(16, new AbortController().signal);
    gate.release(16);
    most = 1;
    const asked = [ask(), ask()];
    await pass(1_000);
    expect(asked.map(({ got }) => got)).toEqual([undefined, undefined]);
    store.jobs = 0;
    await pass(1_000);
    expect(asked.map(({ got }) => got)).toEqual([1, undefined]);
    gate.release(1);
    most = Number.POSITIVE_INFINITY;
    await pass(1_000);
    expect(asked.map(({ got }) => got)).toEqual([1, 16]);
  });

  test('are none for one who stops waiting', async () => {
    const { gate, store, stop, ask } = gateOf();
    store.jobs = 64;
    const asked = ask();
    await pass(1_000);
    stop.abort();
    await pass(0);
    expect(asked.got).toBe(0);
    expect(await gate.acquire(1, stop.signal)).toBe(0);
    expect(gate.inFlight).toBe(64);
  });
});

describe('the store', () => {
  test('gives no places while it is out of reach, and says so', async () => {
    const { store, readings, ask } = gateOf();
    store.error = new Error('ECONNREFUSED');
    const asked = ask();
    await pass(5_000);
    expect(asked.got).toBeUndefined();
    expect(new Set(readings)).toEqual(new Set([store.error]));
    store.error = undefined;
    await pass(1_000);
    expect(asked.got).toBe(16);
    expect(readings.at(-1)).toBeUndefined();
  });

  test('is asked four times a second by each who waits while it is out of reach', async () => {
    const { store, ask } = gateOf();
    store.error = new Error('ECONNREFUSED');
    for (let index = 0; index < 8; index += 1) ask();
    await pass(10_000);
    expect(store.asked).toBeLessThanOrEqual(8 * (10_000 / 250 + 1));
  });

  test('is asked once for all who ask at the same time, and not for each place', async () => {
    const { gate, store, stop } = gateOf({ limit: 1_024 });
    await Promise.all(Array.from({ length: 8 }, () => gate.acquire(16, stop.signal)));
    expect(store.asked).toBe(1);
    for (let index = 0; index < 20; index += 1) {
      await gate.acquire(16, stop.signal);
      gate.release(16);
    }
    expect(store.asked).toBe(1);
  });

  test('is not asked for a fresh number while there is nothing in it', async () => {
    const { gate, store, stop } = gateOf();
    await gate.acquire(16, stop.signal);
    gate.release(16);
    await pass(1_000);
    await gate.refresh();
    expect(store.asked).toBe(1);
    store.jobs = 3;
    await pass(1_000);
    await gate.acquire(1, stop.signal);
    expect(gate.backlog).toBe(3);
    store.jobs = 0;
    await pass(1_000);
    await gate.refresh();
    expect(gate.backlog).toBe(0);
  });
});

const seeds = Array.from({ length: 10 }, (_, index) => index + 1);

describe('the limit', () => {
  test.each(seeds)('is never exceeded by one slice, with dice of seed %i', async (seed) => {
    const run = { slices: 1, polls: 8, batchSize: 16, duration: 5_000 };
    for (const limit of [16, 64, 256]) {
      const { most, acknowledged } = await simulate({ ...run, limit, random: dice(seed) });
      expect(most).toBeLessThanOrEqual(limit);
      expect(acknowledged).toBeGreaterThan(10 * limit);
    }
  });

  test.each(seeds)('is never exceeded by several slices together, with dice of seed %i', async (seed) => {
    const run = { polls: 4, batchSize: 16, duration: 3_000 };
    for (const slices of [2, 4]) {
      for (const limit of [64, 128, 1_024]) {
        const { most, acknowledged } = await simulate({ ...run, slices, limit, random: dice(seed) });
        expect(most).toBeLessThanOrEqual(limit);
        expect(acknowledged).toBeGreaterThan(4 * limit);
      }
    }
  });
});
