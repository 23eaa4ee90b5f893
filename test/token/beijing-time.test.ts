import { afterEach, expect, test } from 'vitest';
import { parseBeijingTime } from '../../src/beijing-time.js';
import { tokenLife } from '../../src/token/expiry.js';

const NOON_UTC = Date.UTC(2024, 0, 1, 12);
const originalZone = process.env.TZ;

afterEach(() => {
  if (originalZone === undefined) delete process.env.TZ;
  else process.env.TZ = originalZone;
});

const FORMATS: [string, number][] = [
  ['2024-01-01 20:00:00', NOON_UTC],
  ['2024-01-01T20:00:00', NOON_UTC],
  ['2024-01-01T12:00:00Z', NOON_UTC],
  ['2024-01-01T12:00:00.250Z', NOON_UTC + 250],
  ['2024-01-01 20:00:00.5', NOON_UTC + 500],
  ['2024-01-01T20:00:00+08:00', NOON_UTC],
  ['2024-01-01T07:00:00-0500', NOON_UTC],
  ['20240101200000', NOON_UTC],
  ['1704110400', NOON_UTC],
  ['1704110400123', NOON_UTC + 123],
  [' 2024-01-01 20:00:00 ', NOON_UTC],
  ['2024-02-29 08:00:00', Date.UTC(2024, 1, 29)],
  // A night in which New York has no 02:30.
  ['2024-03-10 02:30:00', Date.UTC(2024, 2, 9, 18, 30)],
];

test.each([
  ['UTC', 0],
  ['America/New_York', 300],
  ['Asia/Shanghai', -480],
  ['Pacific/Kiritimati', -840],
  ['Asia/Kolkata', -330],
])('every format means the same moment in %s', (zone, offset) => {
  process.env.TZ = zone;
  expect(new Date(NOON_UTC).getTimezoneOffset()).toBe(offset);
  for (const [text, moment] of FORMATS) expect([text, parseBeijingTime(text)]).toEqual([text, moment]);
  expect(tokenLife({ createTime: '2024-03-10 02:00:00', expireTime: '2024-03-10 03:00:00', now: 0 })).toBe(
    3_600_000,
  );
});

test.each([
  '',
  'soon',
  '0',
  '123456789',
  '12345678901',
  '2024-13-01 00:00:00',
  '2024-00-10 00:00:00',
  '2024-02-30 00:00:00',
  '2023-02-29 00:00:00',
  '2024-01-01 24:00:00',
  '2024-01-01 00:60:00',
  '2024-01-01 00:00:61',
  '20241301000000',
  '2024-01-01',
  '2024/01/01 00:00:00',
  '2024-01-01 00:00:00 UTC',
])('refuses %j', (text) => {
  expect(parseBeijingTime(text)).toBeUndefined();
});
