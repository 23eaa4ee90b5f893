/**
 * The hash that phone numbers are searched by. The same number gives the same hash however it is written:
 * 13800138000, 138 0013 8000, +86 138-0013-8000, 008613800138000; 0571-88888888 and +86 571 88888888.
 */
import { createHash, createHmac } from 'node:crypto';

/** 128 bits, in hex. */
const LENGTH = 32;
/** What may stand between digits. */
const SEPARATORS = /[\s().\-\u00a0\u2010-\u2015]+/g;
/** Short ones like 10086 call people, too. */
const DIGITS = /^\+?\d{5,20}$/;
/** The prefixes for calling abroad, for China and for another area are no part of the number. */
const PREFIX = /^(?:(?:\+|00)?86(?=0?\d{9,11}$)|\+|00)?0?/;

/**
 * HMAC-SHA-256 by `key`, or plain SHA-256 where the key is empty; the first 32 hex digits. There are so few phone numbers
 * that without a key anybody can find the number of a hash by trying them all.
 *
 * @returns undefined when this is no phone number: a starred one, a user's name
 */
export function phoneHash(phone: string, key = ''): string | undefined {
  const packed = phone.normalize('NFKC').replace(SEPARATORS, '');
  if (!DIGITS.test(packed)) return undefined;
  const number = packed.replace(PREFIX, '');
  const hash = key === '' ? createHash('sha256') : createHmac('sha256', key);
  return hash.update(number).digest('hex').slice(0, LENGTH);
}
