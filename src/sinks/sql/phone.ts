/** The hash that phone numbers are searched by: the same for the same number, however it is written. */
import { createHash, createHmac } from 'node:crypto';
import { bareNumber } from '../../receipts/index.js';

/** 128 bits, in hex. */
const LENGTH = 32;

/**
 * HMAC-SHA-256 by `key`, or plain SHA-256 where the key is empty; the first 32 hex digits. There are so few phone numbers
 * that without a key anybody can find the number of a hash by trying them all.
 *
 * @returns undefined when this is no phone number: a starred one, a user's name
 */
export function phoneHash(phone: string, key = ''): string | undefined {
  const number = bareNumber(phone);
  if (number === undefined) return undefined;
  const hash = key === '' ? createHash('sha256') : createHmac('sha256', key);
  return hash.update(number).digest('hex').slice(0, LENGTH);
}
