/**
 * Files that were put aside: `receipts.ndjson` becomes `receipts-20261122T091500.123Z.ndjson` beside it, so that the names
 * sort by time and keep their ending. Nothing is ever overwritten, and several threads and processes may put the same
 * file aside at the same moment: one of them does.
 */
import {
  type BigIntStats,
  closeSync,
  openSync,
  realpathSync,
  renameSync,
  statSync,
  unlinkSync,
} from 'node:fs';
import { readdir, realpath } from 'node:fs/promises';
import { basename, dirname, join, parse } from 'node:path';

/** Of `YYYYMMDDTHHMMSS.mmmZ`. */
const TIME = /^\d{8}T\d{6}\.\d{3}Z$/;

/**
 * Gives the file another name; whoever has it open goes on writing to it.
 *
 * @param path of the file; a link to it stays
 * @param is whether what the path stands for is the file that is meant
 * @returns where it is; undefined when the path stands for another file, or none
 */
export function putAside(path: string, is: (found: BigIntStats) => boolean): string | undefined {
  let aside: string | undefined;
  try {
    const real = realpathSync(path);
    aside = reserve(real);
    // Nothing of this thread runs between this look and the renaming, and for other threads that is a moment. Should one
    // have put the file aside in it, a newer one is put aside early: small, and as whole as any.
    if (is(statSync(real, { bigint: true }))) {
      renameSync(real, aside);
      return aside;
    }
  } catch (error) {
    if (aside !== undefined) unlinkSync(aside);
    // Somebody else has put it aside.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  unlinkSync(aside);
  return undefined;
}

/** All that were put aside at this path and are not compressed, the oldest first. */
export async function listAside(path: string): Promise<string[]> {
  const { name, ext, dir } = parse(await placeOf(path));
  const names = (await readdir(dir)).filter((entry) => {
    if (!entry.startsWith(`${name}-`) || !entry.endsWith(ext)) return false;
    return TIME.test(entry.slice(name.length + 1, entry.length - ext.length));
  });
  return names.sort().map((entry) => join(dir, entry));
}

/** Where the file is, or would be: somebody may have put it aside a moment ago. */
export async function placeOf(path: string): Promise<string> {
  return realpath(path).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    return join(await realpath(dirname(path)), basename(path));
  });
}

/** Takes a name that nobody has. */
function reserve(real: string): string {
  const { name, ext } = parse(real);
  for (let time = Date.now(); ; time += 1) {
    const stamp = new Date(time).toISOString().replace(/[-:]/g, '');
    const aside = join(dirname(real), `${name}-${stamp}${ext}`);
    if (statSync(`${aside}.gz`, { throwIfNoEntry: false }) !== undefined) continue;
    try {
      closeSync(openSync(aside, 'wx', 0o640));
      return aside;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}
