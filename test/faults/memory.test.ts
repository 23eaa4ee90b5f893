import { expect, it } from 'vitest';
import { MemoryLog } from '../../faults/memory.js';

const MINUTE = 60_000;

function log(...mebibytes: number[]): MemoryLog {
  const memory = new MemoryLog([]);
  for (const [minute, size] of mebibytes.entries()) {
    memory.add(minute * MINUTE, size / 2);
    memory.add(minute * MINUTE + 30_000, size);
  }
  return memory;
}

it('keeps the most of each minute', () => {
  expect(log(100, 200, 150).peaks).toEqual([100, 200, 150]);
});

it('finds memory that grows during an outage, and only then', () => {
  const outage = { scenario: 'sink-down', away: 5 * MINUTE } as const;
  expect(log(300, 200, 210, 220, 290, 900).problems(outage)).toEqual([]);
  expect(log(300, 200, 210, 220, 300, 280).problems(outage)).toEqual([
    'memory of a daemon grew from 200 to 300 MiB during the outage',
  ]);
  expect(log(300, 200, 900).problems({ ...outage, scenario: 'faults' })).toEqual([]);
});
