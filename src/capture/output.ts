/**
 * Where one capture goes that a person has asked for: a new file, compressed when its name says so, or standard output, a
 * pipe or a device. A file is whole lines (and for .gz a whole stream) whatever happens to the disk or the process. How
 * many lines are in it is always known; of a pipe, how many went into it: what its reader does with them, nobody can tell.
 */
import { open as openDescriptor } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { promisify } from 'node:util';
import { placeError, writeError } from './failure.js';
import { CaptureFile } from './file.js';
import { disk, type FileLayer } from './file-layer.js';
import { CaptureStream, STDOUT } from './stream.js';

const LINE_FEED = 0x0a;

/** A person has named the file: a directory that is not there is a mistake. */
const named: FileLayer = {
  ...disk,
  create: (path) => open(path, 'wx', 0o640),
  syncDirectory: async () => {},
};

interface Target {
  /** Resolves with how many bytes of the group are in it; less than all: nothing more will be. */
  write(group: Buffer): Promise<number>;
  finish(): Promise<void>;
  remove(): Promise<void>;
}

export class CaptureOutput {
  readonly #name: string;
  readonly #target: Target;
  /** One at a time: what two queues bring at once must not mix. */
  #turn: Promise<unknown> = Promise.resolve();
  #started = false;
  #full = false;

  private constructor(name: string, target: Target) {
    this.#name = name;
    this.#target = target;
  }

  /**
   * @param name of a file that is not there yet (or a device or pipe), or `-` for standard output
   * @param layer the disk that a file is on
   * @throws {UsageError} `CAPTURE_PLACE`
   */
  static async open(name: string, layer = named): Promise<CaptureOutput> {
    if (name === '-') return new CaptureOutput(name, streamTarget(STDOUT, name));
    try {
      return new CaptureOutput(name, await openTarget(name, layer));
    } catch (error) {
      throw placeError(error, '--output', name);
    }
  }

  /**
   * Never rejects.
   * @param lines each with its line break
   * @returns how many of them are in it, the first ones; less than all: it takes no more, and `close` says why
   */
  async write(lines: readonly string[]): Promise<number> {
    const written = this.#turn.then(() => this.#write(lines));
    this.#turn = written;
    return written;
  }

  /** @throws {ReceiptdError} `CAPTURE_WRITE`: it has ended before its time, or not in good order */
  async close(): Promise<void> {
    await this.#turn;
    // A .gz without anything in it is no gzip file.
    if (!this.#started) await this.write([]);
    try {
      await this.#target.finish();
    } catch (error) {
      throw writeError(error, '--output', this.#name);
    }
  }

  /** After `close`: a file that nothing came into need not stay. */
  async remove(): Promise<void> {
    await this.#target.remove();
  }

  async #write(lines: readonly string[]): Promise<number> {
    this.#started = true;
    if (this.#full) return 0;
    const group = Buffer.from(lines.join(''));
    const bytes = await this.#target.write(group);
    if (bytes === group.length) return lines.length;
    this.#full = true;
    return group.subarray(0, bytes).filter((byte) => byte === LINE_FEED).length;
  }
}

async function openTarget(name: string, layer: FileLayer): Promise<Target> {
  try {
    return fileTarget(await CaptureFile.create(name, layer, { gzip: isGzip(name), sealed: true }));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    // Devices and pipes are there before anybody writes to them.
    if ((await stat(name)).isFile()) throw error;
    return streamTarget(await promisify(openDescriptor)(name, 'w'), name);
  }
}

function fileTarget(file: CaptureFile): Target {
  let failure: unknown;
  return {
    async write(group) {
      try {
        await file.write(group, Number.POSITIVE_INFINITY);
        return group.length;
      } catch (error) {
        failure = error;
        return 0;
      }
    },
    async finish() {
      const [finished] = await Promise.allSettled([file.finish()]);
      if (failure !== undefined) throw failure;
      if (finished.status === 'rejected') throw finished.reason;
    },
    remove: () => file.remove(),
  };
}

function streamTarget(fd: number, name: string): Target {
  const stream = new CaptureStream(fd, isGzip(name));
  return {
    write: (group) => stream.write(group),
    finish: () => stream.finish(),
    remove: async () => {},
  };
}

function isGzip(name: string): boolean {
  return name.endsWith('.gz');
}
