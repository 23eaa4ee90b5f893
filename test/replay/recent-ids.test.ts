import { describe, expect, it } from 'vitest';
import { RecentIds } from '../../src/replay/recent-ids.js';
import { dice, whole } from '../support/random.js';
import { idOf } from './support.js';

describe.each([
  ['ids of MNS', (n: number) => idOf(n)],
  ['other ids', (n: number) => `message-${n}`],
])('of %s', (_name, id) => {
  it('tells one that was here before', () => {
    const recent = new RecentIds();
    expect([1, 2, 1, 2, 3].map((n) => recent.seen(id(n)))).toEqual([false, false, true, true, false]);
  });

  it('remembers at least the latest it was made for, and not all for ever', () => {
    const recent = new RecentIds(3);
    for (let n = 0; n < 10; n += 1) recent.seen(id(n));
    expect([7, 8, 9].map((n) => recent.seen(id(n)))).toEqual([true, true, true]);
    expect(recent.seen(id(0))).toBe(false);
  });
});

it('takes no id for another', () => {
  const recent = new RecentIds();
  const digits = '0123456789ABCDEF0123456789ABCDEF';
  const ids = [
    digits,
    digits.toLowerCase(),
    digits.slice(1),
    `${digits}0`,
    `1${digits.slice(1)}`,
    digits.replace('7', '8'),
    digits.replace('F', 'G'),
    digits.replace('F', '/'),
    '0'.repeat(32),
    'F'.repeat(32),
    '',
  ];
  expect(ids.map((id) => recent.seen(id))).toEqual(ids.map(() => false));
  expect(ids.map((id) => recent.seen(id))).toEqual(ids.map(() => true));
});

it('agrees with a set, whatever the ids', () => {
  const random = dice(20_260_131);
  const recent = new RecentIds(50_000);
  const set = new Set<string>();
  const wrong: string[] = [];
  for (let n = 0; n < 50_000; n += 1) {
    // Few of them, and close together: many come again, and many neighbours are not the same.
    const id = whole(random, 0, 20_000)
      .toString(16)
      .toUpperCase()
      .padStart(32, whole(random, 0, 1) ? '0' : 'F');
    if (recent.seen(id) !== set.has(id)) wrong.push(id);
    set.add(id);
  }
  expect(wrong).toEqual([]);
});
