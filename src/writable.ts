/** Could files be written there, and how many? Looks, and makes nothing. */
import { access, constants, stat, statfs } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { type Finding, fail, ok, warn } from './finding.js';

const MIB = 1024 ** 2;
const LITTLE_BYTES = 1024 * MIB;
const TOO_LITTLE_BYTES = 64 * MIB;

/**
 * Of a directory that is there, or one that can be made with those above it.
 * @param path relative to the working directory
 */
export async function directoryWritable(path: string): Promise<Finding> {
  const there = await nearest(resolve(path));
  if (!(await stat(there)).isDirectory())
    return fail(`${path} cannot be used: ${there} is no directory`, 'check the path');
  try {
    await access(there, constants.W_OK | constants.X_OK);
  } catch (error) {
    return fail(`${there} cannot be written to (${codeOf(error)})`, 'check the path and its permissions');
  }
  const missing = there === resolve(path) ? '' : `, will be made in ${there}`;
  return spaceIn(there, `${path} can be written to${missing}`);
}

/** @param found what is known to be well */
export async function spaceIn(directory: string, found: string): Promise<Finding> {
  const { bavail, bsize, files, ffree } = await statfs(directory);
  const free = bavail * bsize;
  const told = `${found}, ${sizeOf(free)} free`;
  // File systems that make them as they are needed tell none.
  if (files > 0 && ffree === 0) return fail(`${told}, but no inode is left for another file`, 'delete files');
  if (free < TOO_LITTLE_BYTES) return fail(told, 'make room: receiving stops when the disk is full');
  if (free < LITTLE_BYTES) return warn(told, 'make room: receiving stops when the disk is full');
  return ok(told);
}

/** The path itself, or the first above it that is there. */
async function nearest(path: string): Promise<string> {
  for (let there = path; ; there = dirname(there)) {
    try {
      await stat(there);
      return there;
    } catch (error) {
      if (!/^(ENOENT|ENOTDIR)$/.test(codeOf(error)) || there === dirname(there)) throw error;
    }
  }
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? String(error);
}

/** @param bytes 3221225472 is `3.0 GiB` */
export function sizeOf(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10));
  const size = bytes / 1024 ** power;
  return `${size < 10 && power > 0 ? size.toFixed(1) : Math.round(size)} ${units[power]}`;
}
