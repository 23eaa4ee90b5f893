import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { Places, SLOTS, Slots, sharedPlaces } from '../../src/poll/places.js';

const LIMIT = 128;
const nothing = { backlog: 0, handedOff: 0 };

function seats(queues = 1) {
  const memory = sharedPlaces(queues);
  return (slot: number, queue = 0) => new Places(memory, { queue, slot });
}

test('what one slice has taken is not there for another, until it is released', () => {
  const at = seats();
  expect(at(0).take(120, nothing, LIMIT)).toBe(true);
  expect(at(1).take(16, nothing, LIMIT)).toBe(false);
  expect([at(0).held, at(1).held]).toEqual([120, 0]);
  at(0).release(8);
  expect(at(1).take(16, nothing, LIMIT)).toBe(true);
});

test('what one slice has handed off counts for the others until they have read the store anew', () => {
  const at = seats();
  at(0).take(128, nothing, LIMIT);
  at(0).moveToStore(128);
  expect(at(1).take(1, nothing, LIMIT)).toBe(false);
  expect(at(1).backlog(nothing)).toBe(128);
  const reading = { handedOff: at(1).handedOff, backlog: 112 };
  expect(at(1).take(16, reading, LIMIT)).toBe(true);
});

test('what one slice has not acknowledged counts for the others', () => {
  const at = seats();
  at(0).unacknowledged = 113;
  expect(at(1).take(16, nothing, LIMIT)).toBe(false);
  at(0).unacknowledged = 112;
  expect(at(1).take(16, nothing, LIMIT)).toBe(true);
});

test('a slice that is no more leaves its places to the others, and what it put into the store counted', () => {
  const at = seats();
  at(0).take(100, nothing, LIMIT);
  at(0).moveToStore(20);
  at(0).unacknowledged = 30;
  at(0).vacate();
  expect([at(0).held, at(0).unacknowledged, at(1).handedOff]).toEqual([0, 0, 20]);
  expect(at(1).take(109, nothing, LIMIT)).toBe(false);
  expect(at(1).take(108, nothing, LIMIT)).toBe(true);
});

test('queues have places of their own', () => {
  const at = seats(3);
  for (const queue of [0, 1, 2]) expect(at(1, queue).take(LIMIT, nothing, LIMIT)).toBe(true);
  expect(at(0, 1).take(1, nothing, LIMIT)).toBe(false);
});

test('a slot is had by one at a time, and there are only so many', () => {
  const slots = new Slots();
  expect([slots.take(), slots.take(), slots.take()]).toEqual([0, 1, 2]);
  slots.release(1);
  expect([slots.take(), slots.take()]).toEqual([1, 3]);
  for (let taken = 4; taken < SLOTS; taken += 1) slots.take();
  expect(() => slots.take()).toThrow(RangeError);
});

test('the count of what was handed off may wrap around', () => {
  const at = seats();
  for (let turn = 0; turn < 4; turn += 1) {
    const reading = { handedOff: at(0).handedOff, backlog: 0 };
    at(0).moveToStore(0x7fff_fff0);
    at(0).release(-0x7fff_fff0);
    expect(at(0).backlog(reading)).toBe(0x7fff_fff0);
  }
});

test('threads that take them at the same time never have more than there are', async () => {
  const slices = 4;
  const limit = 48;
  const shared = { memory: sharedPlaces(1), world: new SharedArrayBuffer(8), limit };
  const results = await Promise.all(
    Array.from({ length: slices }, async (_, slot) => {
      const worker = new Worker(new URL('./racing-slice.mjs', import.meta.url), {
        workerData: { ...shared, slot, rounds: 200_000 },
      });
      return new Promise<{ most: number; took: number }>((resolve, reject) => {
        worker.once('message', resolve);
        worker.once('error', reject);
      });
    }),
  );
  expect(Math.max(...results.map(({ most }) => most))).toBeLessThanOrEqual(limit);
  for (const { took } of results) expect(took).toBeGreaterThan(0);
});
