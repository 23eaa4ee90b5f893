/**
 * A receipt as every database takes it. Databases are stricter than JSON is: PostgreSQL's jsonb refuses `\u0000` and halves
 * of surrogate pairs and keeps one of several equal keys, MySQL turns long numbers into inexact ones, MariaDB refuses
 * what nests deeper than 31 levels, MySQL deeper than 100. Whoever gets `exact: false` must keep the text as well.
 */
import { parseReceipt } from '../../receipts/index.js';

export interface StorableJson {
  /** JSON text that is accepted everywhere; null when there is none. */
  data: string | null;
  /** Whether `data` says just what was published: the same but for white space, escapes and the order of keys. */
  exact: boolean;
  /** The receipt for reading its fields; undefined when the text is not JSON. */
  value: unknown;
}

const DEEPEST = 30;
const STRING = /"[^"\\]*(?:\\.[^"\\]*)*"/.source;
const BRACKETS = new RegExp(`${STRING}|[[\\]{}]`, 'gs');
const STRINGS_AND_SPACE = new RegExp(`${STRING}|\\s+`, 'gs');
/** How JSON.stringify writes what PostgreSQL does not store. May find an escaped backslash before, too. */
const ESCAPES = /\\u(?:0000|d[89a-f]..)/;
const UNSTORABLE = /\0|\p{Cs}/gu;

export function storable(json: string): StorableJson {
  let value: unknown;
  try {
    value = parseReceipt(json);
    if (depthOf(json) > DEEPEST) return { data: null, exact: false, value };
    const plain = JSON.stringify(JSON.parse(json));
    if (!ESCAPES.test(plain) && plain === compact(json)) return { data: plain, exact: true, value };
    return { data: JSON.stringify(tame(value)), exact: false, value };
  } catch {
    return { data: null, exact: false, value };
  }
}

function depthOf(json: string): number {
  let depth = 0;
  let deepest = 0;
  for (const [token] of json.matchAll(BRACKETS)) {
    if (token === '{' || token === '[') deepest = Math.max(deepest, ++depth);
    else if (token === '}' || token === ']') depth -= 1;
  }
  return deepest;
}

/** As JSON.stringify writes it, but with all keys, in their order, and all digits. */
function compact(json: string): string {
  return json.replace(STRINGS_AND_SPACE, (token) => {
    if (!token.startsWith('"')) return '';
    return token.includes('\\') ? JSON.stringify(JSON.parse(token)) : token;
  });
}

/** With U+FFFD for what no database stores. */
function tame(value: unknown): unknown {
  if (typeof value === 'string') return value.replace(UNSTORABLE, '\ufffd');
  if (Array.isArray(value)) return value.map(tame);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key.replace(UNSTORABLE, '\ufffd'), tame(item)]),
  );
}

/** JSON text with escapes for what no database stores, which means the same. */
export function escaped(json: string): string {
  return json.replace(UNSTORABLE, (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
