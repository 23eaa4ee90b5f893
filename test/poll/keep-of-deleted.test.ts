/** How long a mark is kept where messages are deleted before they are delivered. */
import { expect, test } from 'vitest';
import { KeepOfDeleted } from '../../src/poll/keep-of-deleted.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const hiddenFor = (...timeouts: number[]) =>
  timeouts.map((timeout) => ({ receivedAt: 1_000, visibleUntil: 1_000 + timeout }));

test.each([
  ['nothing was received', [], 24 * HOUR],
  ['the timeout is short', [30_000], 15 * MINUTE],
  ['the timeout is long', [2 * HOUR], 4 * HOUR],
  ['the timeout was longer before', [2 * HOUR, 30_000], 4 * HOUR],
  ['a clock is wrong', [-HOUR], 15 * MINUTE],
  ['a clock is very wrong', [1_000 * HOUR], 24 * HOUR],
])('when %s', (_, timeouts, expected) => {
  const keep = new KeepOfDeleted();
  keep.note([]);
  for (const timeout of timeouts) keep.note(hiddenFor(timeout));
  expect(keep.ms).toBe(expected);
});
