import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { catalog } from '../../src/receipts/catalog.js';
import { believedMessageType, guessMessageType } from '../../src/receipts/guess.js';
import { fixture, fixtures } from './fixtures.js';

/** Types that are published with the fields of another one, which is the more usual. */
const TWINS: Readonly<Record<string, string>> = {
  DypnsSmsVerifyReport: 'SmsReport',
  VoiceReportAiccs: 'VoiceReport',
  VoiceCallReportAiccs: 'VoiceCallReport',
  VoiceRecordReportAiccs: 'VoiceRecordReport',
};

test.each(fixtures)('$name is seen for what it is', ({ type, receipt }) => {
  expect(guessMessageType(receipt)).toBe(TWINS[type] ?? type);
});

test.each(fixtures)(
  '$name is so, whatever the order of its fields and with a field more',
  ({ type, receipt }) => {
    const reversed = Object.fromEntries(Object.entries(receipt).reverse());
    expect(guessMessageType({ brand_new: {}, ...reversed })).toBe(TWINS[type] ?? type);
  },
);

describe('there is no guess', () => {
  test.each([
    ['nothing', {}],
    ['a list', [fixture('SmsReport').receipt]],
    ['fields that nobody knows', { id: 1, name: 'x' }],
    ['one field, were it the only one a type needs', { WabaId: '1' }],
    ['fields that many types have and none needs', { out_id: '1', duration: '5' }],
    ['a few known fields among many others', { call_id: '1', status_code: '1', a: 1, b: 1, c: 1 }],
    ['what a type whose fields are not published could be', { channel: '1', anything: '2' }],
    [
      'names that every object has',
      JSON.parse('{"__proto__":{"a":1},"constructor":1,"toString":2,"valueOf":3}'),
    ],
  ])('for %s', (_, receipt) => {
    expect(guessMessageType(receipt)).toBeUndefined();
  });

  test('where the best type does not accept it, rather than the next best', () => {
    const { receipt } = fixture('VoiceReport-2017');
    expect(guessMessageType({ ...receipt, dtmf: {} })).toBeUndefined();
    expect(guessMessageType(receipt)).toBe('VoiceReport');
  });
});

describe('what somebody says', () => {
  const call = { call_id: '1^1', status_code: '200000', duration: '10' };
  test.each([
    [
      'is believed where the receipt may be of that type',
      { biz_id: '1', success: true },
      'SmsReport',
      'SmsReport',
    ],
    ['is believed of types that look alike', call, 'VoiceReportAiccs', 'VoiceReportAiccs'],
    ['is believed of a type nobody knows', call, 'BrandNewReport', 'BrandNewReport'],
    ['is believed where nothing else fits', { hello: 1 }, 'SmsReport', 'SmsReport'],
    ['is not where the receipt plainly is of another type', call, 'SmsReport', 'VoiceReport'],
  ])('%s', (_, receipt, said, believed) => {
    expect(believedMessageType(receipt, said)).toBe(believed);
  });
});

test('fields decide, not what was guessed before of the same fields', () => {
  const { receipt } = fixture('SmsReport');
  expect(guessMessageType({ ...receipt, success: 'yes' })).toBeUndefined();
  expect(guessMessageType(receipt)).toBe('SmsReport');
  expect(guessMessageType({ ...receipt, success: null })).toBeUndefined();
});

test('any number of different lists of fields, of any length, is guessed alike', () => {
  const { receipt } = fixture('VoiceCallReport');
  const long = 'x'.repeat(5_000);
  for (let round = 0; round < 2_500; round += 1) {
    expect(guessMessageType({ ...receipt, [`new_${round}`]: 1 })).toBe('VoiceCallReport');
  }
  expect(guessMessageType({ ...receipt, [long]: 1 })).toBe('VoiceCallReport');
  expect(guessMessageType(receipt)).toBe('VoiceCallReport');
});

test('nothing that JSON can hold makes it throw, and what it says is in the catalog', () => {
  const names = Object.values(catalog).flatMap(({ shapes }) =>
    shapes.flatMap(({ schema }) => Object.keys(schema.shape)),
  );
  const key = fc.oneof(fc.constantFrom(...names), fc.string());
  fc.assert(
    fc.property(fc.array(fc.tuple(key, fc.jsonValue())), (entries) => {
      const guess = guessMessageType(JSON.parse(JSON.stringify(Object.fromEntries(entries))));
      expect(guess === undefined || Object.hasOwn(catalog, guess)).toBe(true);
    }),
  );
});
