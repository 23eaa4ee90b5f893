/**
 * Reads a file of messages in any form as a stream: memory stays flat whatever its size, and nothing in it makes the
 * reading fail. Messages of a damaged file come out as far as they can be read, with a word where something is missing.
 */
import type { Readable } from 'node:stream';
import { bytesOf } from './bytes.js';
import { Input, type Part } from './input.js';
import { Lines } from './lines.js';
import type { FileMessage, Unreadable } from './message.js';

export interface ReadOptions {
  /** What `-` reads. Default: the standard input of this process. */
  stdin?: Readable;
  /** Called with the number of bytes of the file (compressed ones of a `.gz`) read since the last call. */
  onBytes?: (bytes: number) => void;
  /** Aborting makes the generator throw the signal's reason. */
  signal?: AbortSignal;
}

/**
 * Streams what one file holds, in order, a batch for each piece read; the form is told by content, never by name.
 * @throws UsageError when the file cannot be opened (`ENOENT`, `EACCES` …), ReceiptdError when reading it fails.
 */
export async function* readMessages(
  file: string,
  options: ReadOptions = {},
): AsyncGenerator<readonly (FileMessage | Unreadable)[]> {
  const input = new Input(file);
  let part: Part = new Lines();
  const run = (): readonly (FileMessage | Unreadable)[] => {
    for (let next: Part | undefined = part; next; next = next.read(input)) part = next;
    return input.take();
  };
  for await (const piece of bytesOf(file, options)) {
    if ('damage' in piece) {
      if (part instanceof Lines) part.cutOff(input);
      input.unreadable(`${piece.damage}; what follows is lost, up to the next gzip member if there is one`);
      input.at = input.end;
      part = new Lines();
    } else {
      input.append(piece);
    }
    const entries = run();
    if (entries.length > 0) yield entries;
  }
  input.final = true;
  const rest = run();
  if (rest.length > 0) yield rest;
}
