import { describe, expect, test } from 'vitest';
import { UsageError } from '../../src/errors.js';
import { DeadLetterSieve, isSelective } from '../../src/pipeline/dead-letters/filter.js';

const LETTERS = [
  { messageType: 'SmsReport', reason: 'webhook: HTTP 404 for 13800001234' },
  { messageType: 'SmsUp', reason: 'webhook: http 500' },
  { messageType: 'VoiceReport', reason: 'undecodable: the body is neither JSON nor base64' },
];

const select = (filter: ConstructorParameters<typeof DeadLetterSieve>[0]) =>
  new DeadLetterSieve(filter).select(LETTERS, (letter) => letter).map((letter) => LETTERS.indexOf(letter));

describe('selecting', () => {
  test.each([
    ['nothing asked for', {}, [0, 1, 2]],
    ['no types', { types: [] }, [0, 1, 2]],
    ['types', { types: ['SmsUp', 'VoiceReport', 'Nothing'] }, [1, 2]],
    ['part of a reason', { reason: 'HTTP' }, [0, 1]],
    ['a masked phone number, as people read it', { reason: '138****34' }, [0]],
    ['a phone number', { reason: '13800001234' }, [0]],
    ['what would be a regular expression', { reason: 'HTTP 4..' }, []],
    ['a regular expression', { reason: '/HTTP \\d+/' }, [0]],
    ['a regular expression without case', { reason: '/http \\d+/i' }, [0, 1]],
    ['a regular expression with a slash', { reason: '/^(webhook|a/b)/' }, [0, 1]],
    ['a masked number by a regular expression', { reason: '/138\\*{4}34$/' }, [0]],
    ['all at once', { types: ['SmsUp', 'VoiceReport'], reason: 'http' }, [1]],
  ])('goes by %s', (_, filter, found) => {
    expect(select(filter)).toEqual(found);
  });

  test('of an empty page is empty', () => {
    expect(
      new DeadLetterSieve({ reason: '/a/' }).select([], () => ({ messageType: '', reason: '' })),
    ).toEqual([]);
  });
});

test.each([
  [{ reason: '' }, /^reason: must be text/],
  [{ reason: 'x'.repeat(501) }, /^reason: must be text/],
  [{ reason: '/(/' }, /^reason: \/\(\/ is no regular expression: /],
  [{ reason: '/a/g' }, /flags may be i, m, s and u/],
  [{ since: 'yesterday' }, /^since: must be a time/],
  [{ until: '' }, /^until: must be a time/],
])('refuses %j', (filter, message) => {
  expect(() => new DeadLetterSieve(filter)).toThrow(UsageError);
  expect(() => new DeadLetterSieve(filter)).toThrow(message);
});

test('ends a regular expression that would never end', () => {
  const sieve = new DeadLetterSieve({ reason: '/^(a+)+$/' });
  const endless = [{ messageType: 'SmsReport', reason: `${'a'.repeat(60)}!` }];
  expect(() => sieve.select(endless, (letter) => letter)).toThrow(
    /^reason: \/\^\(a\+\)\+\$\/ takes too long to match: avoid repetitions/,
  );
});

test('tells whether more than a queue is asked for', () => {
  expect([{}, { queueName: 'q' }, { types: [] }].map(isSelective)).toEqual([false, false, false]);
  expect([{ types: ['SmsUp'] }, { reason: 'x' }, { since: 'x' }, { until: 'x' }].map(isSelective)).toEqual(
    Array(4).fill(true),
  );
});
