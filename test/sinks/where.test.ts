import { describe, expect, test } from 'vitest';
import { compileWhere, type Where } from '../../src/sinks/where.js';
import { record } from './records.js';

function takes(where: Where, data: unknown, attributes = {}): boolean {
  const json = typeof data === 'string' ? data : JSON.stringify(data);
  return compileWhere(where)(record('a', { json, ...attributes }));
}

describe('a value', () => {
  test.each([
    [false, false, true],
    [false, 'false', true],
    ['false', false, true],
    [true, 'true', true],
    [true, 1, false],
    [0, '0', true],
    ['0', 0, true],
    [1, '1.0', true],
    ['1', '1.0', false],
    [1, '', false],
    [0, '', false],
    [0, null, false],
    [0, false, false],
    ['', '', true],
    ['', null, false],
    ['null', null, false],
    ['A', 'a', false],
    ['[object Object]', {}, false],
    ['1', ['0', 1], true],
    ['2', ['0', 1], false],
    ['1', [['1']], false],
    [1, ' 1 ', true],
    [16, '0x10', false],
  ])('%j takes %j: %j', (wanted, value, taken) => {
    expect(takes({ 'data.a': wanted }, { a: value })).toBe(taken);
    expect(takes({ 'data.a': ['never', wanted] }, { a: value })).toBe(taken);
    expect(takes({ 'data.a': { not: wanted } }, { a: value })).toBe(!taken);
    expect(takes({ 'data.a': { not: ['never', wanted] } }, { a: value })).toBe(!taken);
  });

  test('is not what is missing', () => {
    expect(takes({ 'data.a': 'undefined' }, {})).toBe(false);
    expect(takes({ 'data.a': { not: 'x' } }, {})).toBe(true);
  });

  test('keeps all digits of a long number', () => {
    const json = '{"a":12345678901234567890}';
    expect(takes({ 'data.a': '12345678901234567890' }, json)).toBe(true);
    expect(takes({ 'data.a': '12345678901234567891' }, json)).toBe(false);
  });
});

describe('operators', () => {
  test.each([
    [{ exists: true }, { a: '' }, true],
    [{ exists: true }, { a: false }, true],
    [{ exists: true }, { a: {} }, true],
    [{ exists: true }, { a: null }, false],
    [{ exists: true }, { a: [] }, false],
    [{ exists: true }, {}, false],
    [{ exists: false }, {}, true],
    [{ exists: false }, { a: null }, true],
    [{ exists: false }, { a: 0 }, false],
    [{ prefix: '138' }, { a: '13800138000' }, true],
    [{ prefix: '138' }, { a: 13800138000 }, true],
    [{ prefix: '138' }, { a: '8613800138000' }, false],
    [{ prefix: '[' }, { a: {} }, false],
    [{ gt: 0 }, { a: 1 }, true],
    [{ gt: 0 }, { a: '1' }, true],
    [{ gt: 0 }, { a: 0 }, false],
    [{ gt: -1 }, { a: '' }, false],
    [{ gt: -1 }, { a: false }, false],
    [{ gt: -1 }, { a: 'x' }, false],
    [{ gt: -1 }, {}, false],
    [{ lt: 10 }, { a: '9.5' }, true],
    [{ gt: 1, lt: 10 }, { a: 10 }, false],
    [{ gt: 1, lt: 10 }, { a: [0, 11] }, false],
    [{ gt: 1, lt: 10 }, { a: [0, 5] }, true],
    [{ not: ['A', 'B'], exists: true }, { a: 'C' }, true],
    [{ not: ['A', 'B'], exists: true }, { a: 'B' }, false],
    [{ not: ['A', 'B'], exists: true }, {}, false],
  ])('%j of %j: %j', (condition, data, taken) => {
    expect(takes({ 'data.a': condition }, data)).toBe(taken);
  });
});

describe('a field', () => {
  test('may be nested, and in lists', () => {
    const data = { a: { b: { c: 1 } }, legs: [{ state: 'no' }, { state: 'ok' }, 5, null], 'x.y': 1 };
    expect(takes({ 'data.a.b.c': 1 }, data)).toBe(true);
    expect(takes({ 'data.a.c': 1 }, data)).toBe(false);
    expect(takes({ 'data.legs.state': 'ok' }, data)).toBe(true);
    expect(takes({ 'data.legs.0.state': 'ok' }, data)).toBe(false);
    expect(takes({ 'data.legs.1.state': 'ok' }, data)).toBe(true);
    expect(takes({ 'data.legs.length': 4 }, data)).toBe(false);
    expect(takes({ 'data.legs.state': { not: 'ok' } }, data)).toBe(false);
  });

  test.each(['__proto__', 'constructor', 'toString', 'a.constructor.name', 'a.length', 'l.length'])(
    'that only a prototype has is not there: %s',
    (path) => {
      expect(takes({ [`data.${path}`]: { exists: true } }, { a: 'text', l: [] })).toBe(false);
    },
  );

  test('of its own may have any name', () => {
    expect(
      takes({ 'data.__proto__.x': 1, 'data.constructor': 2 }, '{"__proto__":{"x":1},"constructor":2}'),
    ).toBe(true);
  });

  test.each(['null', '5', '"text"', '[]', '[[1]]'])('of a receipt that is %s is missing', (json) => {
    expect(takes({ 'data.a': { exists: false } }, json)).toBe(true);
    expect(takes({ 'data.a': 1 }, json)).toBe(false);
  });

  test('may be an attribute', () => {
    const attributes = { subject: 'call-1', dequeuecount: 2 };
    expect(
      takes({ subject: 'call-1', dequeuecount: { gt: 1 }, messagetype: 'SmsReport' }, {}, attributes),
    ).toBe(true);
    expect(takes({ subject: 'call-2' }, {}, attributes)).toBe(false);
    expect(takes({ idempotencykey: { exists: false }, id: 'a' }, {})).toBe(true);
    expect(takes({ toString: { exists: true } } as Where, {})).toBe(false);
  });
});

test('all must hold', () => {
  const where = { 'data.a': 1, 'data.b': 2, subject: 's' };
  expect(takes(where, { a: 1, b: 2 }, { subject: 's' })).toBe(true);
  expect(takes(where, { a: 1, b: 3 }, { subject: 's' })).toBe(false);
  expect(takes(where, { a: 1, b: 2 }, { subject: 't' })).toBe(false);
  expect(takes({}, {})).toBe(true);
});

test('the receipt is parsed only for its own fields', () => {
  const broken = record('a', { json: '{' });
  expect(compileWhere({ id: 'a' })(broken)).toBe(true);
  expect(compileWhere({ id: 'b', 'data.a': 1 })(broken)).toBe(false);
});

test('a receipt may be as deep and as long as it likes', () => {
  const depth = 200_000;
  const deep = `{"a":${'['.repeat(depth)}${']'.repeat(depth)},"b":1}`;
  expect(takes({ 'data.b': 1, 'data.a': { not: 'x' }, 'data.a.b.c': { exists: false } }, deep)).toBe(true);
  const long = `{"a":[${'0,'.repeat(300_000)}1]}`;
  expect(takes({ 'data.a': 1 }, long)).toBe(true);
});
