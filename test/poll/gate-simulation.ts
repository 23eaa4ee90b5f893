/** Several slices that drain one full queue through their gates into one store, in fake time. */
import { setMaxListeners } from 'node:events';
import { vi } from 'vitest';
import { Gate } from '../../src/poll/gate.js';
import { Places, sharedPlaces } from '../../src/poll/places.js';
import { type Dice, whole } from '../support/random.js';

export interface Simulation {
  limit: number;
  slices: number;
  /** Polls at a time, in each slice. */
  polls: number;
  batchSize: number;
  /** ms of fake time */
  duration: number;
  random: Dice;
}

export interface Observed {
  /** Most messages received and not acknowledged at any time. */
  most: number;
  acknowledged: number;
}

const after = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

export async function simulate(options: Simulation): Promise<Observed> {
  const { limit, slices, polls, batchSize, random } = options;
  const stop = new AbortController();
  setMaxListeners(0, stop.signal);
  const observed: Observed = { most: 0, acknowledged: 0 };
  let inFlight = 0;
  let stored = 0;
  const lag = (most: number) => after(whole(random, 0, most));

  const memory = sharedPlaces(1);
  const slice = (_: unknown, index: number) => {
    const places = new Places(memory, { queue: 0, slot: index });
    const gate = new Gate({
      limit,
      slices,
      places,
      most: () => Number.POSITIVE_INFINITY,
      backlog: async () => {
        await lag(10);
        const read = stored;
        await lag(10);
        if (random() < 0.02) throw new Error('the store is out of reach');
        return read;
      },
    });
    const poll = async () => {
      for (;;) {
        const places = await gate.acquire(batchSize, stop.signal);
        if (places === 0) return;
        await lag(40);
        const received = random() < 0.7 ? places : whole(random, 0, places);
        gate.release(places - received);
        inFlight += received;
        observed.most = Math.max(observed.most, inFlight);
        await lag(10);
        if (random() < 0.05) {
          // Not handed off: MNS has them again.
          inFlight -= received;
          gate.release(received);
          continue;
        }
        stored += received;
        await lag(10);
        gate.handedOff(received);
      }
    };
    const work = async () => {
      while (!stop.signal.aborted) {
        await lag(30);
        const taken = Math.min(stored, whole(random, 0, 32));
        stored -= taken;
        places.unacknowledged += taken;
        void lag(100).then(() => {
          places.unacknowledged -= taken;
          inFlight -= taken;
          observed.acknowledged += taken;
        });
      }
    };
    return [work(), ...Array.from({ length: polls }, poll)];
  };

  const all = Promise.all(Array.from({ length: slices }, slice).flat());
  await vi.advanceTimersByTimeAsync(options.duration);
  stop.abort();
  await vi.advanceTimersByTimeAsync(10_000);
  await all;
  return observed;
}
