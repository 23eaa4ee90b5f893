import { describe, expect, it } from 'vitest';
import { UsageError } from '../../src/errors.js';
import { admits, type Filter, parseTime } from '../../src/replay/filter.js';
import { captured } from './support.js';

describe('parseTime', () => {
  it.each([
    ['2026-01-31', '2026-01-30T16:00:00.000Z'],
    ['2026-01-31 08:30', '2026-01-31T00:30:00.000Z'],
    ['2026-01-31T08:30', '2026-01-31T00:30:00.000Z'],
    ['2026-01-31 08:30:15', '2026-01-31T00:30:15.000Z'],
    ['2026-01-31T00:00:00Z', '2026-01-31T00:00:00.000Z'],
    ['2026-01-31T00:30Z', '2026-01-31T00:30:00.000Z'],
    ['2026-01-31T00:00:00+02:00', '2026-01-30T22:00:00.000Z'],
    ['20260131083015', '2026-01-31T00:30:15.000Z'],
    ['1769817600', '2026-01-31T00:00:00.000Z'],
    [' 2026-01-31 ', '2026-01-30T16:00:00.000Z'],
  ])('reads %s', (text, time) => {
    expect(new Date(parseTime('--since', text)).toISOString()).toBe(time);
  });

  it.each(['', 'yesterday', '2026-13-01', '2026-02-30', '31.01.2026', '2026-01-31 25:00'])(
    'refuses "%s"',
    (text) => {
      expect(() => parseTime('--since', text)).toThrow(UsageError);
      expect(() => parseTime('--since', text)).toThrow(/^--since: must be a time such as 2026-01-31/);
    },
  );
});

describe('admits', () => {
  const ask = (filter: Partial<Filter>, { typed = true, dated = true, ...more } = {}) =>
    admits(
      { types: [], ...filter },
      { message: { ...captured(0), mnsHost: 'mns.test', enqueueTime: 1_000, ...more }, typed, dated },
    );

  it('lets everything through without options', () => {
    expect(ask({})).toBe(true);
  });

  it('goes by type', () => {
    expect(ask({ types: ['SmsReport', 'SmsUp'] })).toBe(true);
    expect(ask({ types: ['SmsUp'] })).toBe(false);
  });

  it('takes since as included and until as excluded', () => {
    expect(ask({ since: 1_000 })).toBe(true);
    expect(ask({ since: 1_001 })).toBe(false);
    expect(ask({ until: 1_000 })).toBe(false);
    expect(ask({ until: 1_001 })).toBe(true);
  });

  it('does not keep out what cannot be told', () => {
    expect(ask({ types: ['SmsUp'] }, { typed: false })).toBe(true);
    expect(ask({ since: 1_001 }, { dated: false })).toBe(true);
    expect(ask({ until: 1_000 }, { dated: false })).toBe(true);
  });
});
