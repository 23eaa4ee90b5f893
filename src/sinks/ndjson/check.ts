/** Could lines be appended to the file? Neither makes it nor opens it. */
import { access, constants, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { type Finding, fail, ok, warn } from '../../finding.js';
import { directoryWritable, spaceIn } from '../../writable.js';

export interface NdjsonPlace {
  path: string;
  maxBytes: number;
  maxAge: number;
}

export async function checkNdjson({ path, maxBytes, maxAge }: NdjsonPlace): Promise<Finding> {
  if (path === '-') return ok('standard output');
  const directory = dirname(resolve(path));
  const unwritable = (code: unknown) =>
    fail(`cannot append to ${path} (${code})`, 'check the path and its permissions');
  try {
    const file = await stat(path);
    if (file.isDirectory()) return unwritable('EISDIR');
    await access(path, constants.W_OK);
    if (file.isFIFO()) return warn(`${path} is a named pipe`, 'it needs a reader when receiptd starts');
    if (!file.isFile()) return ok(`${path} is no file, and can be written to`);
    if (maxBytes > 0 || maxAge > 0) await access(directory, constants.W_OK | constants.X_OK);
    return await spaceIn(directory, `${path} can be appended to`);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT') return unwritable(code);
    // Directories are not made for it.
    if (!(await isDirectory(directory))) return unwritable(code);
    const found = await directoryWritable(directory);
    return { ...found, found: `${path} will be made: ${found.found}` };
  }
}

function isDirectory(path: string): Promise<boolean> {
  return stat(path).then(
    (there) => there.isDirectory(),
    () => false,
  );
}
