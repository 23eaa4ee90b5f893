/**
 * What phone numbers are compared by. The same number is the same however it is written: 13800138000, 138 0013 8000,
 * +86 138-0013-8000, 008613800138000; 0571-88888888 and +86 571 88888888.
 */

/** What may stand between digits. */
const SEPARATORS = /[\s().\-\u00a0\u2010-\u2015]+/g;
/** Short ones like 10086 call people, too. */
const DIGITS = /^\+?\d{5,20}$/;
/** The prefixes for calling abroad, for China and for another area are no part of the number. */
const PREFIX = /^(?:(?:\+|00)?86(?=0?\d{9,11}$)|\+|00)?0?/;

/** @returns undefined when this is no phone number: a starred one, a user's name */
export function bareNumber(phone: string): string | undefined {
  const packed = phone.normalize('NFKC').replace(SEPARATORS, '');
  return DIGITS.test(packed) ? packed.replace(PREFIX, '') : undefined;
}
