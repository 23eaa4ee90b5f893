/**
 * Other digits for a number's digits: as many, the first three as they were, and the rest replaced by a permutation that
 * only the key tells. So the same digits always become the same pseudonym, and no two numbers become one, which a hash
 * cut to so few digits would let happen.
 */
import { createHmac } from 'node:crypto';

/** Tell the kind of number: a mobile stays one, a country code or an area code stays itself. */
const KEPT = 3;
/** Even, so that both halves come back to their places. */
const ROUNDS = 6;

/** @param digits at most 17; with less than five there is too little to replace, and they are returned as they are */
export function pseudonym(digits: string, key: string): string {
  const rest = digits.length - KEPT;
  if (rest < 2) return digits;
  const head = digits.slice(0, KEPT);
  const leftLength = rest >> 1;
  const rightLength = rest - leftLength;
  let left = Number(digits.slice(KEPT, KEPT + leftLength));
  let right = Number(digits.slice(KEPT + leftLength));
  // A Feistel network over decimal digits, as in NIST's FF1: each round is undone by subtracting, so none loses anything.
  for (let round = 0; round < ROUNDS; round += 1) {
    const modulus = 10 ** (round % 2 === 0 ? leftLength : rightLength);
    const noise = createHmac('sha256', key).update(`${round} ${rest} ${head} ${right}`).digest();
    [left, right] = [right, (left + noise.readUIntBE(0, 6)) % modulus];
  }
  return head + String(left).padStart(leftLength, '0') + String(right).padStart(rightLength, '0');
}
