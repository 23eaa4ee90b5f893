/**
 * JSON text of a receipt → value, without rounding ids: an integer beyond 2^53 (`sequence_id` of SmsUp is one)
 * becomes a string of its digits instead of a wrong number.
 */
import JSONbig from 'json-bigint';

const lossless = JSONbig({ storeAsString: true, protoAction: 'preserve', constructorAction: 'preserve' });

/** Only receipts that hold a long run of digits outside quotes pay for the slower parser. */
const LONG_NUMBER = /[:[,]\s*-?\d{16}/;

/** @throws {SyntaxError} when the text is not JSON. */
export function parseReceipt(text: string): unknown {
  const value: unknown = JSON.parse(text);
  return LONG_NUMBER.test(text) ? lossless.parse(text) : value;
}
