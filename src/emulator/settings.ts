/**
 * What may be changed while the emulator runs: its clock, the life of tokens, and the limits of the real service that
 * a consumer meets under load. Every room reads the one object at the moment it needs a value, so a change counts at
 * once. `Infinity` switches a limit off; over JSON, which has no such number, that is `null`.
 */
import { z } from 'zod';
import { UsageError } from '../errors.js';

export interface Settings {
  /** Milliseconds the emulator's clock is ahead of this machine's, up to a century; may be negative. @default 0 */
  clockOffset: number;
  /** Seconds a token works, for tokens issued from now on. @default 3600 */
  tokenLife: number;
  /**
   * Receives that may wait at a time, over all queues; one more is answered at once with 404 `MessageNotExist`. The
   * real cap is dynamic and its value unpublished (mns-http.md §6.2). @default Infinity
   */
  maxWaiting: number;
  /**
   * MNS requests a second, a batch send or receive counted once a message; over it the request is held and answered
   * 429 `TooManyRequests`. The real default is 20000 for an account (mns-http.md §10). @default Infinity
   */
  maxTps: number;
  /** Requests a second to one queue; over it 400 `QpsLimitExceeded`, the older limit (§7, §8). @default Infinity */
  maxQueueQps: number;
  /**
   * Messages of one queue that are received and not deleted; from here on receives are held and answered 429
   * `TooManyRequests`, until deletes or visibility timeouts make room (§10). @default 5000
   */
  maxInFlight: number;
  /** Least and most milliseconds that a throttled request is held (§10). @default [10, 500] */
  throttleHold: readonly [number, number];
  /**
   * Seconds after DeleteQueue in which CreateQueue under the same name is refused with `QueueDeletedRecently`. The
   * code is documented, the time is not (§7). @default 0
   */
  recreateDelay: number;
}

export const DEFAULT_SETTINGS: Readonly<Settings> = {
  clockOffset: 0,
  tokenLife: 3600,
  maxWaiting: Number.POSITIVE_INFINITY,
  maxTps: Number.POSITIVE_INFINITY,
  maxQueueQps: Number.POSITIVE_INFINITY,
  maxInFlight: 5000,
  throttleHold: [10, 500],
  recreateDelay: 0,
};

const limit = (least: number) =>
  z.custom<number | null>(
    (value) =>
      value === null ||
      value === Number.POSITIVE_INFINITY ||
      (Number.isSafeInteger(value) && (value as number) >= least),
    `expected a whole number from ${least}, or null for no limit`,
  );
/** Beyond some such bound there are no dates. */
const CENTURY_MS = 100 * 365.25 * 86_400_000;
const milliseconds = z.number().min(0).max(60_000);

const schema = z
  .strictObject({
    clockOffset: z.number().min(-CENTURY_MS).max(CENTURY_MS),
    tokenLife: z
      .number()
      .min(0)
      .max(86_400 * 365),
    maxWaiting: limit(0),
    maxTps: limit(1),
    maxQueueQps: limit(1),
    maxInFlight: limit(1),
    throttleHold: z
      .tuple([milliseconds, milliseconds])
      .refine(([min, max]) => min <= max, 'min is above max'),
    recreateDelay: z.number().min(0),
  })
  .partial();

export const SETTING_NAMES = Object.keys(DEFAULT_SETTINGS) as readonly (keyof Settings)[];

/** The checked changes; what was left out or undefined stays as it is. @throws {UsageError} names the setting */
export function parseSettings(changes: unknown): Partial<Settings> {
  const result = schema.safeParse(changes);
  if (!result.success) {
    const [issue] = result.error.issues;
    const where = issue?.path.join('.') || 'settings';
    throw new UsageError('EMULATOR_SETTING', `${where}: ${issue?.message ?? 'not valid'}`);
  }
  const entries = Object.entries(result.data).filter(([, value]) => value !== undefined);
  return Object.fromEntries(
    entries.map(([name, value]) => [name, value === null ? Number.POSITIVE_INFINITY : value]),
  ) as Partial<Settings>;
}
