import { pino } from 'pino';
import { expect, test } from 'vitest';
import { DriftLog } from '../../src/poll/drift-log.js';
import { QueueStats } from '../../src/stats.js';

function setUp() {
  const lines: { fields: unknown }[] = [];
  const log = pino({}, { write: (line: string) => lines.push(JSON.parse(line)) });
  const stats = new QueueStats();
  return { lines, stats, drift: new DriftLog(stats, log) };
}

test('every difference is counted by its field, and each new way is told once', () => {
  const { drift, stats, lines } = setUp();
  for (const id of ['a', 'b', 'c']) drift.note(id, [{ path: 'duration', problem: 'no number', value: [] }]);
  drift.note('d', [
    { path: 'duration', problem: 'no number', value: {} },
    { path: 'call_id', problem: 'missing', value: undefined },
  ]);
  drift.note('e', []);
  expect(stats.drift).toEqual({ duration: 4, call_id: 1 });
  expect(stats.counters.drifted).toBe(4);
  expect(lines).toHaveLength(2);
});

test('the sample is short, and shows no phone number', () => {
  const { drift, lines } = setUp();
  const value = { phone_number: '13800138000', content: 'x'.repeat(10_000) };
  drift.note('a', [{ path: 'content', problem: 'no text', value }]);
  expect(lines[0]?.fields).toEqual([
    {
      path: 'content',
      problem: 'no text',
      sample: expect.stringMatching(/^\{"phone_number":"138\*\*\*\*00",.{0,80}$/),
    },
  ]);
});

test('a way is the same however many receipts of a list have it', () => {
  const { drift, lines, stats } = setUp();
  const one = { path: 'slots[].value', problem: 'no text', value: 1 };
  for (let n = 1; n < 100; n += 1) drift.note('a', Array(n).fill(one));
  expect(lines).toHaveLength(1);
  expect(stats.drift).toEqual({ 'slots[].value': (99 * 100) / 2 });
});

test('one line of the log does not grow with what a message holds', () => {
  const { drift, lines } = setUp();
  drift.note(
    'a',
    Array.from({ length: 5_000 }, (_, n) => ({ path: `p${n}`, problem: 'no text', value: n })),
  );
  expect(lines[0]?.fields).toHaveLength(20);
});

test('a value too deep to be shown is no reason to fail', () => {
  const { drift, lines } = setUp();
  const value = JSON.parse(`${'['.repeat(200_000)}${']'.repeat(200_000)}`);
  drift.note('a', [{ path: 'err_msg', problem: 'no text', value }]);
  expect(lines[0]?.fields).toEqual([{ path: 'err_msg', problem: 'no text', sample: 'too deep to be shown' }]);
});

test('the log hears of so many ways and no more', () => {
  const { drift, lines, stats } = setUp();
  for (let n = 0; n < 200; n += 1) drift.note('a', [{ path: 'p', problem: `problem ${n}`, value: n }]);
  expect(lines).toHaveLength(50);
  expect(stats.drift).toEqual({ p: 200 });
});
