/**
 * Values that stand in files, as Docker and Kubernetes mount secrets: the variable `NAME_FILE` names the file that has the
 * value of `NAME`. What is wrong with one is told by the name of the variable and the path; what is in it never is.
 */
import { resolve } from 'node:path';
import { FileTooLargeError, READ_PROBLEMS, readText } from './read-file.js';

const SUFFIX = '_FILE';
/** As much as a whole configuration: a variable may hold a list of queues. */
const MAX_BYTES = 256 * 1024;

type Environment = Readonly<Record<string, string | undefined>>;

/** One line that names the variable and the file; it reads on after the key that is meant. */
export class SecretFileError extends Error {}

export interface EnvironmentValue {
  text: string;
  /** It stands in a file, and may not be shown. */
  fromFile: boolean;
}

export function fileVariable(name: string): string {
  return `${name}${SUFFIX}`;
}

/**
 * The value of a variable, its own or that of its file; undefined when there is neither, which is so for a file that is
 * named by nothing.
 * @param cwd what relative paths are relative to
 * @throws {SecretFileError} when both are given, or the file has no value
 */
export function environmentValue(name: string, env: Environment, cwd: string): EnvironmentValue | undefined {
  const text = env[name];
  const variable = fileVariable(name);
  const path = env[variable];
  if (!path) return text === undefined ? undefined : { text, fromFile: false };
  if (text) throw new SecretFileError(`is given by both ${name} and ${variable}, unset one of them`);
  const problem = (text: string) => new SecretFileError(`cannot be read from ${path}: ${text} (${variable})`);
  let value: string;
  try {
    // Without the one line break that editors and `echo` put at the end.
    value = readText(resolve(cwd, path), MAX_BYTES).replace(/\r?\n$/, '');
  } catch (error) {
    // Not as its cause: an error of the decoder may hold what it decoded.
    if (error instanceof FileTooLargeError) throw problem(error.message);
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    throw problem(READ_PROBLEMS[code] ?? code);
  }
  if (value === '') throw problem('is empty');
  return { text: value, fromFile: true };
}
