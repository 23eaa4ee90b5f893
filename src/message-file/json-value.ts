/** One JSON value of any length in the input: where it ends, or where it breaks, holding no more than one entry of it. */
import { type Input, isBlank, LF, type Part } from './input.js';
import { JsonScan } from './json-scan.js';
import { MAX_ENTRY } from './message.js';

export class JsonValue {
  /** Line it starts on. */
  readonly line: number;
  /** It was too long to be held: what `input.at` points to is not its start any more. */
  dropped = false;
  #scan = new JsonScan();
  #scanned: number;

  /** @param offset where it starts, from `input.at` */
  constructor(input: Input, offset = 0) {
    this.line = input.line;
    this.#scanned = offset;
  }

  /**
   * @returns `more` when it needs more bytes; `cut` when there are none; else the index behind the value (`done`) or of
   * the byte that broke it.
   */
  read(input: Input): 'more' | 'cut' | { state: 'done' | 'broken'; at: number } {
    const at = this.#scan.scan(input.bytes, input.at + this.#scanned, input.end);
    if (this.#scan.state === 'more' && input.final) this.#scan.finish();
    if (this.#scan.state !== 'more') return { state: this.#scan.state, at };
    this.#scanned = at - input.at;
    if (this.#scanned > MAX_ENTRY) {
      this.dropped = true;
      this.#scanned = 0;
      input.skipTo(at);
    }
    return input.final ? 'cut' : 'more';
  }
}

/** After broken JSON: skips to the next line that starts an object or array, which may be the one that broke it. */
export class NextValueLine implements Part {
  readonly #back: Part;
  /** Only blanks so far in this line. */
  #atStart: boolean;

  /** @param input stands at the byte that broke the value */
  constructor(back: Part, input: Input) {
    this.#back = back;
    let before = input.at - 1;
    while (before >= 0 && isBlank(input.bytes[before])) before -= 1;
    this.#atStart = before >= 0 && input.bytes[before] === LF;
  }

  read(input: Input): Part | undefined {
    for (;;) {
      if (!this.#atStart) {
        const feed = input.find(LF, input.at);
        input.at = feed < 0 ? input.end : feed;
        this.#atStart = feed >= 0;
      }
      if (!input.skipBlank()) return input.final ? this.#back : undefined;
      if (input.bytes[input.at] === 0x7b || input.bytes[input.at] === 0x5b) return this.#back;
      this.#atStart = false;
    }
  }
}

/** For a message: the character that does not belong there. */
export function unexpected(input: Input, at: number): string {
  const char = input.peek(at, 1);
  return char === '\n' ? 'the line ends inside a text' : `unexpected ${JSON.stringify(char)}`;
}
