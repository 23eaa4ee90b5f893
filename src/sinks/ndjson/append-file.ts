/**
 * An open file that lines are appended to; or a pipe, a device, standard output. Several threads and processes may
 * append to the same file: each append is one write in append mode. A line that was cut short, by a crash or a full disk
 * and by whomever, does not swallow the next one: before each append it looks at the file's last byte, and a file that
 * does not end in a line break gets one first. What cannot be read (a pipe, a device, a file without the permission) gets
 * one after a write of its own that was cut short.
 */
import { type BigIntStats, close, constants, fchmod, fdatasync, fstat, open, read, write } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { syncDirectory } from '../../sync-directory.js';

const fs = {
  open: promisify(open),
  write: promisify(write) as (fd: number, data: Buffer, offset: number) => Promise<{ bytesWritten: number }>,
  fdatasync: promisify(fdatasync),
  fchmod: promisify(fchmod),
  fstat: promisify(fstat) as (fd: number, options: { bigint: true }) => Promise<BigIntStats>,
  read: promisify(read) as (
    fd: number,
    b: Buffer,
    o: number,
    l: number,
    at: bigint,
  ) => Promise<{ bytesRead: number }>,
  close: promisify(close),
};

const STDOUT = 1;
const WRITE_BITS = 0o222n;
/** ms that a named pipe may be without a reader when it is opened. */
const READER_WAIT_MS = 5_000;
/** ms between two looks at something that another process is about to change. */
const LOOK_AGAIN_MS = 10;

/** The append was abandoned, as nobody waits for it any more. */
export class AppendAbandonedError extends Error {}

export class AppendFile {
  readonly #fd: number;
  /** What is opened; undefined for what is no regular file. */
  readonly #stat: BigIntStats | undefined;
  /** The same file for reading; undefined where that is impossible. */
  readonly #reader: number | undefined;
  /** Its permission to be written can be taken away, see `keeps`. */
  readonly #sealable: boolean;
  /** When its first line came, as far as is known; undefined while it is empty. Epoch ms. */
  #since: number | undefined;
  /** The latest write was cut short. */
  #cutShort = false;

  private constructor(fd: number, stat?: BigIntStats, reader?: number, sealable = false) {
    this.#fd = fd;
    this.#stat = stat;
    this.#reader = reader;
    this.#sealable = sealable;
    // Where the file system knows no time of birth this is the latest change.
    if (stat !== undefined && stat.size > 0n) this.#since = Number(stat.birthtimeMs) || Date.now();
  }

  /** @param path of a file, which is made when it is not there; `-` is standard output */
  static async open(path: string): Promise<AppendFile> {
    if (path === '-') return new AppendFile(STDOUT);
    for (;;) {
      const fd = await openToAppend(path);
      let reader: number | undefined;
      try {
        const stat = await fs.fstat(fd, { bigint: true });
        // Pipes and devices can be neither synced nor looked at.
        if (!stat.isFile()) return new AppendFile(fd);
        if (stat.size === 0n) await syncDirectory(path);
        // Who may only write has nothing to look with, which is no reason to refuse.
        reader = await fs.open(path, 'r').catch((error: NodeJS.ErrnoException) => {
          if (error.code === 'ENOENT') throw error;
          return undefined;
        });
        if (reader === undefined || same(stat, await fs.fstat(reader, { bigint: true })))
          return new AppendFile(fd, stat, reader, await writable(fd, stat));
      } catch (error) {
        await closeAll(fd, reader);
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') continue;
        throw error;
      }
      // Another file was put there in between, or none.
      await closeAll(fd, reader);
    }
  }

  /** Is it a file, which can be looked at and put aside? */
  get regular(): boolean {
    return this.#stat !== undefined;
  }

  /** Does `found`, from the path, stand for this file, and may that still be written? */
  is(found: BigIntStats): boolean {
    return this.#stat !== undefined && same(this.#stat, found) && !this.#isSealed(found);
  }

  /** ms since its first line, as far as is known. @param found what the path says of it now */
  age(found: BigIntStats): number {
    if (found.size > 0n) this.#since ??= Date.now();
    return this.#since === undefined ? 0 : Math.max(0, Date.now() - this.#since);
  }

  /**
   * Resolves when the lines are on the disk, or in the pipe.
   * @param abandoned asked while a pipe takes nothing more
   */
  async append(lines: Buffer, abandoned: () => boolean = () => false): Promise<void> {
    const torn = this.#reader === undefined ? this.#cutShort : await endsTorn(this.#reader);
    const data = torn ? Buffer.concat([Buffer.from('\n'), lines]) : lines;
    this.#cutShort = true;
    for (let offset = 0; offset < data.length; ) offset += await this.#writeSome(data, offset, abandoned);
    this.#cutShort = false;
    this.#since ??= Date.now();
    if (this.regular) await fs.fdatasync(this.#fd);
  }

  /**
   * Will what was appended so far stay? Not surely when the file was deleted meanwhile, or sealed: whoever is about to
   * compress a file that was put aside first takes every permission to write from it, and only then reads it. What was
   * there before is read; and an append that still finds the permission afterwards was there before.
   */
  async keeps(): Promise<boolean> {
    if (!this.regular) return true;
    const stat = await fs.fstat(this.#fd, { bigint: true });
    return stat.nlink > 0n && !this.#isSealed(stat);
  }

  async close(): Promise<void> {
    await closeAll(this.#fd === STDOUT ? undefined : this.#fd, this.#reader);
  }

  #isSealed({ mode }: BigIntStats): boolean {
    return this.#sealable && (mode & WRITE_BITS) === 0n;
  }

  /** A pipe whose reader is slow answers EAGAIN: wait for it, that is its back-pressure. */
  async #writeSome(data: Buffer, offset: number, abandoned: () => boolean): Promise<number> {
    try {
      return (await fs.write(this.#fd, data, offset)).bytesWritten;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      if (abandoned()) throw new AppendAbandonedError('nobody waits for it any more');
      await delay(LOOK_AGAIN_MS);
      return 0;
    }
  }
}

export function same(one: BigIntStats, other: BigIntStats): boolean {
  return one.ino === other.ino && one.dev === other.dev;
}

async function closeAll(...fds: (number | undefined)[]): Promise<void> {
  for (const fd of fds) if (fd !== undefined) await fs.close(fd);
}

/** Sees to it that a file has a permission to write that can be taken away; root may write one that has none. */
async function writable(fd: number, { mode }: BigIntStats): Promise<boolean> {
  if ((mode & WRITE_BITS) !== 0n) return true;
  return fs.fchmod(fd, (Number(mode) & 0o7777) | 0o200).then(
    () => true,
    () => false,
  );
}

/**
 * Only for writing: a pipe that the sink could read as well would never say that its reader has gone. And without
 * blocking: a pipe that nobody reads must not hold a thread of Node's, of which there are few.
 */
async function openToAppend(path: string): Promise<number> {
  const { O_WRONLY, O_APPEND, O_CREAT, O_NONBLOCK } = constants;
  const givenUpAt = performance.now() + READER_WAIT_MS;
  for (;;) {
    try {
      return await fs.open(path, O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK, 0o640);
    } catch (error) {
      const noReaderYet = (error as NodeJS.ErrnoException).code === 'ENXIO' && performance.now() < givenUpAt;
      if (!noReaderYet) throw error;
      await delay(LOOK_AGAIN_MS);
    }
  }
}

/**
 * Whether a file ends in a line that nobody will end. One that is still growing is in the middle of somebody's write,
 * which ends with a line break; should it only pause for long, the worst that follows is an empty line.
 */
async function endsTorn(reader: number): Promise<boolean> {
  for (let before = -1n; ; await delay(LOOK_AGAIN_MS)) {
    const { size } = await fs.fstat(reader, { bigint: true });
    if (size === 0n) return false;
    const last = Buffer.alloc(1);
    await fs.read(reader, last, 0, 1, size - 1n);
    if (last[0] === 0x0a) return false;
    if (size === before) return true;
    before = size;
  }
}
