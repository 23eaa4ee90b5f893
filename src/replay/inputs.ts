/** The files of a replay as they are when it begins: how large, and whether they can be read a second time. */
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { describeError, UsageError } from '../errors.js';

export const STDIN = '-';

export interface InputFile {
  /** As it was named, or as a pattern found it. */
  name: string;
  /** Absolute. */
  path: string;
  /** Bytes; of a file that grows, when the replay began. */
  size: number;
  /** ms since the epoch */
  mtimeMs: number;
}

export interface Inputs {
  names: readonly string[];
  /** Undefined when one of them can be read only once: standard input, a pipe. */
  files: readonly InputFile[] | undefined;
  /** Bytes in all; undefined when that is not known. */
  totalBytes: number | undefined;
}

/** @throws {UsageError} when a file is not there */
export async function lookAt(names: readonly string[]): Promise<Inputs> {
  const files: InputFile[] = [];
  for (const name of names) {
    if (name === STDIN) continue;
    const path = resolve(name);
    const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
      const why = error.code === 'ENOENT' ? 'no such file' : (error.code ?? describeError(error));
      throw new UsageError('REPLAY_FILE', `${describeError(name)}: ${why}`, { cause: error });
    });
    if (found.isFile()) files.push({ name, path, size: found.size, mtimeMs: found.mtimeMs });
  }
  if (files.length < names.length) return { names, files: undefined, totalBytes: undefined };
  return { names, files, totalBytes: files.reduce((sum, { size }) => sum + size, 0) };
}
