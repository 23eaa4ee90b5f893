import { expect, it } from 'vitest';
import { Tally } from '../../src/replay/tally.js';

const at = (line: number) => ({ file: 'a.ndjson', line });

it('counts by type and outcome, and knows the first places', () => {
  const tally = new Tally();
  tally.count('SmsReport', 'ok', at(1));
  tally.count('SmsReport', 'drifted', at(2), 'success: must be a boolean');
  tally.count('SmsUp', 'undecodable', at(3), 'not JSON');
  tally.count('SmsUp', 'failed', at(4), 'refused');
  tally.unreadable(at(5), 'damaged');
  tally.duplicates += 1;
  tally.filtered += 2;
  expect(tally.failures).toBe(3);
  expect(tally.done).toBe(8);
  expect(tally.total('ok', 'drifted')).toBe(2);
  expect(tally.data.types.SmsUp?.samples).toEqual({
    undecodable: [{ place: 'a.ndjson:3', reason: 'not JSON' }],
    failed: [{ place: 'a.ndjson:4', reason: 'refused' }],
  });
});

it('goes on from what an earlier run had counted', () => {
  const before = new Tally();
  before.count('SmsReport', 'failed', at(1), 'refused');
  const data = JSON.parse(JSON.stringify(before.data));
  const after = new Tally(data);
  after.count('SmsReport', 'failed', at(2), 'refused');
  expect(after.data.types.SmsReport?.counts.failed).toBe(2);
  expect(after.data.types.SmsReport?.samples.failed).toHaveLength(2);
  expect(data).toEqual(before.data);
});

it('stays small whatever a file holds', () => {
  const tally = new Tally();
  for (let n = 0; n < 1_000; n += 1) {
    tally.count(`Type${n}`, 'failed', at(n), 'x'.repeat(10_000));
    tally.count('SmsReport', 'undecodable', at(n), 'x'.repeat(10_000));
    tally.unreadable(at(n), 'y');
  }
  expect(tally.total('failed')).toBe(1_000);
  expect(Object.keys(tally.data.types).length).toBeLessThanOrEqual(202);
  expect(JSON.stringify(tally.data).length).toBeLessThan(200_000);
});

it('shows nothing of a name or a reason that a terminal would obey, and no phone number', () => {
  const tally = new Tally();
  tally.count('Sms\u001b[31mReport', 'failed', { file: 'a\u001b[31m\nb', line: 1 }, 'no 13800138000\u0007');
  const [type = ''] = Object.keys(tally.data.types);
  const [sample] = tally.data.types[type]?.samples.failed ?? [];
  expect(type).toBe('Sms\ufffd[31mReport');
  expect(sample?.place).toBe('a\ufffd[31m b:1');
  expect(sample?.reason).not.toContain('13800138000');
  expect(sample?.reason).toMatch(/\ufffd$/);
});

it('takes any name for a type', () => {
  const tally = new Tally();
  for (const type of ['__proto__', 'constructor', '']) tally.count(type, 'failed', at(1), 'no');
  expect(new Tally(JSON.parse(JSON.stringify(tally.data))).failures).toBe(3);
});
