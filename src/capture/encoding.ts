/** From lines to the bytes of a file, group by group. What has been encoded up to any group can be read. */
import { constants, crc32, createDeflateRaw, type DeflateRaw } from 'node:zlib';

export interface Encoded {
  /** To be written behind the bytes of all groups before. */
  data: Buffer;
  /** What ends a file whose latest group is this. */
  end: Buffer;
}

export interface Encoding {
  /** Not to be called again once a group has not got into the file. */
  encode(group: Buffer): Promise<Encoded>;
  close(): void;
}

export class PlainEncoding implements Encoding {
  async encode(group: Buffer): Promise<Encoded> {
    return { data: group, end: Buffer.alloc(0) };
  }

  close(): void {}
}

/** RFC 1952: deflate, no name, no time, Unix. */
const GZIP_HEADER = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]);
/** An empty last block, for a stream that stands at a byte boundary as each flush leaves it. */
const LAST_BLOCK = [0x03, 0x00];

/**
 * One gzip stream a file, flushed after each group. The frame around the deflated data is our own, so that the file can
 * be ended properly after any group, also when a later one was encoded but never got into the file.
 *
 * A gzip member a group would be simpler, but small groups do not pay: one receipt a group makes files five times as
 * large, 16 half as large again.
 */
export class GzipEncoding implements Encoding {
  readonly #deflate: DeflateRaw = createDeflateRaw();
  readonly #chunks: Buffer[] = [];
  #started = false;
  /** Of everything encoded so far. */
  #crc = 0;
  #size = 0;

  constructor() {
    this.#deflate.on('data', (chunk: Buffer) => this.#chunks.push(chunk));
  }

  async encode(group: Buffer): Promise<Encoded> {
    if (!this.#started) this.#chunks.push(GZIP_HEADER);
    this.#started = true;
    this.#crc = crc32(group, this.#crc);
    this.#size = (this.#size + group.length) % 2 ** 32;
    await new Promise<void>((resolve, reject) => {
      this.#deflate.once('error', reject);
      this.#deflate.write(group);
      this.#deflate.flush(constants.Z_SYNC_FLUSH, () => {
        this.#deflate.off('error', reject);
        resolve();
      });
    });
    // Flushed means given to the readable side, from where the last of it may still be on its way.
    while (this.#deflate.readableLength > 0) await new Promise(setImmediate);
    return { data: Buffer.concat(this.#chunks.splice(0)), end: this.#end() };
  }

  close(): void {
    this.#deflate.destroy();
  }

  #end(): Buffer {
    const end = Buffer.alloc(LAST_BLOCK.length + 8);
    end.set(LAST_BLOCK);
    end.writeUInt32LE(this.#crc, LAST_BLOCK.length);
    end.writeUInt32LE(this.#size, LAST_BLOCK.length + 4);
    return end;
  }
}
