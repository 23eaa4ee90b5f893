/**
 * How long a token lives. A span, never a moment: it is counted on the monotonic clock from when the token was asked
 * for, so that neither this machine's clock nor its time zone matters.
 */
import { parseBeijingTime } from '../beijing-time.js';

/** Nothing usable was said: short enough to be safe, as other clients of this service assume (dybaseapi.md §2.2). */
export const ASSUMED_LIFE_MS = 10 * 60_000;
/** STS tokens live an hour by default; a longer life than this is a misunderstanding. */
const LONGEST_LIFE_MS = 36 * 3_600_000;

export interface TokenTimes {
  /** As sent, in any format of `parseBeijingTime`. */
  createTime?: string | undefined;
  expireTime?: string | undefined;
  /** The answer's Date header. */
  serverDate?: string | undefined;
  /** Local clock, ms since the epoch. */
  now: number;
}

/**
 * ms that the token lives: ExpireTime − CreateTime, or less if by the server's own clock less is left (a token that was
 * made earlier and handed out again). Without either, ExpireTime by the local clock; failing that, ten minutes.
 */
export function tokenLife({ createTime, expireTime, serverDate, now }: TokenTimes): number {
  const expires = parseBeijingTime(expireTime ?? '');
  if (expires === undefined) return ASSUMED_LIFE_MS;
  const since = (start: number | undefined) => {
    const life = start === undefined ? Number.NaN : expires - start;
    return life > 0 && life <= LONGEST_LIFE_MS ? [life] : [];
  };
  const known = [...since(parseBeijingTime(createTime ?? '')), ...since(Date.parse(serverDate ?? ''))];
  const [life = ASSUMED_LIFE_MS] = known.length > 0 ? [Math.min(...known)] : since(now);
  return life;
}
