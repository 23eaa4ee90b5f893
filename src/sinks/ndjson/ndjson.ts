/**
 * Appends one event a line to a file, or to stdout (`-`). An event is confirmed only after its line is on the disk:
 * lines that wait while one write is under way go out together in the next (group commit: one write, one fdatasync).
 *
 * The path is what counts: before each group the sink looks whether it still stands for the open file, and opens what is
 * there otherwise. So the file may be renamed or deleted by anybody at any time, and rotated by any of several threads
 * and processes that append to it; `reopen` makes the new file appear at once. A group that was written while its file
 * was taken away for good, or whose lines others have torn, is written again: a line may be there twice, never not at all.
 */
import { access, constants, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Logger } from 'pino';
import { describeError, UsageError } from '../../errors.js';
import { type EventRecord, toLine } from '../../receipts/index.js';
import type { DeliveryContext, Sink } from '../sink.js';
import { AppendFile } from './append-file.js';
import { Compressor } from './compressor.js';
import { listAside, placeOf, putAside } from './put-aside.js';

interface Waiting {
  line: string;
  /** Nobody waits for it any more. */
  abandoned: boolean;
  resolve(): void;
  reject(error: unknown): void;
}

/** Bytes of lines that go out at a time, or one event's if those are more. */
const GROUP_BYTES = 4 * 1024 * 1024;
/** Times that a group is written, should its file be taken away or its lines be torn each time. */
const WRITES = 5;
/** ms between two looks at the file while nothing comes: whether it is old, or another's turn has come. */
const LOOK_EVERY_MS = 1_000;

export interface NdjsonOptions {
  name: string;
  /** A file, or `-` for stdout. */
  path: string;
  wants: (messageType: string) => boolean;
  /** Bytes; a file that would have more is put aside, and a new one started. @default 0, never */
  maxBytes?: number;
  /** ms since its first line, after which a file is put aside. @default 0, never */
  maxAge?: number;
  /** Compress what was put aside, also what is found at the start. @default false */
  gzip?: boolean;
  /** ms without growth after which a file that was put aside is compressed. @default 2000 */
  settled?: number;
  log?: Logger;
}

export class NdjsonSink implements Sink {
  readonly name: string;
  readonly wants: (messageType: string) => boolean;
  readonly #options: NdjsonOptions;
  readonly #maxBytes: number;
  readonly #maxAge: number;
  readonly #compressor: Compressor | undefined;
  readonly #looking: NodeJS.Timeout | undefined;
  #file: AppendFile;
  #waiting: Waiting[] = [];
  #reopening: { resolve(): void; reject(error: unknown): void }[] = [];
  #lookDue = false;
  #working: Promise<void> | undefined;

  private constructor(options: NdjsonOptions, file: AppendFile) {
    const { maxBytes = 0, maxAge = 0, gzip = false } = options;
    this.name = options.name;
    this.wants = options.wants;
    this.#options = options;
    this.#file = file;
    this.#maxBytes = maxBytes === 0 ? Number.POSITIVE_INFINITY : maxBytes;
    this.#maxAge = maxAge === 0 ? Number.POSITIVE_INFINITY : maxAge;
    this.#compressor = gzip ? new Compressor(options) : undefined;
    if (!rotates(options)) return;
    const look = () => {
      this.#lookDue = true;
      this.#work();
    };
    this.#looking = setInterval(look, Math.min(LOOK_EVERY_MS, this.#maxAge)).unref();
  }

  /** @throws {UsageError} when the file cannot be opened for appending, or cannot be rotated as it should be */
  static async open(options: NdjsonOptions): Promise<NdjsonSink> {
    const { name, path } = options;
    let file: AppendFile | undefined;
    try {
      file = await AppendFile.open(path);
      if (rotates(options)) await checkRotation(options, file);
      const sink = new NdjsonSink(options, file);
      if (options.gzip) sink.#compressor?.add(...(await listAside(path)));
      return sink;
    } catch (error) {
      await file?.close();
      if (error instanceof UsageError) throw error;
      const code = (error as NodeJS.ErrnoException).code ?? String(error);
      throw new UsageError(
        'SINK_UNWRITABLE',
        `sinks: ${name}: cannot append to ${path} (${code}): check the path and its permissions`,
        { cause: error },
      );
    }
  }

  deliver(record: EventRecord, context?: DeliveryContext): Promise<void> {
    const signal = context?.signal;
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const leave = () => signal?.removeEventListener('abort', onAbort);
      const waiting: Waiting = {
        line: toLine(record),
        abandoned: false,
        resolve: () => {
          leave();
          resolve();
        },
        reject: (error) => {
          leave();
          reject(error);
        },
      };
      const onAbort = () => {
        waiting.abandoned = true;
        waiting.reject(signal?.reason);
      };
      signal?.addEventListener('abort', onAbort);
      this.#waiting.push(waiting);
      this.#work();
    });
  }

  /** The group under way ends in the old file. Resolves when the path's own file is open. */
  reopen(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#reopening.push({ resolve, reject });
      this.#work();
    });
  }

  async close(): Promise<void> {
    clearInterval(this.#looking);
    await this.#working;
    await this.#compressor?.close();
    await this.#file.close();
  }

  #work(): void {
    this.#working ??= this.#loop();
  }

  async #loop(): Promise<void> {
    // A turn of the event loop lets deliveries that are ready at the same moment join the group.
    await new Promise(setImmediate);
    while (this.#waiting.length > 0 || this.#reopening.length > 0 || this.#lookDue) {
      if (this.#reopening.length > 0) await this.#reopen();
      if (this.#lookDue) await this.#look();
      const group = this.#nextGroup();
      if (group.length === 0) continue;
      try {
        await this.#writeGroup(group);
        for (const { resolve } of group) resolve();
      } catch (error) {
        for (const { reject } of group) reject(error);
      }
    }
    // In the same turn as the look at what waits: whoever comes next must find either this loop or none.
    this.#working = undefined;
  }

  #nextGroup(): Waiting[] {
    const waiting = this.#waiting.filter(({ abandoned }) => !abandoned);
    const limit = Math.min(GROUP_BYTES, this.#maxBytes);
    let bytes = 0;
    let count = 0;
    for (const { line } of waiting) {
      bytes += Buffer.byteLength(line) + 1;
      if (count > 0 && bytes > limit) break;
      count += 1;
    }
    this.#waiting = waiting.slice(count);
    return waiting.slice(0, count);
  }

  async #writeGroup(group: readonly Waiting[]): Promise<void> {
    const lines = Buffer.from(group.map(({ line }) => `${line}\n`).join(''));
    for (let written = 0; written < WRITES; written += 1) {
      await this.#ready(lines.length);
      await this.#file.append(lines, () => group.every(({ abandoned }) => abandoned));
      if (await this.#file.keeps()) return;
    }
    throw new Error(
      `${this.#options.path} is taken away, or its lines are torn by others, each time that it is written to`,
    );
  }

  /** Sees to it that the open file is the path's, and has room. */
  async #ready(bytes: number): Promise<void> {
    if (!this.#file.regular) return;
    const { path } = this.#options;
    const found = await stat(path, { bigint: true }).catch(noneThere);
    if (found === undefined || !this.#file.is(found)) return this.#openAnew();
    if (found.size === 0n) return;
    const full = Number(found.size) + bytes > this.#maxBytes || this.#file.age(found) >= this.#maxAge;
    if (!full) return;
    const file = this.#file;
    const aside = putAside(path, (there) => file.is(there));
    if (aside !== undefined) {
      this.#options.log?.info(`${path} was put aside as ${aside}`);
      this.#compressor?.add(aside);
    }
    await this.#openAnew();
  }

  async #openAnew(): Promise<void> {
    const file = await AppendFile.open(this.#options.path);
    const old = this.#file;
    this.#file = file;
    await old.close();
  }

  async #reopen(): Promise<void> {
    const asked = this.#reopening;
    this.#reopening = [];
    try {
      await this.#openAnew();
      for (const { resolve } of asked) resolve();
    } catch (error) {
      // The next group tries again, and says so.
      for (const { reject } of asked) reject(error);
    }
  }

  /** Nothing is about to be written: an old file is put aside all the same, and one that is gone is let go. */
  async #look(): Promise<void> {
    this.#lookDue = false;
    if (this.#waiting.length === 0) await this.#ready(0).catch(() => {});
  }
}

function rotates({ maxBytes = 0, maxAge = 0 }: NdjsonOptions): boolean {
  return maxBytes > 0 || maxAge > 0;
}

/** @throws {UsageError} when what is open cannot be put aside */
async function checkRotation({ name, path }: NdjsonOptions, file: AppendFile): Promise<void> {
  const refuse = (why: string) => {
    throw new UsageError('SINK_ROTATION', `sinks: ${name}: ${path} cannot be rotated: ${why}`);
  };
  if (!file.regular) refuse('it is no file, leave out maxBytes and maxAge');
  await access(dirname(await placeOf(path)), constants.W_OK | constants.X_OK).catch((error: unknown) =>
    refuse(`its directory must be writable (${describeError(error)})`),
  );
}

function noneThere(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}
