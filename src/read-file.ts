/** Reads small files without trusting what they claim to be. */
import { closeSync, openSync, readSync } from 'node:fs';

/** Words for what commonly keeps a file from being read, by the error's code. */
export const READ_PROBLEMS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  ENOTDIR: 'no such file',
  EISDIR: 'is a directory, not a file',
  EACCES: 'permission denied',
  ERR_ENCODING_INVALID_ENCODED_DATA: 'is not UTF-8 text',
};

export class FileTooLargeError extends Error {}

/**
 * The text of a file of any kind (also a pipe, as in `-c <(…)`), which must be UTF-8.
 * @param most bytes
 * @throws {FileTooLargeError} when it has more, and what the file system and the decoder throw
 */
export function readText(path: string, most: number): string {
  return new TextDecoder('utf-8', { fatal: true }).decode(readBytes(path, most));
}

function readBytes(path: string, most: number): Buffer {
  const fd = openSync(path, 'r');
  try {
    const buffer = Buffer.alloc(most + 1);
    let length = 0;
    let read: number;
    do {
      read = readSync(fd, buffer, length, buffer.length - length, null);
      length += read;
    } while (read > 0 && length < buffer.length);
    if (length > most) throw new FileTooLargeError(`is larger than ${most / 1024} KiB`);
    return buffer.subarray(0, length);
  } finally {
    closeSync(fd);
  }
}
