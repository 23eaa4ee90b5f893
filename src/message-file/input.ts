/**
 * The bytes of a file that are still needed, and what has been read from them. Parts (lines, an array, an XML document)
 * take turns: each consumes from `at` on and hands over to the next. No part holds more than one entry here, so memory
 * is bounded by {@link MAX_ENTRY} whatever the file.
 */
import { isUtf8 } from 'node:buffer';
import { describeError } from '../errors.js';
import { type FileMessage, MAX_ENTRY, type Position, type Unreadable } from './message.js';
import { entryOf, parseObject } from './record.js';

/** A stretch of a file with one syntax. */
export interface Part {
  /**
   * Reads on. Returns who is next, or undefined when it needs more bytes. When `input.final` is set there are no more:
   * it consumes the rest before it returns undefined, or hands over.
   */
  read(input: Input): Part | undefined;
}

export const LF = 0x0a;
const CAPACITY = 512 * 1024;

export class Input {
  /** Valid from `at` to `end`; what lies behind is garbage. */
  bytes = Buffer.allocUnsafe(CAPACITY);
  at = 0;
  end = 0;
  /** Of `at`. */
  line = 1;
  final = false;
  readonly #file: string;
  #entries: (FileMessage | Unreadable)[] = [];

  constructor(file: string) {
    this.#file = file;
  }

  append(chunk: Buffer): void {
    const held = this.end - this.at;
    const need = held + chunk.length;
    if (this.end + chunk.length > this.bytes.length) {
      // Doubling keeps a long entry that comes in small chunks from being copied again for each of them.
      const oversized = this.bytes.length > CAPACITY && need < CAPACITY / 2;
      const fits = need <= this.bytes.length && !oversized;
      const next = fits ? this.bytes : Buffer.allocUnsafe(Math.max(CAPACITY, need * 2));
      this.bytes.copy(next, 0, this.at, this.end);
      this.bytes = next;
      this.at = 0;
      this.end = held;
    }
    chunk.copy(this.bytes, this.end);
    this.end += chunk.length;
  }

  /** What has been read since the last call. */
  take(): (FileMessage | Unreadable)[] {
    const entries = this.#entries;
    this.#entries = [];
    return entries;
  }

  /** Index of a byte in what is held; -1 when it is not there. */
  find(byte: number, from: number): number {
    const index = this.bytes.indexOf(byte, from);
    return index < this.end ? index : -1;
  }

  /** Consumes bytes up to `to`, counting lines. */
  skipTo(to: number): void {
    // Among these bytes alone: in a long line, a search that goes on behind them costs more than all the rest.
    const bytes = this.bytes.subarray(this.at, to);
    for (let feed = bytes.indexOf(LF); feed >= 0; feed = bytes.indexOf(LF, feed + 1)) this.line += 1;
    this.at = to;
  }

  /** Consumes white space and line feeds; false when nothing but them was held. */
  skipBlank(): boolean {
    while (this.at < this.end) {
      const byte = this.bytes[this.at];
      if (!isBlank(byte) && byte !== LF) return true;
      if (byte === LF) this.line += 1;
      this.at += 1;
    }
    return false;
  }

  /** Up to `length` bytes as latin1, for a look at what comes. */
  peek(from: number, length: number): string {
    return this.bytes.toString('latin1', from, Math.min(this.end, from + length));
  }

  /** Undefined when the bytes are not valid UTF-8. */
  text(from: number, to: number): string | undefined {
    const text = this.bytes.toString('utf8', from, to);
    // Only a text with a replacement character may have lost something.
    return text.includes('\ufffd') && !isUtf8(this.bytes.subarray(from, to)) ? undefined : text;
  }

  /** The bytes are a message: captured, a receipt, or neither, which decode will say and keep. */
  message(from: number, to: number, line = this.line): void {
    if (to - from > MAX_ENTRY) {
      this.tooLong(line);
      return;
    }
    const text = this.text(from, to);
    if (text === undefined) this.raw(from, to, line);
    else this.add(entryOf(text, parseObject(text), this.position(line)));
  }

  /** Bytes that are no text, kept as base64 so that nothing about them changes. */
  raw(from: number, to: number, line = this.line): void {
    this.add({ body: this.bytes.toString('base64', from, to), at: this.position(line) });
  }

  unreadable(reason: string, line = this.line): void {
    this.add({ unreadable: describeError(reason), at: this.position(line) });
  }

  tooLong(line = this.line): void {
    this.unreadable(`longer than ${MAX_ENTRY / 1024 / 1024} MiB, which no message is: skipped`, line);
  }

  add(entry: FileMessage | Unreadable): void {
    this.#entries.push(entry);
  }

  position(line = this.line): Position {
    return { file: this.#file, line };
  }
}

/** Space, tab, carriage return. */
export function isBlank(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x09 || byte === 0x0d;
}
