import { timingSafeEqual } from 'node:crypto';

/** Whether a secret was given: takes as long whether it begins right or not. */
export function sameText(given: string, wanted: string): boolean {
  const [one, other] = [Buffer.from(given), Buffer.from(wanted)];
  return one.length === other.length && timingSafeEqual(one, other);
}
