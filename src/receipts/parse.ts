/**
 * JSON text of a receipt → value, without rounding ids: an integer beyond 2^53 (`sequence_id` of SmsUp is one)
 * becomes a string of its digits instead of a wrong number.
 */

/** Only receipts that hold a long run of digits outside quotes pay for a second look. */
const LONG_NUMBER = /[:[,]\s*-?\d{16}/;
/** A string or a number of a valid JSON text. */
const SCALAR = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/** @throws {SyntaxError} when the text is not JSON. */
export function parseReceipt(text: string): unknown {
  const value: unknown = JSON.parse(text);
  return LONG_NUMBER.test(text) ? JSON.parse(text.replace(SCALAR, quoteUnsafe)) : value;
}

function quoteUnsafe(scalar: string): string {
  const safe = !/^-?\d{16,}$/.test(scalar) || Number.isSafeInteger(Number(scalar));
  return safe ? scalar : `"${scalar}"`;
}
