/**
 * What every sample is made of: numbers, times and chance that depend on nothing but their arguments, so that the same
 * sample comes out the same on every machine and in every run.
 */
import { beijingTime } from '../clock.js';

/** Which row of samples a number belongs to. */
export interface Series {
  /** Part of every business id: two runs have none in common. From 0 to 999,999. */
  readonly run: number;
  /** When the receipt is published, ms since the epoch; without it the times follow from the number alone. */
  readonly at?: number;
}

/** The `n`th receipt of a series, `n` from 0. */
export type Sample = (n: number, series: Series) => object;

/** Numbers repeat after so many; chosen so that {@link serial} stays exact, also in a JSON number. */
const PERIOD = 1_000_000_000;

/** 2024-01-01 08:00:00 in Beijing. */
const EPOCH = Date.UTC(2024, 0, 1);

/** A number that no other `n` and no other run has; at most 15 digits. */
export function serial(n: number, { run }: Series): number {
  return run * PERIOD + (n % PERIOD);
}

/** {@link serial} with leading zeros. */
export function serialText(n: number, series: Series): string {
  return digits(serial(n, series), 15);
}

export function digits(n: number, width: number): string {
  return String(n % 10 ** width).padStart(width, '0');
}

/** A mobile number of the right form that is plainly made up: a prefix, zeros, the number. */
export function mobile(n: number, prefix = '139'): string {
  return `${prefix}${digits(n, 11 - prefix.length)}`;
}

/** The OutId that the caller gave along. */
export function outId(n: number, series: Series): string {
  return `order-${serial(n, series)}`;
}

/** The times of one story, in seconds after its beginning. Story follows story, a second apart. */
export class Timeline {
  readonly #beginning: number;

  /**
   * @param n of the story: a call, a parcel, an SMS
   * @param published seconds after the beginning at which the receipt in hand is published
   */
  constructor(n: number, series: Series, published: number) {
    const { at } = series;
    this.#beginning = at === undefined ? EPOCH + (n % PERIOD) * 1000 : at - Math.round(published * 1000);
  }

  /** ms since the epoch. */
  ms(seconds: number): number {
    return this.#beginning + Math.round(seconds * 1000);
  }

  /** `2024-01-01 08:00:00`, Beijing time, as most receipts print it (receipts.md §0.2). */
  text(seconds: number): string {
    return beijingTime(this.ms(seconds));
  }

  /** `20240101080000`, as receipts of 2017 do (receipts.md §1.2). */
  compact(seconds: number): string {
    return this.text(seconds).replace(/\D/g, '');
  }

  /** `Mon, 01 Jan 2024 08:00:00 +0800`, as the international receipts do (receipts.md §2.1). */
  withZone(seconds: number): string {
    return new Date(this.ms(seconds) + 8 * 3_600_000).toUTCString().replace('GMT', '+0800');
  }
}

/** A whole number from 0 to `sides` − 1: the same for the same arguments, otherwise as if thrown. */
export function roll(what: string, n: number, sides: number): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < what.length; i++) hash = Math.imul(hash ^ what.charCodeAt(i), 0x01000193);
  hash ^= n % 0x1_0000_0000;
  hash = Math.imul(hash ^ (hash >>> 16), 0x7feb352d);
  hash = Math.imul(hash ^ (hash >>> 15), 0x846ca68b);
  return ((hash ^ (hash >>> 16)) >>> 0) % sides;
}

/** True of a small share: for what a vendor does only sometimes. Never of the first, the one that people look at. */
export function rarely(what: string, n: number): boolean {
  return n > 0 && roll(what, n, 16) === 0;
}

/** Seconds from `least` on; short ones are frequent, those near `least + spread` rare. */
export function lasting(what: string, n: number, least: number, spread: number): number {
  return least + Math.min(roll(`${what} 1`, n, spread), roll(`${what} 2`, n, spread));
}

/** The list over and over. */
export function cycle<T>(list: readonly [T, ...T[]], n: number): T {
  return list[n % list.length] ?? list[0];
}
