import { describe, expect, test } from 'vitest';
import { clip, errorChain, timeOfChain } from '../../src/pipeline/dead-letters/error-chain.js';

const AT = new Date('2026-01-31T00:00:00.000Z');

function chain(...errors: unknown[]): string {
  return errorChain(
    errors.map((error, index) => ({ sink: { name: `sink-${index}` }, error })),
    AT,
  );
}

function placeOrder(): never {
  throw new TypeError('no such order', {
    cause: Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }),
  });
}

function thrown(act: () => never): unknown {
  try {
    return act();
  } catch (error) {
    return error;
  }
}

test('tells when, by which sink, where, and why in turn', () => {
  const text = chain(thrown(placeOrder), new Error('full disk'));
  const [first, second] = text.split('\n');
  expect(first).toBe('2026-01-31T00:00:00.000Z sink-0: TypeError: no such order');
  expect(second).toMatch(/^ {4}at placeOrder \(.*error-chain\.test\.ts/);
  expect(text).toMatch(/^caused by: Error: connect \(ECONNREFUSED\)$/m);
  expect(text).toMatch(/^sink-1: Error: full disk$/m);
  expect(timeOfChain(text)).toBe(AT.toISOString());
});

test('tells the errors of an AggregateError', () => {
  const text = chain(new AggregateError([new Error('IPv6'), new Error('IPv4')], 'both'));
  expect(text).toMatch(/both[\s\S]*one of them: Error: IPv6[\s\S]*one of them: Error: IPv4/);
});

test('knows no time of an error that is not its own', () => {
  expect(timeOfChain('UnrecoverableError: undecodable\n at x')).toBeUndefined();
});

describe('whatever is thrown', () => {
  const circular = new Error('round and round');
  circular.cause = circular;
  const deep = Array.from({ length: 100 }).reduce<Error>(
    (cause) => new Error('x'.repeat(5_000), { cause }),
    circular,
  );
  const trap = new Proxy(
    {},
    {
      get() {
        throw new Error('do not look');
      },
    },
  );
  const strange = Object.assign(new Error('x'), { stack: 5, name: {}, code: {} });
  const long = Object.assign(new Error('x'), { stack: `Error: x\n${'    at y\n'.repeat(1_000_000)}` });
  test.each([
    ['nothing', undefined],
    ['null', null],
    ['a text', 'no order'],
    ['an object without a prototype', Object.create(null)],
    ['an object that cannot be looked at', trap],
    ['an error that is its own cause', circular],
    ['a hundred long causes', deep],
    ['an endless message', new Error('😀'.repeat(1_000_000))],
    ['an endless stack', long],
    ['an error with a strange stack', strange],
    ['what no terminal and no database takes', new Error('a\0b \ud83d \u001b[31m')],
  ])('is told in a bounded text: %s', (_, error) => {
    for (const text of [chain(error), chain(...Array(20).fill(error))]) {
      expect(text).toMatch(/^2026-01-31T00:00:00\.000Z sink-0: /);
      expect(text.length).toBeLessThanOrEqual(4_096);
      expect(text).not.toMatch(/\p{Cs}/u);
      expect(text).not.toMatch(/[^\P{Cc}\n]/u);
    }
  });
});

test('clips between characters', () => {
  expect([clip('abc', 3), clip('abcd', 3), clip('a😀bc', 3)]).toEqual(['abc', 'ab…', 'a…']);
});
