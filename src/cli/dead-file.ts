/**
 * The file that dead letters are exported to. It has its name only once it is whole and on the disk: until then it is
 * beside it under another one, which goes away whatever happens, and no file that is there is replaced unasked.
 */
import { randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { type FileHandle, link, lstat, open, realpath, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { describeError, ReceiptdError, UsageError } from '../errors.js';

export class ExportFile {
  readonly #name: string;
  readonly #path: string;
  readonly #part: string;
  readonly #force: boolean;

  private constructor(name: string, path: string, force: boolean) {
    this.#name = name;
    this.#path = path;
    this.#part = join(
      dirname(path),
      `.${basename(path).slice(0, 200)}.${randomBytes(4).toString('hex')}.part`,
    );
    this.#force = force;
  }

  /** @throws {UsageError} when it is there already, unless a file may be replaced */
  static async plan(name: string, force: boolean): Promise<ExportFile> {
    const there = await lstat(name).catch(() => undefined);
    if (there === undefined) return new ExportFile(name, name, force);
    if (!force) throw refusal(name, 'is there already: name another file, or say --force to replace it');
    // A link goes on leading to the file.
    const path = await realpath(name).catch(() => undefined);
    if (path === undefined || !(await lstat(path)).isFile()) throw refusal(name, 'is no file');
    return new ExportFile(name, path, force);
  }

  /**
   * Resolves when all lines are in the file, under its name and on the disk.
   * @throws what ends the lines; {UsageError} when the file cannot be made; {ReceiptdError} when it cannot be written
   */
  async write(lines: AsyncIterable<string>): Promise<void> {
    let file: FileHandle;
    try {
      file = await open(this.#part, 'wx', 0o640);
    } catch (error) {
      throw refusal(this.#name, `cannot be made: ${describeError(error)}`, error);
    }
    let ended: { by: unknown } | undefined;
    const source = (async function* () {
      try {
        yield* lines;
      } catch (by) {
        ended = { by };
        throw by;
      }
    })();
    try {
      const stream = createWriteStream('', { fd: file.fd, autoClose: false });
      const pack = this.#packed
        ? createGzip()
        : new Transform({ transform: (chunk, _, done) => done(null, chunk) });
      await pipeline(Readable.from(source), pack, stream);
      await file.sync();
      await file.close();
      await this.#giveName();
    } catch (error) {
      await file.close().catch(() => {});
      await rm(this.#part, { force: true });
      if (ended !== undefined || error instanceof UsageError) throw error;
      throw new ReceiptdError('DEAD_EXPORT', `${this.#name} cannot be written: ${describeError(error)}`, {
        cause: error,
      });
    }
  }

  /** The lines that are in it. */
  async *read(): AsyncGenerator<string> {
    const stream = createReadStream(this.#path);
    const input = this.#packed ? stream.pipe(createGunzip()) : stream;
    stream.once('error', (error) => input.destroy(error));
    yield* createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
  }

  get #packed(): boolean {
    return this.#name.endsWith('.gz');
  }

  async #giveName(): Promise<void> {
    if (this.#force) await rename(this.#part, this.#path);
    else {
      // Unlike a rename, a link replaces nothing that has come meanwhile.
      await link(this.#part, this.#path).catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'EEXIST') throw refusal(this.#name, 'is there by now: name another file', error);
        throw error;
      });
      await rm(this.#part);
    }
    const directory = await open(dirname(this.#path), 'r');
    await directory.sync().finally(() => directory.close());
  }
}

function refusal(name: string, why: string, cause?: unknown): UsageError {
  return new UsageError('DEAD_EXPORT', `${describeError(name)} ${why}`, { cause });
}
