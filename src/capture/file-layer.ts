/** What capturing needs of a file system, so that tests can put a failing one in its place. */
import { constants } from 'node:fs';
import { mkdir, open, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncDirectory } from '../sync-directory.js';

/** The part of Node's `FileHandle` that is used. */
export interface WritableFile {
  write(
    data: Uint8Array,
    offset: number,
    length: number,
    position: number,
  ): Promise<{ bytesWritten: number }>;
  datasync(): Promise<void>;
  truncate(length: number): Promise<void>;
  stat(): Promise<{ nlink: number }>;
  close(): Promise<void>;
}

export interface FileLayer {
  /** Makes a new file, and its directory where that is missing. Rejects with EEXIST when there is one. */
  create(path: string): Promise<WritableFile>;
  /** The names in the directory of this path are on disk. */
  syncDirectory(path: string): Promise<void>;
  remove(path: string): Promise<void>;
}

export const disk: FileLayer = {
  async create(path) {
    await mkdir(dirname(path), { recursive: true, mode: 0o750 });
    const { O_WRONLY, O_CREAT, O_EXCL } = constants;
    return open(path, O_WRONLY | O_CREAT | O_EXCL, 0o640);
  },
  syncDirectory,
  remove: unlink,
};
