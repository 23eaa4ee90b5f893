import { closeSync, existsSync, openSync, readSync } from 'node:fs';
import { resolve } from 'node:path';
import { describeError } from '../errors.js';
import type { Environment } from './environment.js';
import { ConfigError } from './error.js';
import { parseYaml, YamlError, type YamlText } from './yaml.js';

/** Finds and reads the configuration file; whatever is wrong with the file as a whole is one line that names it. */

const DEFAULT_FILES = ['receiptd.yaml', 'config/receiptd.yaml'];
const MAX_BYTES = 256 * 1024;

/** The file to read: the one asked for, else the first that is there, else none. */
export function findFile(asked: string | undefined, env: Environment, cwd: string): string | undefined {
  return asked ?? (env.RECEIPTD_CONFIG || DEFAULT_FILES.find((file) => existsSync(resolve(cwd, file))));
}

/** The file's mapping; an empty file is an empty mapping. */
export function readFile(file: string, cwd: string): YamlText & { value: object } {
  const fail = (message: string, cause?: unknown) =>
    new ConfigError([{ key: '', message: `${file || '""'}${message}` }], { cause });
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(readBytes(resolve(cwd, file)));
  } catch (error) {
    throw fail(
      `: ${READ_PROBLEMS[(error as NodeJS.ErrnoException).code ?? ''] ?? describeError(error)}`,
      error,
    );
  }
  try {
    const { value, lineOf } = parseYaml(text);
    if (typeof value === 'object' && !Array.isArray(value)) return { value: value ?? {}, lineOf };
  } catch (error) {
    if (!(error instanceof YamlError)) throw error;
    throw fail(`${error.position ? `:${error.position}` : ''}: ${error.message}`, error);
  }
  throw fail(': must be a mapping of keys to values, such as "region: cn-hangzhou"');
}

const READ_PROBLEMS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  ENOTDIR: 'no such file',
  EISDIR: 'is a directory, not a file',
  EACCES: 'permission denied',
  ERR_ENCODING_INVALID_ENCODED_DATA: 'is not UTF-8 text',
};

/** Reads a file of any kind (also a pipe, as in `-c <(…)`) without trusting the size it claims. */
function readBytes(path: string): Buffer {
  const fd = openSync(path, 'r');
  try {
    const buffer = Buffer.alloc(MAX_BYTES + 1);
    let length = 0;
    let read: number;
    do {
      read = readSync(fd, buffer, length, buffer.length - length, null);
      length += read;
    } while (read > 0 && length < buffer.length);
    if (length > MAX_BYTES) throw new Error('is larger than 256 KiB, this is no receiptd configuration');
    return buffer.subarray(0, length);
  } finally {
    closeSync(fd);
  }
}
