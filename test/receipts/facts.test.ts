import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { factsOf } from '../../src/receipts/facts.js';
import type { ReceiptShape } from '../../src/receipts/receipt-type.js';

const shape: ReceiptShape = {
  schema: z.looseObject({}),
  source: 'test',
  time: ['ended', 'data.info.endTime', 'started'],
  subject: ['call_id', 'data.id'],
  identity: ['call_id', 'state', 'data.n'],
};
const facts = (receipt: object) => factsOf(receipt, 'VoiceReport', shape);
const keyOf = (...values: string[]) =>
  createHash('sha256').update(JSON.stringify(values)).digest('hex').slice(0, 32);

test.each([
  ['Beijing wall time', { ended: '2024-01-01 08:00:06' }, '2024-01-01T00:00:06.000Z'],
  [
    'ms since the epoch, as a number in a nested field',
    { data: { info: { endTime: 1704074418000 } } },
    '2024-01-01T02:00:18.000Z',
  ],
  [
    'a time with blanks around it',
    { ended: ' Mon, 01 Jan 2024 10:27:00 +0800 ' },
    '2024-01-01T02:27:00.000Z',
  ],
  ['ms since the epoch, as text', { ended: '1704081600000' }, '2024-01-01T04:00:00.000Z'],
  ['a time with a zone', { ended: 'Mon, 01 Jan 2024 10:27:00 +0800' }, '2024-01-01T02:27:00.000Z'],
  [
    'the next best field where the best is empty',
    { ended: '', started: '2024-01-01 08:00:00' },
    '2024-01-01T00:00:00.000Z',
  ],
  [
    'the next best field where the best is unreadable',
    { ended: 'soon', started: '2024-01-01 08:00:00' },
    '2024-01-01T00:00:00.000Z',
  ],
  ['none where there is none', { ended: null, started: [] }, undefined],
])('the time is %s', (_, receipt, time) => {
  expect(facts(receipt).time).toBe(time);
});

test.each([
  ['the best field there is', { call_id: '1^2', data: { id: 'x' } }, '1^2'],
  ['the next one where that is empty', { call_id: '', data: { id: 'x' } }, 'x'],
  ['a number by its digits', { call_id: 42 }, '42'],
  ['none where none is there', {}, undefined],
  ['none of a text that no attribute may hold', { call_id: 'a\0b', data: { id: '\ud800' } }, undefined],
  ['none of a text longer than an id', { call_id: 'x'.repeat(257) }, undefined],
  ['none that the prototype has', { data: {} }, undefined],
])('the subject is %s', (_, receipt, subject) => {
  expect(facts(receipt).subject).toBe(subject);
});

test('the key is made of the type and the identity fields, in their order', () => {
  expect(facts({ call_id: '1', state: 200100, data: { n: 7 } }).idempotencykey).toBe(
    keyOf('VoiceReport', '1', '200100', '7'),
  );
  expect(facts({ call_id: '1' }).idempotencykey).toBe(keyOf('VoiceReport', '1', '', ''));
});

test('the key does not tell text from number, nor look at any other field', () => {
  const key = facts({ call_id: '1', state: '5', data: { n: 7 } }).idempotencykey;
  expect(facts({ data: { n: '7', more: true }, state: 5, call_id: '1', other: 1 }).idempotencykey).toBe(key);
  expect(facts({ call_id: '1', state: '5', data: { n: 8 } }).idempotencykey).not.toBe(key);
  expect(facts({ call_id: '', state: '1', data: { n: 57 } }).idempotencykey).not.toBe(
    facts({ call_id: '1', state: '', data: { n: 57 } }).idempotencykey,
  );
});

test('there is no key where no identity field is there, and nothing at all of an unknown type', () => {
  expect(facts({ other: 1 })).toEqual({});
  expect(factsOf({ call_id: '1' }, 'NoSuchReport', undefined)).toEqual({});
});
