/**
 * Digits come in several forms: as themselves, full-width, and either of them escaped in a JSON string. Here text is seen
 * as if all were plain, and what is changed goes back in the form it had, so that nothing gets longer or shorter.
 */

/** Where full-width digits, brackets, plus and minus are, and the wide space. */
const WIDE = '[\\uff08\\uff09\\uff0b\\uff0d\\uff10-\\uff19\\u3000]';
/** The same in UTF-8 that is read as Latin-1. */
const WIDE_BYTES = '\\u00ef\\u00bc[\\u0088\\u0089\\u008b\\u008d\\u0090-\\u0099]|\\u00e3\\u0080\\u0080';
/** Also the escapes of a string within a string, which have more backslashes. */
const ESCAPES = '\\\\+(?:u[\\da-fA-F]{4}|[bfnrt"/])?';

const IN_TEXT = new RegExp(`${WIDE}|${WIDE_BYTES}`, 'g');
const IN_STRING = new RegExp(`${WIDE}|${WIDE_BYTES}|${ESCAPES}`, 'g');

const WIDE_TO_PLAIN = 0xff10 - 0x30;
/** What a phone number is recognised by. */
const TELLING = /[\d ()*+-]/;
/** What stands for all other escapes: neither letter nor digit, and within no number. */
const NEUTRAL = '\n';

interface Form {
  /** Where its character is in the plain text. */
  at: number;
  raw: string;
}

/** @param change returns text of the same length, with other digits in the places of digits */
export function changeDigits(text: string, change: (plain: string) => string): string {
  return changeForms(text, IN_TEXT, change);
}

/** The same inside of a JSON string, as it is written. */
export function changeDigitsOfString(text: string, change: (plain: string) => string): string {
  return changeForms(text, IN_STRING, change);
}

function changeForms(text: string, pattern: RegExp, change: (plain: string) => string): string {
  const forms: Form[] = [];
  let plain = '';
  let from = 0;
  for (const { 0: raw, index } of text.matchAll(pattern)) {
    plain += text.slice(from, index);
    forms.push({ at: plain.length, raw });
    plain += plainOf(raw);
    from = index + raw.length;
  }
  if (forms.length === 0) return change(text);
  const changed = change(plain + text.slice(from));
  let out = '';
  let done = 0;
  for (const { at, raw } of forms) {
    out += changed.slice(done, at) + likewise(raw, changed.charAt(at));
    done = at + 1;
  }
  return out + changed.slice(done);
}

/** One character for one form. */
function plainOf(raw: string): string {
  const plain = String.fromCharCode(narrow(codeOf(raw)));
  return TELLING.test(plain) ? plain : NEUTRAL;
}

function codeOf(raw: string): number {
  const escaped = /u([\da-fA-F]{4})$/.exec(raw)?.[1];
  if (escaped !== undefined) return Number.parseInt(escaped, 16);
  return isBytes(raw) ? (Buffer.from(raw, 'latin1').toString().codePointAt(0) ?? 0) : raw.charCodeAt(0);
}

function narrow(code: number): number {
  if (code === 0x3000) return 0x20;
  return code >= 0xff01 && code <= 0xff5e ? code - WIDE_TO_PLAIN : code;
}

/** The digit in the form of the one before. */
function likewise(raw: string, digit: string): string {
  if (!/\d/.test(plainOf(raw))) return raw;
  if (raw.startsWith('\\')) return raw.slice(0, -1) + digit;
  const wide = String.fromCharCode(digit.charCodeAt(0) + WIDE_TO_PLAIN);
  return isBytes(raw) ? Buffer.from(wide).toString('latin1') : wide;
}

function isBytes(raw: string): boolean {
  return raw.length === 3 && !raw.startsWith('\\');
}
