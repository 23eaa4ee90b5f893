import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { describeError } from '../errors.js';
import { FileTooLargeError, READ_PROBLEMS, readText } from '../read-file.js';
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
    text = readText(resolve(cwd, file), MAX_BYTES);
  } catch (error) {
    if (error instanceof FileTooLargeError)
      throw fail(`: ${error.message}, this is no receiptd configuration`, error);
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
