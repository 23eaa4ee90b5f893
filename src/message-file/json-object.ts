/**
 * A line that begins a JSON object without ending it: the object may go on over the next lines, as pretty printers
 * write it. Where it does not, the line is an entry by itself, such as the last one of a capture cut off.
 */
import { type Input, LF, type Part } from './input.js';
import { JsonValue, NextValueLine, unexpected } from './json-value.js';

export interface LineReader extends Part {
  /** Reads the line at `input.at` as an entry by itself. */
  asItIs(): Part;
}

export class JsonObject implements Part {
  readonly #lines: LineReader;
  readonly #offset: number;
  #value: JsonValue | undefined;

  /** @param offset of the brace, from `input.at` */
  constructor(lines: LineReader, offset: number) {
    this.#lines = lines;
    this.#offset = offset;
  }

  read(input: Input): Part | undefined {
    this.#value ??= new JsonValue(input, this.#offset);
    const { line } = this.#value;
    const result = this.#value.read(input);
    if (result === 'more') return undefined;
    const end = result === 'cut' ? input.end : result.at;
    const done = result !== 'cut' && result.state === 'done';
    if (!this.#value.dropped && isOneLine(input, end, done)) return this.#lines.asItIs();
    if (result === 'cut') {
      input.unreadable('the file ends inside a JSON object', line);
      input.skipTo(input.end);
      return this.#lines;
    }
    if (!done) {
      const why = `broken JSON object: ${unexpected(input, end)}`;
      input.unreadable(`${why}; skipped to the next line that starts a value`, line);
      input.skipTo(end);
      return new NextValueLine(this.#lines, input);
    }
    if (this.#value.dropped) input.tooLong(line);
    else input.message(input.at + this.#offset, end, line);
    input.skipTo(end);
    return this.#lines;
  }
}

/** Nothing but blanks between the first line feed and `end`. */
function isOneLine(input: Input, end: number, done: boolean): boolean {
  const feed = input.find(LF, input.at);
  if (feed < 0 || feed >= end) return true;
  return !done && input.bytes.toString('latin1', feed, end).trim() === '';
}
