/**
 * Appends one event a line to a file, or to stdout (`-`). An event is confirmed only after its line is on the disk:
 * lines that wait while one write is under way go out together in the next (group commit: one write, one fdatasync).
 *
 * Several threads and processes may append to the same file: each group is one write in append mode. A line that was cut
 * short, by a crash or a full disk and by whomever, does not swallow the next one: before each group the sink looks at
 * the file's last byte, and a file that does not end in a line break gets one first. What cannot be read (a pipe, a
 * device, a file without the permission) gets one after a write of this sink that was cut short.
 */
import { close, constants, fdatasync, fstat, open, read, write } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { UsageError } from '../errors.js';
import { type EventRecord, toLine } from '../receipts/index.js';
import type { Sink } from './sink.js';

const fs = {
  open: promisify(open),
  write: promisify(write) as (fd: number, data: Buffer, offset: number) => Promise<{ bytesWritten: number }>,
  fdatasync: promisify(fdatasync),
  fstat: promisify(fstat),
  read: promisify(read) as (
    fd: number,
    b: Buffer,
    o: number,
    l: number,
    at: number,
  ) => Promise<{ bytesRead: number }>,
  close: promisify(close),
};

interface Waiting {
  line: string;
  resolve: () => void;
  reject: (error: unknown) => void;
}

const STDOUT = 1;
/** ms that a named pipe may be without a reader when it is opened. */
const READER_WAIT_MS = 5_000;
/** ms between two looks at something that another process is about to change. */
const LOOK_AGAIN_MS = 10;

export interface NdjsonOptions {
  name: string;
  /** A file, or `-` for stdout. */
  path: string;
  wants: (messageType: string) => boolean;
}

export class NdjsonSink implements Sink {
  readonly name: string;
  readonly wants: (messageType: string) => boolean;
  readonly #fd: number;
  readonly #durable: boolean;
  /** The same file for reading; undefined where that is impossible. */
  readonly #reader: number | undefined;
  #waiting: Waiting[] = [];
  #writing: Promise<void> | undefined;
  /** This sink's latest write was cut short. */
  #cutShort = false;

  private constructor(options: NdjsonOptions, fd: number, durable: boolean, reader?: number) {
    this.name = options.name;
    this.wants = options.wants;
    this.#fd = fd;
    this.#durable = durable;
    this.#reader = reader;
  }

  /** @throws {UsageError} when the file cannot be opened for appending. */
  static async open(options: NdjsonOptions): Promise<NdjsonSink> {
    if (options.path === '-') return new NdjsonSink(options, STDOUT, false);
    try {
      const fd = await openToAppend(options.path);
      // Pipes and devices can be neither synced nor looked at.
      const durable = (await fs.fstat(fd)).isFile();
      // Who may only write has nothing to look with, which is no reason to refuse.
      const reader = durable ? await fs.open(options.path, 'r').catch(() => undefined) : undefined;
      return new NdjsonSink(options, fd, durable, reader);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? String(error);
      throw new UsageError(
        'SINK_UNWRITABLE',
        `sinks: ${options.name}: cannot append to ${options.path} (${code}): check the path and its permissions`,
        { cause: error },
      );
    }
  }

  deliver(record: EventRecord): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ line: toLine(record), resolve, reject });
      this.#writing ??= this.#writeGroups();
    });
  }

  async close(): Promise<void> {
    await this.#writing;
    if (this.#fd !== STDOUT) await fs.close(this.#fd);
    if (this.#reader !== undefined) await fs.close(this.#reader);
  }

  async #writeGroups(): Promise<void> {
    // A turn of the event loop lets deliveries that are ready at the same moment join the group.
    await new Promise(setImmediate);
    while (this.#waiting.length > 0) {
      const group = this.#waiting;
      this.#waiting = [];
      try {
        await this.#writeGroup(group.map((waiting) => waiting.line));
        for (const waiting of group) waiting.resolve();
      } catch (error) {
        for (const waiting of group) waiting.reject(error);
      }
    }
    // In the same turn as the look at what waits: whoever comes next must find either this loop or none.
    this.#writing = undefined;
  }

  async #writeGroup(lines: readonly string[]): Promise<void> {
    const torn = this.#reader === undefined ? this.#cutShort : await endsTorn(this.#reader);
    const data = Buffer.from(`${torn ? '\n' : ''}${lines.join('\n')}\n`);
    this.#cutShort = true;
    for (let offset = 0; offset < data.length; ) offset += await this.#writeSome(data, offset);
    this.#cutShort = false;
    if (this.#durable) await fs.fdatasync(this.#fd);
  }

  /** A pipe whose reader is slow answers EAGAIN: wait for it, that is its back-pressure. */
  async #writeSome(data: Buffer, offset: number): Promise<number> {
    try {
      return (await fs.write(this.#fd, data, offset)).bytesWritten;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      await delay(LOOK_AGAIN_MS);
      return 0;
    }
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

/**
 * Whether a file ends in a line that nobody will end. One that is still growing is in the middle of somebody's write,
 * which ends with a line break; should it only pause for long, the worst that follows is an empty line.
 */
async function endsTorn(reader: number): Promise<boolean> {
  for (let before = -1; ; await delay(LOOK_AGAIN_MS)) {
    const { size } = await fs.fstat(reader);
    if (size === 0) return false;
    const last = Buffer.alloc(1);
    await fs.read(reader, last, 0, 1, size - 1);
    if (last[0] === 0x0a) return false;
    if (size === before) return true;
    before = size;
  }
}
