import { expect, test } from 'vitest';
import { Caution } from '../../src/poll/caution.js';

const MINUTE = 60_000;

test('without a sink that is down there is no other limit', () => {
  expect(new Caution().most(0, 5_000)).toBe(Number.POSITIVE_INFINITY);
});

test('behind a sink that is down a few may be in flight, and one more a minute', () => {
  const caution = new Caution();
  expect([1, MINUTE, 5 * MINUTE + 1].map((downFor) => caution.most(downFor, 0))).toEqual([6, 7, 11]);
});

test('events that cannot be delivered do not keep others out for longer than a minute, however many they are', () => {
  const caution = new Caution();
  expect(caution.most(1, 500)).toBe(500);
  expect(caution.most(MINUTE, 500)).toBe(501);
  expect(caution.most(MINUTE + 1, 501)).toBe(501);
});

test('what was dropped meanwhile is not received again while the sink is down', () => {
  const caution = new Caution();
  expect(caution.most(1, 500)).toBe(500);
  expect(caution.most(2, 64)).toBe(64);
  expect(caution.most(3, 3)).toBe(6);
  expect(caution.most(0, 400)).toBe(Number.POSITIVE_INFINITY);
  expect(caution.most(1, 400)).toBe(400);
});
