/** What is written to without being a file of ours: standard output, a pipe, a device. Nothing in it can be taken back. */
import { close, write } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { type Encoding, GzipEncoding, PlainEncoding } from './encoding.js';

const fs = {
  write: promisify(write) as (fd: number, data: Buffer, offset: number) => Promise<{ bytesWritten: number }>,
  close: promisify(close),
};

export const STDOUT = 1;
/** ms until a slow reader is looked at again. */
const LOOK_AGAIN_MS = 10;

export class CaptureStream {
  readonly #fd: number;
  readonly #encoding: Encoding;
  #end: Buffer = Buffer.alloc(0);
  #gone = false;
  #failure: unknown;

  constructor(fd: number, gzip: boolean) {
    this.#fd = fd;
    this.#encoding = gzip ? new GzipEncoding() : new PlainEncoding();
  }

  /** @returns how many bytes of the group are in it; less than all: it takes no more, and `finish` says why */
  async write(group: Buffer): Promise<number> {
    const { data, end } = await this.#encoding.encode(group);
    const taken = await this.#put(data);
    if (taken === data.length) this.#end = end;
    // Compressed, a part of a group is nothing that can be counted on.
    else return data === group ? taken : 0;
    return group.length;
  }

  /** @throws what ended it before its time, unless that was its reader */
  async finish(): Promise<void> {
    this.#encoding.close();
    if (!this.#gone && this.#failure === undefined) await this.#put(this.#end);
    if (this.#fd !== STDOUT) await fs.close(this.#fd);
    if (this.#failure !== undefined) throw this.#failure;
  }

  async #put(data: Buffer): Promise<number> {
    let offset = 0;
    while (offset < data.length) {
      try {
        offset += (await fs.write(this.#fd, data, offset)).bytesWritten;
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code === 'EAGAIN') {
          await delay(LOOK_AGAIN_MS);
          continue;
        }
        if (code === 'EPIPE') this.#gone = true;
        else this.#failure = error;
        break;
      }
    }
    return offset;
  }
}
