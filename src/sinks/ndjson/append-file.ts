/**
 * An open file that lines are appended to; or a pipe, a device, standard output. Several threads and processes may
 * append to the same file: each append is one write in append mode. A line that was cut short, by a crash or a full disk
 * and by whomever, does not swallow the next one: before each append it looks at the file's last byte, and a file that
 * does not end in a line break gets one first. Somebody may be cut short between that look and the write: when the file
 * has grown by more than the append, what was appended is read back, and lines that are not in one piece do not count.
 *
 * In a file that cannot be read, for want of the permission, lines go after a line break of their own whenever it is not
 * known how it ends. A pipe or a device gets one after a write of its own that was cut short.
 */
import {
  type BigIntStats,
  close,
  constants,
  fchmodSync,
  fdatasync,
  fstat,
  open,
  statSync,
  write,
} from 'node:fs';
import { realpath } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { syncDirectory } from '../../sync-directory.js';
import { type End, endOf, holds } from './read-back.js';

const fs = {
  open: promisify(open),
  write: promisify(write) as (fd: number, data: Buffer, offset: number) => Promise<{ bytesWritten: number }>,
  fdatasync: promisify(fdatasync),
  fstat: promisify(fstat) as (fd: number, options: { bigint: true }) => Promise<BigIntStats>,
  close: promisify(close),
};

const STDOUT = 1;
const WRITE_BITS = 0o222n;
/** ms that a named pipe may be without a reader when it is opened. */
const READER_WAIT_MS = 5_000;
/** ms between two looks at something that another process is about to change. */
const LOOK_AGAIN_MS = 10;
const LINE_BREAK = Buffer.from('\n');

interface Appended {
  lines: Buffer;
  /** The file's size when its end was looked at. */
  from: bigint;
  /** Of what was written: the lines, and a line break before them if need be. */
  bytes: number;
  /** Whatever came before them, they begin a line and were written at once. */
  apart: boolean;
}

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
  /** Where a line break of its own was last seen to end the file. */
  #end: bigint | undefined;
  /** The latest append, until it is known to be in one piece. */
  #appended: Appended | undefined;
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
        if (stat.size === 0n) await syncDirectory(await realpath(path));
        // Who may only write has nothing to look with, which is no reason to refuse.
        reader = await fs.open(path, 'r').catch((error: NodeJS.ErrnoException) => {
          if (error.code === 'ENOENT') throw error;
          return undefined;
        });
        if (reader === undefined || same(stat, await fs.fstat(reader, { bigint: true }))) {
          const sealable = canBeSealed(path, fd, stat);
          if (sealable !== undefined) return new AppendFile(fd, stat, reader, sealable);
        }
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
    const { size, torn } = await this.#look();
    const data = torn ? Buffer.concat([LINE_BREAK, lines]) : lines;
    this.#cutShort = true;
    let writes = 0;
    for (let offset = 0; offset < data.length; writes += 1)
      offset += await this.#writeSome(data, offset, abandoned);
    this.#cutShort = false;
    this.#since ??= Date.now();
    if (!this.regular) return;
    this.#appended = { lines, from: size, bytes: data.length, apart: torn && writes === 1 };
    await fs.fdatasync(this.#fd);
  }

  /**
   * Will what was appended last stay, and can it be read? Not surely when the file was deleted meanwhile, or sealed:
   * whoever is about to compress a file that was put aside first takes every permission to write from it, and only then
   * reads it. What was there before is read; and an append that still finds the permission afterwards was there before.
   * Nor when others have torn its lines, or their own right before them.
   */
  async keeps(): Promise<boolean> {
    if (!this.regular) return true;
    const stat = await fs.fstat(this.#fd, { bigint: true });
    return stat.nlink > 0n && !this.#isSealed(stat) && (await this.#inOnePiece(stat.size));
  }

  async close(): Promise<void> {
    await closeAll(this.#fd === STDOUT ? undefined : this.#fd, this.#reader);
  }

  async #look(): Promise<End> {
    if (!this.regular) return { size: 0n, torn: this.#cutShort };
    if (this.#reader !== undefined) return endOf(this.#reader);
    const { size } = await fs.fstat(this.#fd, { bigint: true });
    return { size, torn: size > 0n && size !== this.#end };
  }

  /** @param size of the file, at some time after the append */
  async #inOnePiece(size: bigint): Promise<boolean> {
    if (this.#appended === undefined) return true;
    const { lines, from, bytes, apart } = this.#appended;
    // Nobody else has written to it since the look at its end.
    const alone = size === from + BigInt(bytes);
    if (alone) this.#end = size;
    const whole =
      alone || (this.#reader === undefined ? apart : await holds(this.#reader, lines, from, size));
    if (whole) this.#appended = undefined;
    return whole;
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

/**
 * Sees to it that a file has a permission to write that can be taken away; root may write one that has none.
 * @returns whether it has; undefined when the path stands for another file, or none: then this one may have been put
 * aside and sealed a moment ago, and must stay so
 */
function canBeSealed(path: string, fd: number, stat: BigIntStats): boolean | undefined {
  if ((stat.mode & WRITE_BITS) !== 0n) return true;
  // Nothing of this thread runs between this look and the change.
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  if (found === undefined || !same(found, stat)) return undefined;
  try {
    fchmodSync(fd, (Number(stat.mode) & 0o7777) | 0o200);
    return true;
  } catch {
    return false;
  }
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
