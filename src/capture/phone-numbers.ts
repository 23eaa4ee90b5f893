/**
 * Where phone numbers are in text, and the same text with other numbers in their places. Nothing but digits changes, each
 * for one other digit. A number keeps its pseudonym however it is written: 13800138000, +86 138 0013 8000, 008613800138000;
 * +1 (415) 555-0100 and 14155550100; +44 (0)7700 900123 and 447700900123.
 *
 * What could as well be an id stays: digits that go on as a longer run or as a decimal, with `*` (starred already) or `^`
 * (call and biz ids) directly before or behind them; and outside of what people write, with a Latin letter there.
 *
 * What it cannot know: in text, foreign numbers, local ones without their area code, and mobiles in other groups than
 * 3-4-4 are not recognised. In a field for phone numbers, dates stay and any other 7 to 16 digits change. A number without
 * its country or area code, with a dialled extension, or in e-notation with its last digits left out (1.3800138E10) has a
 * pseudonym of its own. The first three digits, trunk and country prefixes stay.
 */
import { pseudonym } from './pseudonym.js';

const BEFORE = /(?<![\d*^]|\d\.)/.source;
const BEHIND = /(?![\d*^]|\.\d)/.source;
const NO_LETTER_BEFORE = /(?<![A-Za-z])/.source;
const NO_LETTER_BEHIND = /(?![A-Za-z])/.source;
/** Mainland mobiles, in one run or 3-4-4, with or without the country code. */
const MOBILE = /(?:\+86[ .-]?|(?:00)?86[ -]?)?1[3-9]\d(?:\d{8}|[ .-]\d{4}[ .-]\d{4})/.source;
/** Mainland landlines with their area code. */
const LANDLINE = /0(?:10|2\d|[3-9]\d\d)-?\d{7,8}/.source;
const DATE =
  /(?<!\d)(?:19|20)\d\d(?<separator>[-./])(?:0[1-9]|1[0-2])\k<separator>(?:0[1-9]|[12]\d|3[01])(?:[ T]\d\d:\d\d:\d\d)?(?!\d)/
    .source;
const GROUPS = /(?<![\d*])\d+(?:[ .()-]{1,3}\d+)*(?![\d*])/.source;

const IN_WRITING = new RegExp(`${BEFORE}(?:${MOBILE}|${LANDLINE})${BEHIND}`, 'g');
const IN_TEXT = new RegExp(`${NO_LETTER_BEFORE}${IN_WRITING.source}${NO_LETTER_BEHIND}`, 'g');
const IN_FIELD = new RegExp(`(?<date>${DATE})|(?<mobile>${BEFORE}${MOBILE}${BEHIND})|${GROUPS}`, 'g');
const WHOLE_MOBILE = /^(?:86)?1[3-9]\d{9}$/;
/** As JSON writes it: with a first digit that is not zero, which stays, it remains one. */
const NUMBER = /^-?(?<whole>[1-9]\d*)(?:\.(?<decimals>\d+))?(?:[eE](?<exponent>[+-]?\d+))?$/;

/** Without an area code seven; E.164 has fifteen. */
const LEAST_DIGITS = 7;
const MOST_DIGITS = 16;
/** From so many on, a space ends a number rather than a group of it. */
const PLENTY_DIGITS = 10;

export class PhoneNumbers {
  readonly #key: string;

  /** @param key what the pseudonyms depend on */
  constructor(key: string) {
    this.#key = key;
  }

  /** In text that may hold anything, ids too: mainland numbers are replaced. */
  inText(text: string): string {
    return text.replace(IN_TEXT, (found) => this.#replace(found));
  }

  /** In what people have written or said, where a letter may stand right beside a number: the same. */
  inWriting(text: string): string {
    return text.replace(IN_WRITING, (found) => this.#replace(found));
  }

  /** In the value of a field for phone numbers: whatever has about as many digits as a phone number is replaced. */
  inField(value: string): string {
    return value.replace(IN_FIELD, (found: string, ...rest) => {
      const { date, mobile } = rest.at(-1) as { date?: string; mobile?: string };
      if (date !== undefined) return found;
      return mobile === undefined ? this.#replaceGroups(found) : this.#replace(found);
    });
  }

  /**
   * A number of JSON, without quotes.
   * @param inField whether it stands in a field for phone numbers; elsewhere only mainland mobiles are replaced
   */
  inNumber(number: string, inField: boolean): string {
    const { whole = '', decimals = '', exponent = '0' } = NUMBER.exec(number)?.groups ?? {};
    if (whole === '' || (!inField && !WHOLE_MOBILE.test(String(Number(number))))) return number;
    const digits = whole + decimals;
    const integer = Math.max(whole.length + Number(exponent), 0);
    // 13800138000.0 has eleven digits.
    const significant = /^0*$/.test(digits.slice(integer)) ? digits.slice(0, integer) : digits;
    const replaced = this.#replace(significant);
    let at = 0;
    return number.replace(/\d/g, (digit) => replaced.charAt(at++) || digit);
  }

  #replaceGroups(found: string): string {
    const [, whole, zeros] = /^(\d+)(\.0+)$/.exec(found) ?? [];
    if (whole !== undefined) return this.#replace(whole) + zeros;
    const runs = found.split(/\D+/);
    // Runs that are long enough by themselves are several numbers, others are one number in groups.
    if (runs.every((run) => run.length >= LEAST_DIGITS)) {
      return found.replace(/\d+/g, (run) => this.#replace(run));
    }
    if (runs.join('').length <= MOST_DIGITS) return this.#replace(found);
    return this.#replaceSeveral(found);
  }

  /** Numbers in groups, one after the other: nothing tells for certain where one ends, but none may stay. */
  #replaceSeveral(found: string): string {
    let replaced = '';
    let number = '';
    for (const [group] of found.matchAll(/\d+\D*/g)) {
      const digits = digitsOf(number).length;
      const over = digits >= PLENTY_DIGITS && number.endsWith(' ');
      if (over || digits + digitsOf(group).length > MOST_DIGITS) {
        replaced += this.#replace(number);
        number = '';
      }
      number += group;
    }
    return replaced + this.#replace(number);
  }

  #replace(found: string): string {
    const digits = digitsOf(found);
    if (digits.length < LEAST_DIGITS || digits.length > MOST_DIGITS) return found;
    const replaced = this.#pseudonym(digits);
    let at = 0;
    return found.replace(/\(0\)|\d/g, (part) => (part.length > 1 ? part : replaced.charAt(at++)));
  }

  /** The prefixes for calling abroad, for China and for another area are no part of the number. */
  #pseudonym(digits: string): string {
    const number = digits.replace(/^(?:(?:00)?86(?=0?\d{9,11}$)|00)?0?/, '');
    return digits.slice(0, digits.length - number.length) + pseudonym(number, this.#key);
  }
}

/** Without the `(0)` that is only dialled at home. */
function digitsOf(text: string): string {
  return text.replace(/\(0\)|\D/g, '');
}
