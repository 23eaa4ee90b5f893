/**
 * Reads a journal back. A last line that does not parse was cut off by the end of the process: nobody was told of that
 * change, and it never happened. Such a line anywhere else is damage, and is not passed over.
 */
import { createReadStream } from 'node:fs';
import { StringDecoder } from 'node:string_decoder';
import { describeError, ReceiptdError } from '../errors.js';
import { type Entry, JournalState } from './journal-entry.js';
import type { SavedQueue } from './queue-log.js';

/** What the journal adds up to; nothing when there is none. @throws {ReceiptdError} names file and line */
export async function readJournal(path: string): Promise<SavedQueue[]> {
  const state = new JournalState();
  let number = 0;
  let cutOff: SyntaxError | undefined;
  try {
    for await (const line of lines(path)) {
      if (cutOff !== undefined) throw cutOff;
      number += 1;
      try {
        const entry = JSON.parse(line) as Entry;
        if (number === 1 && entry.t !== 'format') throw new Error('it is no journal of the emulator');
        state.apply(entry);
      } catch (error) {
        if (!(error instanceof SyntaxError)) throw error;
        cutOff = error;
      }
    }
    // A first line is never cut off: the file comes into being whole.
    if (cutOff !== undefined && number === 1) throw new Error('it is no journal of the emulator');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return [];
    const where = number > 0 ? `${path}:${number}` : path;
    throw new ReceiptdError('EMULATOR_DATA', `${where} cannot be read: ${describeError(cause)}`, { cause });
  }
  return state.queues();
}

/** Split at LF alone: JSON leaves U+2028 in strings as it is. What follows the last LF counts unless it is empty. */
async function* lines(path: string): AsyncGenerator<string> {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 })) {
    const parts = (rest + decoder.write(chunk as Buffer)).split('\n');
    rest = parts.pop() ?? '';
    yield* parts;
  }
  rest += decoder.end();
  if (rest !== '') yield rest;
}
