import { expect, test } from 'vitest';
import { ASSUMED_LIFE_MS, tokenLife } from '../../src/token/expiry.js';

const HOUR = 3_600_000;
/** 2024-01-01 20:00:00 in Beijing. */
const NOON_UTC = Date.UTC(2024, 0, 1, 12);
const CREATED = '2024-01-01 20:00:00';
const EXPIRES = '2024-01-01 21:00:00';

test.each([
  ['right', 0],
  ['an hour behind', -HOUR],
  ['ten years ahead', 10 * 365 * 24 * HOUR],
])('with both times a local clock that is %s does not matter', (_name, skew) => {
  expect(tokenLife({ createTime: CREATED, expireTime: EXPIRES, now: NOON_UTC + skew })).toBe(HOUR);
});

test('any mixture of formats', () => {
  const createTime = '2024-01-01T12:00:00Z';
  for (const expireTime of ['1704114000', '1704114000000', '20240101210000', '2024-01-01T21:00:00+08:00'])
    expect(tokenLife({ createTime, expireTime, now: 0 })).toBe(HOUR);
});

test('a token that was made earlier has only its rest, by the clock of the server', () => {
  const serverDate = new Date(NOON_UTC + HOUR / 2).toUTCString();
  expect(tokenLife({ createTime: CREATED, expireTime: EXPIRES, serverDate, now: 0 })).toBe(HOUR / 2);
});

test.each([
  ['before the token was made', NOON_UTC - HOUR],
  ['after it expired', NOON_UTC + 5 * HOUR],
])('a server date %s does not lengthen or void it', (_name, date) => {
  const serverDate = new Date(date).toUTCString();
  expect(tokenLife({ createTime: CREATED, expireTime: EXPIRES, serverDate, now: 0 })).toBe(HOUR);
});

test('without a creation time the clock of the server counts, then the local one', () => {
  const serverDate = new Date(NOON_UTC + HOUR / 2).toUTCString();
  expect(tokenLife({ expireTime: EXPIRES, serverDate, now: 0 })).toBe(HOUR / 2);
  expect(tokenLife({ createTime: 'then', expireTime: EXPIRES, now: NOON_UTC + 1000 })).toBe(HOUR - 1000);
});

test.each([
  ['nothing', {}],
  ['no expiry', { createTime: CREATED }],
  ['nonsense', { createTime: CREATED, expireTime: 'tomorrow' }],
  ['an expiry before the creation', { createTime: EXPIRES, expireTime: CREATED }],
  ['an expiry at the creation', { createTime: CREATED, expireTime: CREATED }],
  ['an expiry in ten years', { createTime: CREATED, expireTime: '2034-01-01 20:00:00' }],
])('ten minutes are assumed for %s', (_name, times) => {
  expect(tokenLife({ ...times, now: NOON_UTC - 1000 * HOUR })).toBe(ASSUMED_LIFE_MS);
});
