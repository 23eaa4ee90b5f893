import { expect, test } from 'vitest';
import { unknownFields } from '../../src/sinks/unknown-fields.js';

test('a mistyped field is told, with what was meant', () => {
  expect(unknownFields({ 'data.succes': false, subject: 'x', 'data.err_code': 'A' }, ['SmsReport'])).toEqual([
    'data.succes is a field of none of the receipts that this sink takes, did you mean data.success?',
  ]);
  expect(unknownFields({ 'data.nothing_like_it_at_all': 1 }, undefined)).toEqual([
    'data.nothing_like_it_at_all is a field of none of the receipts that this sink takes',
  ]);
});

test('a field of any type that is taken is right, and so is any where a type is not published', () => {
  expect(unknownFields({ 'data.call_id': { exists: true } }, ['SmsReport', 'VoiceReport'])).toEqual([]);
  expect(unknownFields({ 'data.call_id': { exists: true } }, undefined)).toEqual([]);
  expect(unknownFields({ 'data.whatever': 1 }, ['SmsReport', 'SomethingNew'])).toEqual([]);
});
