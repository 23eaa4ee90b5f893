/**
 * Compresses files that were put aside, in the background, one after the other. At every moment the lines are in the
 * original or in a whole `.gz`: that is made under another name, synced, renamed, and only then the original removed.
 * What a crash left half-made is made again by the next start that finds it.
 *
 * Somebody may still be writing to a file that was put aside a moment ago. So it is left alone until it has stopped
 * growing, and then sealed: it loses every permission to be written, after which no writer counts on what it appends
 * (see `AppendFile.keeps`). Only then it is read. Several may compress the same file, which costs time and nothing else.
 */
import { randomBytes } from 'node:crypto';
import { statSync, unlinkSync } from 'node:fs';
import { type FileHandle, open, readdir, rename, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { Logger } from 'pino';
import { pause } from '../../backoff.js';
import { describeError } from '../../errors.js';
import { syncDirectory } from '../../sync-directory.js';
import { same } from './append-file.js';

const WRITE_BITS = 0o222;
/** ms without growth after which a file counts as complete; its last writers have long gone elsewhere. */
const SETTLED_MS = 2_000;
/** ms without growth after which nobody is making a `.gz` any more. */
const FORSAKEN_MS = 60_000;
const RETRY_MS = 60_000;
const CHUNK_BYTES = 256 * 1024;

export interface CompressorOptions {
  log?: Logger | undefined;
  /** ms; half as much again is added by chance. @default 2000 */
  settled?: number;
}

export class Compressor {
  readonly #options: CompressorOptions;
  readonly #closing = new AbortController();
  readonly #waiting = new Set<string>();
  #working: Promise<void> | undefined;
  #retry: NodeJS.Timeout | undefined;
  /** What went wrong last: the same is told once. */
  #said = '';

  constructor(options: CompressorOptions = {}) {
    this.#options = options;
  }

  add(...paths: string[]): void {
    if (this.#closing.signal.aborted) return;
    for (const path of paths) this.#waiting.add(path);
    if (this.#waiting.size > 0) this.#working ??= this.#work();
  }

  /** Lets go of what is under way: the next start compresses it. */
  async close(): Promise<void> {
    this.#closing.abort();
    clearTimeout(this.#retry);
    await this.#working;
  }

  async #work(): Promise<void> {
    const again: string[] = [];
    for (const path of this.#waiting) {
      this.#waiting.delete(path);
      if (this.#closing.signal.aborted) break;
      try {
        if (!(await this.#compress(path))) again.push(path);
      } catch (error) {
        if (this.#closing.signal.aborted) break;
        again.push(path);
        this.#tell(`${path} cannot be compressed (${describeError(error)}) and stays as it is for now`);
      }
    }
    // In the same turn as the last look at what waits.
    this.#working = undefined;
    if (again.length === 0 || this.#closing.signal.aborted) return;
    this.#retry = setTimeout(() => this.add(...again), RETRY_MS).unref();
  }

  #tell(problem: string): void {
    if (problem !== this.#said) this.#options.log?.warn(problem);
    this.#said = problem;
  }

  /** @returns whether it is done, by whomever */
  async #compress(path: string): Promise<boolean> {
    const file = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
    if (file === undefined) return true;
    try {
      await this.#settled(file);
      // A name that somebody has taken and not used.
      if ((await file.stat()).size === 0) return true;
      if (await othersAtIt(path)) return false;
      await seal(file);
      return await this.#pack(file, path);
    } finally {
      await file.close();
    }
  }

  async #settled(file: FileHandle): Promise<void> {
    const { settled = SETTLED_MS } = this.#options;
    for (let before = -1; ; ) {
      const { size, mtimeMs } = await file.stat();
      // One that has been there for long need not be watched.
      if (size === before || Date.now() - mtimeMs > 2 * settled) return;
      before = size;
      await pause(settled * (1 + Math.random() / 2), this.#closing.signal);
      this.#closing.signal.throwIfAborted();
    }
  }

  /** @returns false when the file has grown meanwhile, by the hand of somebody who knows nothing of seals */
  async #pack(file: FileHandle, path: string): Promise<boolean> {
    const { mode, atime, mtime } = await file.stat();
    const made = `${path}.gz.${randomBytes(4).toString('hex')}.tmp`;
    // As the original was before it was sealed: its owner may write.
    const output = await open(made, 'wx', (mode & 0o777) | 0o200);
    try {
      let length = 0;
      const source = async function* () {
        for await (const chunk of chunksOf(file)) {
          length += chunk.length;
          yield chunk;
        }
      };
      // Through the handle: that does not close before what it is doing is done, whereas a stream of its descriptor would
      // close it, and its number may be another file's by then.
      const target = async (compressed: AsyncIterable<Buffer>) => {
        for await (const chunk of compressed) await output.writeFile(chunk);
      };
      await pipeline(source, createGzip(), target, { signal: this.#closing.signal });
      await output.utimes(atime, mtime);
      await output.sync();
      const original = await file.stat({ bigint: true });
      if (original.size !== BigInt(length)) return false;
      await rename(made, `${path}.gz`);
      await syncDirectory(path);
      // Nothing of this thread runs between this look and the removal.
      const found = statSync(path, { bigint: true, throwIfNoEntry: false });
      if (found !== undefined && same(found, original)) unlinkSync(path);
      return true;
    } finally {
      await output.close();
      await unlink(made).catch(() => {});
    }
  }
}

/** From its beginning to its end. */
async function* chunksOf(file: FileHandle): AsyncGenerator<Buffer> {
  for (let position = 0; ; ) {
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(CHUNK_BYTES), 0, CHUNK_BYTES, position);
    if (bytesRead === 0) return;
    position += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

/** Takes the permission to write from it. @throws when that is not possible here */
async function seal(file: FileHandle): Promise<void> {
  const { mode } = await file.stat();
  await file.chmod(mode & 0o7777 & ~WRITE_BITS);
  if (((await file.stat()).mode & WRITE_BITS) !== 0)
    throw new Error('this file system has no permission to write that can be taken away');
}

/** Is somebody making its `.gz`? What a crash left of one is removed; should its maker live, that one fails, and no more. */
async function othersAtIt(path: string): Promise<boolean> {
  const start = `${basename(path)}.gz.`;
  for (const name of await readdir(dirname(path))) {
    if (!name.startsWith(start) || !name.endsWith('.tmp')) continue;
    const made = join(dirname(path), name);
    const changed = await stat(made).catch(() => undefined);
    if (changed === undefined) continue;
    if (Date.now() - changed.mtimeMs < FORSAKEN_MS) return true;
    await unlink(made).catch(() => {});
  }
  return false;
}
