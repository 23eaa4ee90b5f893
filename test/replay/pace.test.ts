import { describe, expect, it } from 'vitest';
import { type Clock, type Pace, ratePace, speedPace, unpaced, waitUntil } from '../../src/replay/pace.js';

/** Jumps to wherever a pause ends; each pause is late by so many ms, as timers are. */
class Simulation implements Clock {
  time = 5_000;
  readonly pauses: number[] = [];
  readonly #late: number;

  constructor(late = 0) {
    this.#late = late;
  }

  now(): number {
    return this.time;
  }

  async pause(ms: number): Promise<void> {
    this.pauses.push(ms);
    this.time += ms + this.#late;
  }

  /** When each message went out, ms since the first one's turn. */
  async run(pace: Pace, times: (number | undefined)[], work = 0): Promise<number[]> {
    const start = this.time;
    const out: number[] = [];
    for (const at of times) {
      await waitUntil(pace.due(this.time, at), this, new AbortController().signal);
      out.push(this.time - start);
      this.time += work;
    }
    return out;
  }
}

const never = (count: number) => Array.from({ length: count }, () => undefined);

it('does not wait unless told to', async () => {
  const clock = new Simulation();
  expect(await clock.run(unpaced, [0, 1_000_000])).toEqual([0, 0]);
  expect(clock.pauses).toEqual([]);
});

describe('a rate', () => {
  it('spaces messages evenly', async () => {
    expect(await new Simulation().run(ratePace(4), never(4))).toEqual([0, 250, 500, 750]);
    expect(await new Simulation().run(ratePace(0.5), never(3))).toEqual([0, 2_000, 4_000]);
  });

  it('is met although timers are late', async () => {
    const out = await new Simulation(2).run(ratePace(2_000), never(4_000));
    expect(out.at(-1)).toBeGreaterThanOrEqual(1_990);
    expect(out.at(-1)).toBeLessThanOrEqual(2_010);
  });

  it('is not exceeded to make up for a sink that was slow', async () => {
    const clock = new Simulation();
    const pace = ratePace(100);
    await clock.run(pace, never(1));
    clock.time += 60_000;
    const out = await clock.run(pace, never(100));
    // 50 ms worth of messages at once, no more.
    expect(out.filter((at) => at === 0).length).toBeLessThanOrEqual(6);
    expect(out.at(-1)).toBeGreaterThanOrEqual(900);
  });
});

describe('a speed', () => {
  it('keeps the original gaps, only shorter', async () => {
    expect(await new Simulation().run(speedPace(1), [10_000, 10_500, 12_000])).toEqual([0, 500, 2_000]);
    expect(await new Simulation().run(speedPace(10), [10_000, 10_500, 12_000])).toEqual([0, 50, 200]);
  });

  it('lets out at once what came in out of order or tells no time', async () => {
    const out = await new Simulation().run(speedPace(1), [10_000, 11_000, 10_200, undefined, 12_000]);
    expect(out).toEqual([0, 1_000, 1_000, 1_000, 2_000]);
  });

  it('catches up after a sink that was slow', async () => {
    expect(await new Simulation().run(speedPace(1), [0, 100, 200, 1_000], 150)).toEqual([0, 150, 300, 1_000]);
  });

  it('waits out gaps longer than a timer can be set for', async () => {
    const month = 31 * 24 * 3_600_000;
    const clock = new Simulation();
    expect(await clock.run(speedPace(1), [0, month])).toEqual([0, month]);
    expect(Math.max(...clock.pauses)).toBeLessThan(2 ** 31);
  });
});

it('stops waiting when the signal aborts', async () => {
  const clock = new Simulation();
  const stop = new AbortController();
  stop.abort();
  await waitUntil(Number.POSITIVE_INFINITY, clock, stop.signal);
  expect(clock.pauses).toEqual([]);
});
