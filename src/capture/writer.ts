/**
 * Keeps raw messages in files. A message counts as captured once its line is written and synced; lines that come while a
 * write is under way go out together in the next (group commit: one write, one sync). A new file for every start, never
 * a second writer in one: names are unique over threads, processes and restarts, and sort by time.
 *
 * ```
 *           append()                  maxBytes, maxAge, a failed group, close()
 *  NO FILE ──────────▶ FILE UNDER WAY ────────────────────────────────────────▶ NO FILE
 * ```
 *
 * A group that fails leaves nothing behind, and ends its file: after a failed sync nobody knows what that file would
 * do with more. The next group starts a new one, so capturing works again as soon as the disk does.
 */
import { access, constants, mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ReceiptdError } from '../errors.js';
import { captureLine } from '../message-file/index.js';
import { BodyMask } from './body-mask.js';
import { placeError, writeError } from './failure.js';
import { CaptureFile } from './file.js';
import { disk, type FileLayer } from './file-layer.js';

/** Bytes of lines that go out at a time, or one append's if those are more. */
const GROUP_BYTES = 4 * 1024 * 1024;
/** Names tried when somebody has taken one, as two machines with one clock and one shared directory may. */
const NAMES_TRIED = 100;

export interface CaptureOptions {
  /** Made when it is not there. */
  dir: string;
  /** Writes `.ndjson.gz`. */
  gzip: boolean;
  /** Bytes on disk after which a new file is started; more only where a single append is more. */
  maxBytes: number;
  /** ms from its first message until a file is ended, also when nothing more comes; at most 2^31 - 1. */
  maxAge: number;
  maskPhones: boolean;
  /** What the pseudonyms of phone numbers depend on; shared by all slices of a run. */
  maskKey: string;
  /** Distinguishes the writers of one process. */
  writer: string | number;
  /** Host and port of the MNS endpoint. */
  mnsHost: string;
}

/** The part of a received message that is kept. */
export interface RawMessage {
  messageId: string;
  /** MessageBody as received. */
  body: string;
  /** ms since the epoch */
  enqueueTime: number;
  dequeueCount: number;
  /** ms since the epoch. @default now */
  receivedAt?: number;
}

export interface CaptureOrigin {
  queueName: string;
  messageType: string;
}

interface Waiting {
  lines: Buffer;
  resolve(): void;
  reject(error: unknown): void;
}

export class CaptureWriter {
  readonly #options: CaptureOptions;
  readonly #layer: FileLayer;
  readonly #mask: BodyMask | undefined;
  #waiting: Waiting[] = [];
  #working: Promise<void> | undefined;
  #file: CaptureFile | undefined;
  /** Ends the file under way when it is old enough. */
  #ageing: NodeJS.Timeout | undefined;
  #tooOld = false;
  #files = 0;
  #closed = false;

  private constructor(options: CaptureOptions, layer: FileLayer) {
    this.#options = options;
    this.#layer = layer;
    this.#mask = options.maskPhones ? new BodyMask(options.maskKey) : undefined;
  }

  /** @throws {UsageError} `CAPTURE_PLACE` when the directory cannot be made or written to */
  static async open(options: CaptureOptions, layer: FileLayer = disk): Promise<CaptureWriter> {
    const { dir } = options;
    try {
      await mkdir(dir, { recursive: true, mode: 0o750 });
      await access(dir, constants.W_OK | constants.X_OK);
    } catch (error) {
      throw placeError(error, 'capture.dir', dir);
    }
    return new CaptureWriter(options, layer);
  }

  /**
   * Resolves when every one is on disk. Rejects when not; then none counts as captured, and it may be called again with
   * the same messages.
   * @throws {ReceiptdError} `CAPTURE_WRITE`, or `CAPTURE_CLOSED` after `close`
   */
  async append(messages: readonly RawMessage[], origin: CaptureOrigin): Promise<void> {
    if (this.#closed) throw new ReceiptdError('CAPTURE_CLOSED', 'capturing has ended');
    if (messages.length === 0) return;
    const lines = Buffer.from(messages.map((message) => this.#line(message, origin)).join(''));
    await new Promise<void>((resolve, reject) => {
      this.#waiting.push({ lines, resolve, reject });
      this.#work();
    });
  }

  /** Finishes the file under way, after what waits has been written. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#working;
    await this.#endFile();
  }

  #line(message: RawMessage, { queueName, messageType }: CaptureOrigin): string {
    const { messageId, body, enqueueTime, dequeueCount, receivedAt = Date.now() } = message;
    return captureLine({
      messageId,
      queueName,
      messageType,
      body: this.#mask?.mask(body) ?? body,
      enqueueTime,
      dequeueCount,
      receivedAt,
      mnsHost: this.#options.mnsHost,
    });
  }

  #work(): void {
    this.#working ??= this.#writeGroups();
  }

  async #writeGroups(): Promise<void> {
    // A turn of the event loop lets appends of the same moment join the group.
    await new Promise(setImmediate);
    while (this.#waiting.length > 0 || this.#tooOld) {
      if (this.#tooOld) await this.#endFile();
      const group = this.#nextGroup();
      if (group.length === 0) continue;
      try {
        await this.#write(Buffer.concat(group.map(({ lines }) => lines)));
        for (const { resolve } of group) resolve();
      } catch (error) {
        await this.#endFile();
        const failure = writeError(error, 'capture.dir', this.#options.dir);
        for (const { reject } of group) reject(failure);
      }
    }
    // In the same turn as the look at what waits: whoever comes next must find either this loop or none.
    this.#working = undefined;
  }

  #nextGroup(): Waiting[] {
    const limit = Math.min(GROUP_BYTES, this.#options.maxBytes);
    let bytes = 0;
    let count = 0;
    for (const { lines } of this.#waiting) {
      bytes += lines.length;
      if (count > 0 && bytes > limit) break;
      count += 1;
    }
    return this.#waiting.splice(0, count);
  }

  async #write(group: Buffer): Promise<void> {
    const { maxBytes, maxAge } = this.#options;
    if (await this.#file?.gone()) await this.#endFile();
    if (this.#file !== undefined && !(await this.#file.write(group, maxBytes))) await this.#endFile();
    else if (this.#file !== undefined) return this.#endIfFull();
    this.#file = await this.#createFile();
    this.#ageing = setTimeout(() => {
      this.#tooOld = true;
      this.#work();
    }, maxAge).unref();
    await this.#file.write(group, maxBytes);
    await this.#endIfFull();
  }

  async #endIfFull(): Promise<void> {
    if (this.#file !== undefined && this.#file.size >= this.#options.maxBytes) await this.#endFile();
  }

  async #endFile(): Promise<void> {
    clearTimeout(this.#ageing);
    this.#tooOld = false;
    const file = this.#file;
    this.#file = undefined;
    // All that was confirmed is in it already, and can be read without its end.
    await file?.finish().catch(() => {});
    if (file?.empty) await file.remove();
  }

  async #createFile(): Promise<CaptureFile> {
    const { dir, gzip } = this.#options;
    for (let tried = 1; ; tried += 1) {
      try {
        return await CaptureFile.create(join(dir, this.#nextName()), this.#layer, { gzip });
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || tried === NAMES_TRIED) throw error;
        // The directory itself was replaced by something else.
        if (!(await stat(dir)).isDirectory()) throw error;
      }
    }
  }

  /** `receipts-20261122T053000.123Z-4711-0-0001.ndjson`: UTC, process, writer, how many before. */
  #nextName(): string {
    const { writer, gzip } = this.#options;
    this.#files += 1;
    const time = new Date().toISOString().replace(/[-:]/g, '');
    const name = [time, process.pid, writer, String(this.#files).padStart(4, '0')].join('-');
    return `receipts-${name.replace(/[^\w.-]/g, '_')}.ndjson${gzip ? '.gz' : ''}`;
  }
}
