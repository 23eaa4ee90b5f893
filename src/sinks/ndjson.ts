/**
 * Appends one event a line to a file, or to stdout (`-`). An event is confirmed only after its line is on the disk:
 * lines that wait while one write is under way go out together in the next (group commit: one write, one fdatasync).
 *
 * Several threads and processes may append to the same file: each group is one write in append mode. A line that a
 * crash cut short never swallows the next one, because a file that does not end in a line break gets one first.
 */
import { close, constants, fdatasync, fstat, open, read, write } from 'node:fs';
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
  #waiting: Waiting[] = [];
  #writing: Promise<void> | undefined;
  /** The file may end in the middle of a line. */
  #torn: boolean;

  private constructor(options: NdjsonOptions, fd: number, durable: boolean, torn: boolean) {
    this.name = options.name;
    this.wants = options.wants;
    this.#fd = fd;
    this.#durable = durable;
    this.#torn = torn;
  }

  /** @throws {UsageError} when the file cannot be opened for appending. */
  static async open(options: NdjsonOptions): Promise<NdjsonSink> {
    if (options.path === '-') return new NdjsonSink(options, STDOUT, false, false);
    try {
      const flags = constants.O_APPEND | constants.O_CREAT | constants.O_RDWR;
      const fd = await fs.open(options.path, flags, 0o640);
      const stat = await fs.fstat(fd);
      // Pipes and devices cannot be synced.
      const durable = stat.isFile();
      return new NdjsonSink(options, fd, durable, durable && (await endsMidLine(fd, stat.size)));
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
    const data = Buffer.from(`${this.#torn ? '\n' : ''}${lines.join('\n')}\n`);
    this.#torn = true;
    for (let offset = 0; offset < data.length; ) offset += await this.#writeSome(data, offset);
    this.#torn = false;
    if (this.#durable) await fs.fdatasync(this.#fd);
  }

  /** A pipe whose reader is slow answers EAGAIN: wait for it, that is its back-pressure. */
  async #writeSome(data: Buffer, offset: number): Promise<number> {
    try {
      return (await fs.write(this.#fd, data, offset)).bytesWritten;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      await new Promise((resolve) => setTimeout(resolve, 10));
      return 0;
    }
  }
}

async function endsMidLine(fd: number, size: number): Promise<boolean> {
  if (size === 0) return false;
  const last = Buffer.alloc(1);
  await fs.read(fd, last, 0, 1, size - 1);
  return last[0] !== 0x0a;
}
