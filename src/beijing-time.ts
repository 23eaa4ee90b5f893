/**
 * Times as Alibaba Cloud Communications writes them. Wall times without a zone are Beijing time (UTC+8, no daylight
 * saving), whatever zone this process runs in (reference/dybaseapi.md §2.1).
 */

const WALL =
  /^(\d{4})-(\d\d)-(\d\d)[ T](\d\d):(\d\d):(\d\d)(?:\.(\d{1,3})\d*)?\s*(?:(Z)|([+-])(\d\d):?(\d\d))?$/i;
const COMPACT = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/;
/** RFC 822's form, and only with its zone: without one it could be anybody's. */
const ZONED = /^(?:[a-z]{3},\s*)?\d{1,2}\s+[a-z]{3}\s+\d{4}\s+\d{1,2}:\d\d:\d\d\s*(?:[+-]\d{4}|GMT|UTC|Z)$/i;
const BEIJING_OFFSET_MS = 8 * 3_600_000;

/**
 * Reads `yyyy-MM-dd HH:mm:ss`, the same with `T`, fraction, `Z` or offset, `yyyyMMddHHmmss`, and all-digit seconds
 * (10 digits) or milliseconds (13 digits) since the epoch.
 *
 * @returns ms since the epoch; undefined for anything else, also for a date that does not exist (month 13, 30 February)
 */
export function parseBeijingTime(text: string): number | undefined {
  const trimmed = text.trim();
  if (/^\d{10}$/.test(trimmed)) return Number(trimmed) * 1000;
  if (/^\d{13}$/.test(trimmed)) return Number(trimmed);
  const parts = COMPACT.exec(trimmed) ?? WALL.exec(trimmed);
  if (!parts) return undefined;
  const utc = utcOf(parts.slice(1, 7).map(Number));
  if (utc === undefined) return undefined;
  const [fraction = '', zulu, sign, hours, minutes] = parts.slice(7);
  return utc + Number(fraction.padEnd(3, '0')) - offset(zulu, sign, Number(hours), Number(minutes));
}

/** Reads any time that a receipt is published with: those above, and `Mon, 01 Jan 2024 10:27:00 +0800`. */
export function parseReceiptTime(text: string): number | undefined {
  const zoned = ZONED.test(text.trim()) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(zoned) ? parseBeijingTime(text) : zoned;
}

/** The fields read as UTC; undefined when Date had to carry one over (Date.UTC makes 2 March of 30 February). */
function utcOf(fields: readonly number[]): number | undefined {
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = fields;
  const date = new Date(Date.UTC(year, month - 1, day, hour, minute, second));
  const same =
    date.getUTCFullYear() === year &&
    date.getUTCMonth() === month - 1 &&
    date.getUTCDate() === day &&
    date.getUTCHours() === hour &&
    date.getUTCMinutes() === minute &&
    date.getUTCSeconds() === second;
  return same ? date.getTime() : undefined;
}

function offset(zulu: string | undefined, sign: string | undefined, hours: number, minutes: number): number {
  if (zulu) return 0;
  if (!sign) return BEIJING_OFFSET_MS;
  return (sign === '-' ? -1 : 1) * (hours * 60 + minutes) * 60_000;
}
