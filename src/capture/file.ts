/**
 * One capture file under way. A group is in it once it is written and synced; of a group that failed nothing stays, so
 * that a file is whole lines (and for .gz a whole stream) whatever happened.
 */
import { type Encoding, GzipEncoding, PlainEncoding } from './encoding.js';
import type { FileLayer, WritableFile } from './file-layer.js';

export interface CaptureFileOptions {
  gzip: boolean;
  /**
   * Writes the end of the file behind every group, and the next group over it: the file is whole at any time, and there
   * is room for its end on a disk that is full. Who reads on while it grows would take that end for the last.
   */
  sealed?: boolean;
}

export class CaptureFile {
  readonly path: string;
  readonly #layer: FileLayer;
  readonly #file: WritableFile;
  readonly #encoding: Encoding;
  readonly #sealed: boolean;
  /** Bytes of the groups that are in the file, without its end. */
  #size = 0;
  #end: Buffer = Buffer.alloc(0);

  private constructor(path: string, layer: FileLayer, file: WritableFile, options: CaptureFileOptions) {
    const { gzip, sealed = false } = options;
    this.path = path;
    this.#layer = layer;
    this.#file = file;
    this.#encoding = gzip ? new GzipEncoding() : new PlainEncoding();
    this.#sealed = sealed;
  }

  static async create(path: string, layer: FileLayer, options: CaptureFileOptions): Promise<CaptureFile> {
    const file = await layer.create(path);
    try {
      await layer.syncDirectory(path);
    } catch (error) {
      await file.close().catch(() => {});
      await layer.remove(path).catch(() => {});
      throw error;
    }
    return new CaptureFile(path, layer, file, options);
  }

  /** Bytes that the file would have if it ended here. */
  get size(): number {
    return this.#size + this.#end.length;
  }

  get empty(): boolean {
    return this.#size === 0;
  }

  /** Somebody has deleted it: what is written would go nowhere. */
  async gone(): Promise<boolean> {
    return (await this.#file.stat()).nlink === 0;
  }

  /**
   * Puts a group into the file. Only `finish` may follow when it is not in.
   * @param maxBytes unless it is the first, a group that would make the file larger is left out
   * @returns whether it is in
   */
  async write(group: Buffer, maxBytes: number): Promise<boolean> {
    const { data, end } = await this.#encoding.encode(group);
    if (!this.empty && this.#size + data.length + end.length > maxBytes) return false;
    await this.#writeAll(this.#sealed ? Buffer.concat([data, end]) : data);
    await this.#file.datasync();
    this.#size += data.length;
    this.#end = end;
    return true;
  }

  /**
   * Ends it behind the groups that are in it.
   * @throws what the disk says. What is in it can be read all the same, even where its end is missing
   */
  async finish(): Promise<void> {
    this.#encoding.close();
    try {
      await this.#writeEnd();
      await this.#file.datasync();
    } finally {
      await this.#file.close().catch(() => {});
    }
  }

  /** After `finish`. */
  async remove(): Promise<void> {
    await this.#layer.remove(this.path).catch(() => {});
  }

  async #writeEnd(): Promise<void> {
    try {
      // Gives up what a failed group has left behind, but not the room for the end.
      await this.#file.truncate(this.size);
      await this.#writeAll(this.#end);
    } catch (error) {
      await this.#file.truncate(this.#size).catch(() => {});
      throw error;
    }
  }

  async #writeAll(data: Buffer): Promise<void> {
    for (let offset = 0; offset < data.length; ) {
      const { bytesWritten } = await this.#file.write(
        data,
        offset,
        data.length - offset,
        this.#size + offset,
      );
      if (bytesWritten === 0) throw Object.assign(new Error('nothing was written'), { code: 'EIO' });
      offset += bytesWritten;
    }
  }
}
