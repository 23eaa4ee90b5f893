/**
 * Where messages that failed are written, as lines of a capture file: they can be replayed once the cause is mended.
 * A line is written before its message counts as failed, and a resumed replay cuts off what came after its checkpoint,
 * so that each failed message is in the file once.
 */
import {
  closeSync,
  fdatasync,
  fstatSync,
  ftruncateSync,
  openSync,
  realpathSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { promisify } from 'node:util';
import { describeError, ReceiptdError, UsageError } from '../errors.js';
import { captureLine } from '../message-file/index.js';
import type { CompleteMessage } from './sieve.js';

const sync = promisify(fdatasync);

/** How far a dead file had got. */
export interface DeadMark {
  /** Absolute, links resolved. */
  path: string;
  bytes: number;
}

export class DeadFile {
  readonly #name: string;
  readonly #fd: number;
  readonly #path: string;
  #bytes: number;
  #synced: number;

  private constructor(name: string, fd: number, path: string, bytes: number) {
    this.#name = name;
    this.#fd = fd;
    this.#path = path;
    this.#bytes = bytes;
    this.#synced = bytes;
  }

  /**
   * @param mark where a resumed replay goes on; a file that is there otherwise must be empty
   * @throws {UsageError} when the file cannot be written, holds something else, or is one of those that are replayed
   */
  static open(name: string, inputs: readonly string[], mark?: DeadMark): DeadFile {
    const refuse = (why: string, cause?: unknown) =>
      new UsageError('REPLAY_DEAD_FILE', `--dead: ${describeError(name)} ${why}`, { cause });
    let fd: number;
    try {
      // A look first: opening a pipe would wait for its reader.
      if (statSync(name, { throwIfNoEntry: false })?.isFile() === false) throw refuse('is no file');
      fd = openSync(name, 'a', 0o640);
    } catch (error) {
      if (error instanceof UsageError) throw error;
      const { code } = error as NodeJS.ErrnoException;
      throw refuse(`cannot be written (${code}): check the path and its permissions`, error);
    }
    try {
      const { size } = fstatSync(fd);
      const path = realpathSync(name);
      if (inputs.some((input) => sameFile(input, path)))
        throw refuse('is replayed itself: name another file');
      const bytes = mark?.path === path ? Math.min(mark.bytes, size) : 0;
      if (mark?.path !== path && size > 0) throw refuse('is not empty: name another file, or move it away');
      if (size > bytes) ftruncateSync(fd, bytes);
      return new DeadFile(name, fd, path, bytes);
    } catch (error) {
      closeSync(fd);
      throw error;
    }
  }

  get name(): string {
    return this.#name;
  }

  get mark(): DeadMark {
    return { path: this.#path, bytes: this.#bytes };
  }

  /** Written when it returns. @throws {ReceiptdError} when it cannot be, a full disk for one */
  write(message: CompleteMessage): void {
    const line = Buffer.from(captureLine(message));
    try {
      for (let offset = 0; offset < line.length; ) offset += writeSync(this.#fd, line, offset);
    } catch (error) {
      // Half a line could not be read again.
      ftruncateSync(this.#fd, this.#bytes);
      const why = describeError(error);
      throw new ReceiptdError(
        'REPLAY_DEAD_FILE',
        `--dead: ${describeError(this.#name)} cannot be written: ${why}`,
        {
          cause: error,
        },
      );
    }
    this.#bytes += line.length;
  }

  /** Resolves when what has been written survives a power cut. */
  async sync(): Promise<void> {
    const bytes = this.#bytes;
    if (bytes === this.#synced) return;
    await sync(this.#fd);
    this.#synced = bytes;
  }

  /** A file into which nothing was written is taken away again. */
  close(): void {
    closeSync(this.#fd);
    if (this.#bytes === 0) rmSync(this.#path, { force: true });
  }
}

function sameFile(input: string, path: string): boolean {
  try {
    return realpathSync(input) === path;
  } catch {
    return false;
  }
}
