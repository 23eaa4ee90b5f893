/** `sinks[].where` and the rotation of an ndjson sink: what may be said, and what is refused with which words. */
import { describe, expect, test } from 'vitest';
import { parseConfig } from '../../src/config/index.js';

const queues = [{ messageType: 'SmsReport', queueName: 'q' }];

/** @param keys of an ndjson sink */
function messages(keys: Record<string, unknown>): string {
  try {
    parseConfig({ queues, sinks: [{ type: 'ndjson', path: 'out', ...keys } as never] });
    return 'fine';
  } catch (error) {
    return (error as Error).message;
  }
}

describe('where', () => {
  test.each([
    [{ 'data.success': false }],
    [{ 'data.err_code': ['A', 0, true] }],
    [{ 'data.a.b': { not: ['x', 1], exists: true, prefix: '1', gt: 0, lt: 1.5 } }],
    [{ subject: { exists: true }, messagetype: 'SmsReport', dequeuecount: { gt: 1 } }],
    [{ 'data.__proto__': 'x', 'data.sequence_id': '12345678901234567890' }],
    [{}],
  ])('may be %j', (where) => {
    expect(messages({ where })).toBe('fine');
  });

  const field = 'must be data. and a field of the receipt, or an attribute of the event such as subject';
  test.each([
    [{ subjct: 'x' }, `subjct: ${field}, did you mean subject?`],
    [{ err_code: 'A' }, `err_code: ${field}, did you mean data.err_code?`],
    [{ data: 'A' }, `data: ${field}`],
    [{ 'data.': 1 }, `"data.": ${field}`],
    [{ 'data..a': 1 }, `"data..a": ${field}`],
    [{ 'data.a ': 1 }, `"data.a ": ${field}`],
    [{ constructor: 1 }, `constructor: ${field}, did you mean data.constructor?`],
    [{ 'data.a': {} }, '"data.a": must have one of not, exists, prefix, gt, lt'],
    [{ 'data.a': [] }, '"data.a": must not be an empty list'],
    [{ 'data.a': { not: [] } }, '"data.a".not: must not be an empty list'],
    [{ 'data.a': { prefx: 'x' } }, '"data.a".prefx: unknown key, did you mean prefix?'],
    [{ 'data.a': { prefix: '' } }, '"data.a".prefix: must not be empty, got ""'],
    [{ 'data.a': { gt: '1' } }, '"data.a": must be a value'],
    [{ 'data.a': { exists: 'yes' } }, 'exists (true or false)'],
    [{ 'data.a': 1e18 }, '"data.a": has more than 15 digits: put it in quotes'],
    [{ 'data.a': null }, '"data.a": must be a value, a list of values, or a mapping of not (either)'],
  ])('%j is refused with what it may be', (where, message) => {
    expect(messages({ where })).toMatch(/^sinks\[0\]\.where\./);
    expect(messages({ where })).toContain(message);
  });
});

describe('rotation of an ndjson sink', () => {
  test.each([
    [{ path: 'out', maxBytes: 1 }, 'fine'],
    [{ path: 'out', maxAge: 3_600_000, gzip: true }, 'fine'],
    [{ path: '-', maxBytes: 0, maxAge: 0 }, 'fine'],
    [{ path: '-', maxBytes: 1 }, /sinks\[0\]\.maxBytes: is for files, .* leave it out$/],
    [{ path: '-', maxAge: 1, gzip: true }, /sinks\[0\]\.maxAge: is for files/],
    [{ path: 'out', gzip: true }, /sinks\[0\]\.gzip: .* set maxBytes or maxAge too$/],
    [{ path: 'out', maxBytes: -1 }, /sinks\[0\]\.maxBytes: must be between 0 and 1099511627776, got -1/],
  ])('%j', (keys, message) => {
    expect(messages(keys)).toMatch(message);
  });
});
