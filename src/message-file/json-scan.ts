/**
 * Finds where a JSON value ends, in bytes that arrive piece by piece, holding nothing but the open brackets. It is
 * strict about structure (what may follow what, no line feed in a string), so that a missing bracket or quote shows at
 * the next value instead of swallowing the file; how numbers, words and escapes are written is left to `JSON.parse`.
 */
import { MAX_ENTRY } from './message.js';

const VALUE = 0;
const KEY = 1;
const COLON = 2;
const NEXT = 3;
const STRING = 4;
const ESCAPE = 5;
const SCALAR = 6;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

export class JsonScan {
  state: 'more' | 'done' | 'broken' = 'more';
  #expect = VALUE;
  #isKey = false;
  /** 1 for each open object, 0 for each open array. */
  #open = new Uint8Array(64);
  #depth = 0;

  /**
   * Reads `bytes` from `from` (where the last call stopped) to `to`. Returns where it stopped: behind the value when
   * `done`, at the offending byte when `broken`, else `to`.
   */
  scan(bytes: Uint8Array, from: number, to: number): number {
    let at = from;
    while (at < to) {
      const byte = bytes[at] as number;
      if (this.#expect === STRING) {
        if (byte === QUOTE) this.#stringEnd();
        else if (byte === BACKSLASH) this.#expect = ESCAPE;
        else if (byte === 0x0a) return this.#broken(at);
      } else if (this.#expect === ESCAPE) {
        if (byte === 0x0a) return this.#broken(at);
        this.#expect = STRING;
      } else if (this.#expect === SCALAR && isScalar(byte)) {
        // goes on
      } else {
        if (this.#expect === SCALAR) {
          this.#valueEnd();
          if (this.#depth === 0) return at;
        }
        if (!isWhite(byte) && !this.#structure(byte)) return this.#broken(at);
      }
      at += 1;
      if (this.state === 'done') return at;
    }
    return at;
  }

  /** There are no more bytes; only a bare number or word can be complete now without being known to be. */
  finish(): void {
    if (this.#expect === SCALAR && this.#depth === 0) this.state = 'done';
  }

  /** A byte outside strings and scalars. */
  #structure(byte: number): boolean {
    switch (this.#expect) {
      case VALUE:
        if (byte === QUOTE) this.#stringStart(false);
        else if (byte === OPEN_BRACE) return this.#push(1);
        else if (byte === OPEN_BRACKET) return this.#push(0);
        else if (byte === CLOSE_BRACKET) return this.#pop(0);
        else if (isScalar(byte)) this.#expect = SCALAR;
        else return false;
        return true;
      case KEY:
        if (byte === CLOSE_BRACE) return this.#pop(1);
        if (byte !== QUOTE) return false;
        this.#stringStart(true);
        return true;
      case COLON:
        this.#expect = VALUE;
        return byte === 0x3a;
      default:
        if (byte === CLOSE_BRACE) return this.#pop(1);
        if (byte === CLOSE_BRACKET) return this.#pop(0);
        this.#expect = this.#open[this.#depth - 1] === 1 ? KEY : VALUE;
        return byte === COMMA;
    }
  }

  #push(kind: 0 | 1): boolean {
    if (this.#depth === MAX_ENTRY) return false;
    if (this.#depth === this.#open.length) {
      const more = new Uint8Array(this.#depth * 2);
      more.set(this.#open);
      this.#open = more;
    }
    this.#open[this.#depth++] = kind;
    this.#expect = kind === 1 ? KEY : VALUE;
    return true;
  }

  #pop(kind: 0 | 1): boolean {
    if (this.#depth === 0 || this.#open[this.#depth - 1] !== kind) return false;
    this.#depth -= 1;
    this.#valueEnd();
    return true;
  }

  #stringStart(isKey: boolean): void {
    this.#isKey = isKey;
    this.#expect = STRING;
  }

  #stringEnd(): void {
    if (this.#isKey) this.#expect = COLON;
    else this.#valueEnd();
  }

  #valueEnd(): void {
    this.#expect = NEXT;
    if (this.#depth === 0) this.state = 'done';
  }

  #broken(at: number): number {
    this.state = 'broken';
    return at;
  }
}

/** Of a number or a word: letters, digits, `+`, `-`, `.`. */
function isScalar(byte: number): boolean {
  return (
    (byte >= 0x30 && byte <= 0x39) ||
    (byte >= 0x61 && byte <= 0x7a) ||
    (byte >= 0x41 && byte <= 0x5a) ||
    byte === 0x2b ||
    byte === 0x2d ||
    byte === 0x2e
  );
}

function isWhite(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}
