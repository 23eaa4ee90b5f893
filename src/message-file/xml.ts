/**
 * Answers of MNS as curl saves them: `<Message>` or `<Messages>`, with or without a declaration, one document after
 * another. An element that is cut short is said, and the next thing that MNS may have written goes on; the answer of an
 * empty queue holds nothing to say.
 */
import type { Input, Part } from './input.js';
import { MAX_ENTRY } from './message.js';
import { errorOf, messageOf } from './xml-message.js';

const START = /^<(?:\?xml\s|!--|!doctype\s|html[\s>]|(?:Messages?|Errors?)[\s/>])/i;
/** What cannot stand inside an element that we read: it was cut short, and something else begins. */
const OTHER = /^<(?:\?xml\s|\/?Messages[\s/>]|Errors[\s/>])/;
/** It may in an error, whose text has the same name. */
const MESSAGE = /^<Message[\s/>]/;
const NAME = /^<([A-Za-z_][\w:.-]*)/;
const TAG = 0x3c;
/** The longest that has to be seen at once: a name in a tag. */
const LOOKAHEAD = 64;

/** Whether a text that begins with `<` is one for {@link Xml}. */
export function xmlStart(text: string): boolean {
  return START.test(text);
}

export class Xml implements Part {
  readonly #back: Part;
  #inMessages = false;
  /** The document has ended. */
  #complete = false;
  /** The element that `input.at` points to the start of. */
  #name = '';
  /** From `input.at`: known not to hold the end of what stands there. */
  #scanned = 0;
  #searching = false;

  constructor(back: Part) {
    this.#back = back;
  }

  read(input: Input): Part | undefined {
    for (;;) {
      if (this.#searching && !this.#search(input)) return this.#more(input);
      if (this.#name === '') {
        if (this.#complete) return this.#back;
        if (!input.skipBlank()) return input.final ? this.#end(input) : undefined;
        if (input.bytes[input.at] !== TAG) {
          if (!this.#inMessages) return this.#back;
          this.#lost(input, 'text between the elements of <Messages>');
          continue;
        }
      }
      const done = this.#name === '' ? this.#markup(input) : this.#element(input);
      if (!done) return this.#more(input);
    }
  }

  /** What is held is not enough. */
  #more(input: Input): Part | undefined {
    if (!input.final) return undefined;
    if (!this.#searching) {
      const what = this.#name === '' ? 'XML' : `<${this.#name}>`;
      input.unreadable(`the file ends inside ${what}`);
    }
    input.skipTo(input.end);
    return this.#back;
  }

  #end(input: Input): Part {
    if (this.#inMessages) input.unreadable('the file ends inside <Messages>');
    return this.#back;
  }

  /** Something between elements. False when more is needed. */
  #markup(input: Input): boolean {
    const start = input.peek(input.at, LOOKAHEAD);
    if (start.length < LOOKAHEAD && !start.includes('>') && !input.final) return false;
    const close = start.startsWith('<!--') ? '-->' : start.startsWith('<?') ? '?>' : '>';
    const name = NAME.exec(start)?.[1];
    if (name !== undefined && name !== 'Messages') {
      this.#name = name;
      this.#scanned = 1;
      return true;
    }
    const from = input.at + Math.max(this.#scanned, 1);
    const at = input.bytes.subarray(0, input.end).indexOf(close, from);
    if (at < 0) {
      this.#scanned = Math.max(1, input.end - input.at - close.length);
      return this.#tooLong(input, input.end);
    }
    const selfClosing = input.bytes[at - 1] === 0x2f;
    if (name !== undefined) this.#inMessages = !selfClosing;
    else if (start.startsWith('</')) this.#inMessages = false;
    this.#complete = !this.#inMessages && (name !== undefined || start.startsWith('</'));
    this.#scanned = 0;
    input.skipTo(at + close.length);
    return true;
  }

  /** The element at `input.at`, once all of it is held. False when more is needed. */
  #element(input: Input): boolean {
    for (;;) {
      const at = input.find(TAG, input.at + this.#scanned);
      if (at < 0) {
        this.#scanned = input.end - input.at;
        return this.#tooLong(input, input.end);
      }
      const tag = input.peek(at, LOOKAHEAD);
      if (tag.length < LOOKAHEAD && !tag.includes('>') && !input.final) return this.#tooLong(input, at);
      if (tag.startsWith(`</${this.#name}`) && /^[\s>]/.test(tag.slice(this.#name.length + 2))) {
        const close = input.find(0x3e, at);
        return close < 0 ? false : this.#take(input, close + 1);
      }
      if (OTHER.test(tag) || (this.#name === 'Message' && MESSAGE.test(tag))) {
        input.unreadable(`<${this.#name}> is cut short`);
        this.#name = '';
        this.#scanned = 0;
        input.skipTo(at);
        return true;
      }
      if (tag.startsWith('<![CDATA[')) {
        const close = input.bytes.subarray(0, input.end).indexOf(']]>', at);
        if (close < 0) return this.#tooLong(input, input.end);
        this.#scanned = close - input.at;
      } else {
        this.#scanned = at + 1 - input.at;
      }
      if (this.#scanned > MAX_ENTRY) return this.#tooLong(input, at);
    }
  }

  #take(input: Input, end: number): boolean {
    const name = this.#name;
    if (end - input.at > MAX_ENTRY) return this.#tooLong(input, end);
    const text = input.text(input.at, end);
    if (name === 'Message') {
      if (text === undefined) input.raw(input.at, end);
      else input.add(messageOf(text, input.position()));
    } else if (name === 'Error' || name === 'Errors') {
      const error = errorOf(text ?? '', input.position());
      if (error) input.add(error);
    } else {
      input.unreadable(`<${name}> is no answer to ReceiveMessage`);
    }
    this.#name = '';
    this.#scanned = 0;
    this.#complete = !this.#inMessages;
    input.skipTo(end);
    return true;
  }

  /** Gives up what stands at `input.at` if it is too long. Returns whether it did. */
  #tooLong(input: Input, end: number): boolean {
    if (end - input.at <= MAX_ENTRY) return false;
    input.tooLong();
    input.skipTo(end);
    this.#name = '';
    this.#scanned = 0;
    this.#searching = true;
    return true;
  }

  #lost(input: Input, what: string): void {
    input.unreadable(`${what}; skipped to the next one`);
    this.#searching = true;
  }

  /** To the next thing that MNS may have written. False when it is not held yet. */
  #search(input: Input): boolean {
    for (let at = input.find(TAG, input.at); at >= 0; at = input.find(TAG, at + 1)) {
      const tag = input.peek(at, LOOKAHEAD);
      const known = OTHER.test(tag) || MESSAGE.test(tag) || tag.startsWith('<Error>');
      if (!known && tag.length < LOOKAHEAD && !tag.includes('>') && !input.final) {
        input.skipTo(at);
        return false;
      }
      if (!known) continue;
      input.skipTo(at);
      this.#searching = false;
      return true;
    }
    input.skipTo(input.end);
    return false;
  }
}
