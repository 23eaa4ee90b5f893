/**
 * A JSON array of any length, on one line or many: each element is an entry, its very text the body. Where it is broken,
 * that is said and the next line that starts an object or array goes on with it, up to the `]`.
 */
import type { Input, Part } from './input.js';
import { JsonValue, NextValueLine, unexpected } from './json-value.js';

const OPEN = 0x5b;
const CLOSE = 0x5d;
const COMMA = 0x2c;

export class JsonArray implements Part {
  readonly #back: Part;
  #expect: 'open' | 'value' | 'comma' = 'open';
  #element: JsonValue | undefined;
  #broken = false;

  constructor(back: Part) {
    this.#back = back;
  }

  read(input: Input): Part | undefined {
    for (;;) {
      if (this.#element) {
        const next = this.#readElement(input, this.#element);
        if (next !== this) return next;
        continue;
      }
      if (!input.skipBlank()) {
        if (!input.final) return undefined;
        if (!this.#broken) input.unreadable('the file ends inside a JSON array');
        return this.#back;
      }
      const byte = input.bytes[input.at];
      if (byte === OPEN && this.#expect === 'open') {
        input.at += 1;
        this.#expect = 'value';
      } else if (byte === CLOSE) {
        input.at += 1;
        return this.#back;
      } else if (byte === COMMA && (this.#expect === 'comma' || this.#broken)) {
        input.at += 1;
        this.#expect = 'value';
      } else if (this.#expect === 'value' || byte === 0x7b || byte === OPEN) {
        // A comma that is missing loses nothing.
        this.#element = new JsonValue(input);
      } else {
        return this.#break(input, input.at, input.line);
      }
    }
  }

  #readElement(input: Input, element: JsonValue): Part | undefined {
    const result = element.read(input);
    if (result === 'more') return undefined;
    this.#element = undefined;
    this.#expect = 'comma';
    if (result === 'cut') {
      input.unreadable('the file ends inside an element of a JSON array', element.line);
      input.skipTo(input.end);
      this.#broken = true;
    } else if (result.state === 'broken') {
      return this.#break(input, result.at, element.line);
    } else if (element.dropped) {
      input.tooLong(element.line);
      input.skipTo(result.at);
    } else {
      input.message(input.at, result.at, element.line);
      input.skipTo(result.at);
    }
    return this;
  }

  #break(input: Input, at: number, line: number): Part {
    input.unreadable(
      `broken JSON in an array: ${unexpected(input, at)}; skipped to the next line that starts a value`,
      line,
    );
    this.#broken = true;
    input.skipTo(at);
    return new NextValueLine(this, input);
  }
}
