/** Makes names in a directory last: a file that was made, renamed or removed is so after a power cut as well. */
import { open } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Some network file systems cannot sync a directory (they keep its names by themselves), and who may not read a
 * directory cannot ask for it.
 */
const CANNOT = ['EINVAL', 'ENOTSUP', 'EBADF', 'EACCES'];

/** The names in the directory of this path are on disk. */
export async function syncDirectory(path: string): Promise<void> {
  try {
    const directory = await open(dirname(path), 'r');
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
  } catch (error) {
    if (!CANNOT.includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}
