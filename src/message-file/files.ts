/** From what stands on a command line to the files to read. */
import type { Stats } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { isAbsolute, join, resolve } from 'node:path';
import { glob, isDynamicPattern } from 'tinyglobby';
import { describeError, UsageError } from '../errors.js';

const CAPTURE_FILE = /^[^.].*\.ndjson(?:\.gz)?$/;

/**
 * The files that names and globs stand for, sorted by name, each once. `-` is standard input. What exists is taken by
 * its name even if that has `[` or `*` in it; of a directory, its capture files (`*.ndjson`, `*.ndjson.gz`).
 * @param cwd what relative names are relative to. Default: the working directory
 * @throws UsageError for a name or pattern that matches nothing
 */
export async function expandFiles(names: readonly string[], cwd?: string): Promise<string[]> {
  const files = new Map<string, string>();
  for (const name of names) {
    for (const file of await expand(name, cwd)) {
      const key = file === '-' ? file : resolve(file);
      if (!files.has(key)) files.set(key, file);
    }
  }
  return [...files.values()].sort();
}

async function expand(name: string, cwd: string | undefined): Promise<string[]> {
  if (name === '-') return [name];
  const path = cwd === undefined || isAbsolute(name) ? name : join(cwd, name);
  const stats = await statOf(path, name);
  if (stats?.isDirectory()) {
    const inside = (await filesIn(path, name)).filter((file) => CAPTURE_FILE.test(file));
    if (inside.length > 0) return inside.map((file) => join(path, file));
    throw noFile(name, 'is a directory without a capture file (*.ndjson, *.ndjson.gz)');
  }
  if (stats) return [path];
  if (!isDynamicPattern(name)) throw noFile(name, 'cannot be read: there is no such file');
  const found = await glob(name, {
    cwd: cwd ?? process.cwd(),
    absolute: isAbsolute(name),
    expandDirectories: false,
  });
  if (found.length === 0) throw noFile(name, 'matches no file');
  return found.map((file) => (cwd === undefined || isAbsolute(file) ? file : join(cwd, file)));
}

async function filesIn(path: string, name: string): Promise<string[]> {
  try {
    return await readdir(path);
  } catch (cause) {
    throw noFile(name, `cannot be read: ${describeError(cause)}`, { cause });
  }
}

/** Undefined when there is no such file. */
async function statOf(path: string, name: string): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : '';
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ENAMETOOLONG') return undefined;
    throw noFile(name, `cannot be read: ${describeError(cause)}`, { cause });
  }
}

function noFile(name: string, why: string, options?: ErrorOptions): UsageError {
  return new UsageError('FILE_UNREADABLE', describeError(`${name} ${why}`), options);
}
