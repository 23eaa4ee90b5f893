import { pino } from 'pino';
import { expect, test } from 'vitest';
import { DriftLog } from '../../src/poll/drift-log.js';
import { KnownDrift } from '../../src/poll/known-drift.js';
import { QueueStats } from '../../src/stats.js';

test('a way is new once, whoever holds the memory', () => {
  const first = new KnownDrift();
  const second = new KnownDrift(first.memory);
  expect(first.isNew('a')).toBe(true);
  expect([first.isNew('a'), second.isNew('a')]).toEqual([false, false]);
  expect(second.isNew('b')).toBe(true);
  expect(first.isNew('b')).toBe(false);
});

test('what it has no place for is told rather than kept quiet', () => {
  const known = new KnownDrift(new SharedArrayBuffer(8));
  expect(['a', 'b', 'c', 'c', 'a'].map((way) => known.isNew(way))).toEqual([true, true, true, true, false]);
});

test('two slices tell the log once of a way, and both count it', () => {
  const known = new KnownDrift();
  const lines: string[] = [];
  const log = pino({}, { write: (line: string) => lines.push(line) });
  const stats = [new QueueStats(), new QueueStats()];
  const slices = stats.map((own) => new DriftLog(own, log, (shape) => known.isNew(shape)));
  for (const slice of [...slices, ...slices]) {
    slice.note('m', [{ path: 'duration', problem: 'no number', value: [] }]);
  }
  expect(lines).toHaveLength(1);
  expect(stats.map(({ drift }) => drift)).toEqual([{ duration: 2 }, { duration: 2 }]);
});
