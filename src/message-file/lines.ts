/**
 * The top of every file, where each line says by its start what it is: a JSON object (captured message or receipt),
 * base64 or anything else is an entry by itself; an array, an object over several lines, an XML document is handed to
 * its own part, which comes back here. So files of different kinds may also be joined.
 */
import { type Input, isBlank, LF, type Part } from './input.js';
import { JsonArray } from './json-array.js';
import { JsonObject } from './json-object.js';
import { MAX_ENTRY } from './message.js';
import { entryOf, parseObject } from './record.js';
import { Xml, xmlStart } from './xml.js';

const STATUS_LINE = /^HTTP\/\d(?:\.\d)? \d{3}(?: |$)/;
const HEADER = /^[\w!#$%&'*+.^`|~-]+:/;
const ARRAY = 0x5b;
const OBJECT = 0x7b;
const TAG = 0x3c;
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);
/** Enough to see what an XML document or an array begins with. */
const LOOKAHEAD = 64;

export class Lines implements Part {
  /** Of the line at `at`: bytes known to be blank, and to hold no line feed. */
  #blank = 0;
  #searched = 0;
  /** Whether objects stand on a line each; after the first one that does, a broken line is just that. */
  #oneLineEach = false;
  /** The next line is an entry whatever it looks like. */
  #asItIs = false;
  /** In the headers that `curl -i` puts before an answer. */
  #headers = false;

  read(input: Input): Part | undefined {
    for (;;) {
      let from = input.at + this.#blank;
      while (from < input.end && isBlank(input.bytes[from])) from += 1;
      this.#blank = from - input.at;
      if (from >= input.end) {
        if (input.final) return this.#advance(input, input.end, 0);
        return this.#blank > MAX_ENTRY ? this.#skipLine(input) : undefined;
      }
      const first = input.bytes[from];
      if (first === LF) {
        this.#headers = false;
        this.#advance(input, from + 1, 1);
        continue;
      }
      if (first === BYTE_ORDER_MARK[0] && this.#blank === 0) {
        const mark = this.#byteOrderMark(input);
        if (mark === 'more') return undefined;
        if (mark) continue;
      }
      if ((first === ARRAY || first === TAG) && !this.#asItIs) {
        const part = first === ARRAY ? this.#array(input, from) : this.#xml(input, from);
        if (part !== 'line') return part;
      }
      const feed = input.find(LF, input.at + Math.max(this.#searched, this.#blank));
      if (feed < 0 && !input.final) {
        this.#searched = input.end - input.at;
        return this.#searched > MAX_ENTRY ? this.#skipLine(input) : undefined;
      }
      const end = feed < 0 ? input.end : feed;
      if (end - input.at > MAX_ENTRY) return this.#skipLine(input);
      const part = this.#line(input, from, end);
      if (part) return part;
      this.#advance(input, feed < 0 ? end : end + 1, feed < 0 ? 0 : 1);
    }
  }

  /** A line in full, from its first character that is not blank. Returns a part if the line only begins something. */
  #line(input: Input, from: number, end: number): Part | undefined {
    const to = input.bytes[end - 1] === 0x0d ? end - 1 : end;
    const text = input.text(input.at, to);
    if (text === undefined) {
      input.raw(input.at, to);
      return undefined;
    }
    let value: object | undefined;
    if (input.bytes[from] === OBJECT) {
      value = parseObject(text);
      if (value !== undefined) this.#oneLineEach = true;
      else if (!this.#oneLineEach && !this.#asItIs)
        return this.#handOver(new JsonObject(this, from - input.at));
    } else if (this.#headers || text.startsWith('HTTP/')) {
      this.#headers = (this.#headers && HEADER.test(text)) || STATUS_LINE.test(text);
      if (this.#headers) return undefined;
    }
    input.add(entryOf(text, value, input.position()));
    return undefined;
  }

  /** For a part that began at a line which turned out to be none of its own: back to it as an entry by itself. */
  asItIs(): Part {
    this.#asItIs = true;
    return this;
  }

  /** The entry held is cut off. Complete JSON is one all the same: only its line feed is missing. */
  cutOff(input: Input): void {
    const text = input.end - input.at > MAX_ENTRY ? undefined : input.text(input.at, input.end);
    const value = text?.trim().startsWith('{') ? parseObject(text) : undefined;
    if (text !== undefined && value !== undefined) input.add(entryOf(text, value, input.position()));
  }

  /** `[info] …` is a line of a log. */
  #array(input: Input, from: number): Part | 'line' | undefined {
    const start = /^\[[\s]*([^\s])?/.exec(input.peek(from, LOOKAHEAD));
    const next = start?.[1];
    if (next === undefined && input.end - from < LOOKAHEAD && !input.final) return undefined;
    if (next !== undefined && !'{["]'.includes(next)) return 'line';
    input.skipTo(from);
    return this.#handOver(new JsonArray(this));
  }

  #xml(input: Input, from: number): Part | 'line' | undefined {
    if (input.end - from < LOOKAHEAD && input.find(LF, from) < 0 && !input.final) return undefined;
    if (!xmlStart(input.peek(from, LOOKAHEAD))) return 'line';
    this.#headers = false;
    input.skipTo(from);
    return this.#handOver(new Xml(this));
  }

  /** Skips one, as each of several joined files may begin with. */
  #byteOrderMark(input: Input): boolean | 'more' {
    const start = input.bytes.subarray(input.at, Math.min(input.at + 3, input.end));
    if (!BYTE_ORDER_MARK.subarray(0, start.length).equals(start)) return false;
    if (start.length < 3) return input.final ? false : 'more';
    input.at += 3;
    return true;
  }

  #skipLine(input: Input): Part {
    input.tooLong();
    return this.#handOver(new RestOfLine(this));
  }

  #handOver(part: Part): Part {
    this.#blank = 0;
    this.#searched = 0;
    return part;
  }

  #advance(input: Input, to: number, lines: 0 | 1): undefined {
    input.at = to;
    input.line += lines;
    this.#blank = 0;
    this.#searched = 0;
    this.#asItIs = false;
  }
}

/** Drops what is left of a line. */
class RestOfLine implements Part {
  readonly #back: Part;

  constructor(back: Part) {
    this.#back = back;
  }

  read(input: Input): Part | undefined {
    const feed = input.find(LF, input.at);
    input.at = feed < 0 ? input.end : feed;
    return feed >= 0 || input.final ? this.#back : undefined;
  }
}
