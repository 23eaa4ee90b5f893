/**
 * Inflates gzip, any number of members, as far as it can be read: what stands before a damaged or missing part comes
 * out, the damage is said, and the next member, if there is one, goes on. Never throws for what the data holds.
 */
import { createGunzip, type Gunzip } from 'node:zlib';
import { describeError } from '../errors.js';

/** A part of the stream is lost here. */
export interface Damage {
  damage: string;
}

/** Reads compressed bytes from `start` up to `end` once more. */
export type ReadAgain = (start: number, end: number) => AsyncIterable<Buffer>;

/**
 * Compressed bytes inflated at a time. zlib drops what it inflated together with the damage, so where nothing can be
 * read again (a pipe) this is what may be lost before it.
 */
const STEP = 2048;
const MAGIC = Buffer.from([0x1f, 0x8b, 0x08]);
const NOTHING: Buffer = Buffer.alloc(0);

/** Whether a file that begins so is gzip; undefined when too little of it is known. */
export function isGzip(start: Buffer): boolean | undefined {
  const known = start.subarray(0, MAGIC.length);
  if (!MAGIC.subarray(0, known.length).equals(known)) return false;
  return known.length === MAGIC.length ? true : undefined;
}

export async function* gunzip(
  chunks: AsyncIterable<Buffer>,
  readAgain: ReadAgain | undefined,
): AsyncGenerator<Buffer | Damage> {
  const members = new Members(readAgain);
  try {
    for await (const chunk of chunks) {
      for (let at = 0; at < chunk.length; at += STEP) yield* members.feed(chunk.subarray(at, at + STEP));
    }
    yield* members.end();
  } finally {
    members.close();
  }
}

class Members {
  readonly #readAgain: ReadAgain | undefined;
  /** Undefined between members, while the start of the next is looked for. */
  #inflater: Inflater | undefined = new Inflater();
  /** Of the compressed bytes: where the inflater began, and where the next ones stand. */
  #began = 0;
  #offset = 0;
  /** Between members: bytes that may begin the next one. */
  #held = NOTHING;
  /** It has been said that something is lost between members. */
  #said = false;

  constructor(readAgain: ReadAgain | undefined) {
    this.#readAgain = readAgain;
  }

  async *feed(bytes: Buffer): AsyncGenerator<Buffer | Damage> {
    let step = bytes;
    while (step.length > 0) {
      if (!this.#inflater) {
        const all = Buffer.concat([this.#held, step]);
        const next = nextMember(all);
        if (!this.#said && all.subarray(0, next).some((byte) => byte !== 0)) {
          this.#said = true;
          yield { damage: 'what follows a gzip member is no gzip' };
        }
        this.#offset += next - this.#held.length;
        step = all.subarray(next);
        this.#held = NOTHING;
        if (isGzip(step) !== true) {
          this.#held = Buffer.from(step);
          this.#offset += step.length;
          return;
        }
        this.#inflater = new Inflater();
        this.#began = this.#offset;
      }
      const used = yield* this.#inflate(this.#inflater, step);
      this.#offset += used;
      step = step.subarray(used);
    }
  }

  async *end(): AsyncGenerator<Buffer | Damage> {
    if (!this.#inflater) return;
    await this.#inflater.end();
    yield* this.#inflater.take();
    if (this.#inflater.error) yield { damage: 'the gzip data ends too early: the file is cut off' };
  }

  close(): void {
    this.#inflater?.close();
  }

  /** Returns how many bytes are done with: all, or those up to the damage or to the padding behind a member. */
  async *#inflate(inflater: Inflater, step: Buffer): AsyncGenerator<Buffer | Damage, number> {
    const before = inflater.consumed;
    await inflater.write(step);
    yield* inflater.take();
    if (!inflater.over) return step.length;
    let used = inflater.consumed - before;
    if (inflater.error) {
      const isFirst = this.#offset === this.#began;
      if (isFirst || this.#readAgain) used = yield* this.#retrace(step, inflater.produced);
      yield { damage: `damaged gzip data (${describeError(inflater.error)})` };
      // So that the start of what turned out to be damaged is not found again.
      if (isFirst) used = Math.max(used, 1);
    }
    this.#said = inflater.error !== undefined;
    this.#inflater = undefined;
    inflater.close();
    return used;
  }

  /**
   * Inflates once more up to the damage, the last step byte by byte, and yields what has not come out before. Returns how
   * many bytes of the step were good.
   */
  async *#retrace(step: Buffer, produced: number): AsyncGenerator<Buffer, number> {
    const inflater = new Inflater();
    let known = produced;
    const fresh = function* () {
      for (const out of inflater.take()) {
        if (out.length > known) yield out.subarray(known);
        known = Math.max(0, known - out.length);
      }
    };
    try {
      if (this.#readAgain && this.#offset > this.#began) {
        for await (const chunk of this.#readAgain(this.#began, this.#offset)) {
          for (let at = 0; at < chunk.length; at += STEP) {
            await inflater.write(chunk.subarray(at, at + STEP));
            yield* fresh();
          }
        }
      }
      const before = inflater.consumed;
      for (let at = 0; at < step.length && !inflater.over; at += 1) {
        await inflater.write(step.subarray(at, at + 1));
        yield* fresh();
      }
      return inflater.consumed - before;
    } finally {
      inflater.close();
    }
  }
}

/** Where the next member, or what may become its start, stands; zeros before it are padding. */
function nextMember(bytes: Buffer): number {
  for (let at = bytes.indexOf(0x1f); at >= 0; at = bytes.indexOf(0x1f, at + 1)) {
    if (isGzip(bytes.subarray(at)) !== false) return at;
  }
  return bytes.length;
}

/** A Gunzip that is fed step by step, and whose output is at hand after each. */
class Inflater {
  error: Error | undefined;
  /** Bytes that have come out. */
  produced = 0;
  readonly #gunzip: Gunzip = createGunzip({ chunkSize: 64 * 1024 });
  #out: Buffer[] = [];
  #ended = false;
  #wake: () => void = () => {};

  constructor() {
    this.#gunzip.on('data', (data: Buffer) => {
      this.produced += data.length;
      this.#out.push(data);
    });
    this.#gunzip.on('error', (error) => {
      this.error = error;
      this.#wake();
    });
    this.#gunzip.on('end', () => {
      this.#ended = true;
      this.#wake();
    });
  }

  /** It takes no more: its data is damaged, or zeros follow the last member. */
  get over(): boolean {
    return this.error !== undefined || this.#ended;
  }

  /** Bytes whose inflated form has come out. */
  get consumed(): number {
    return this.#gunzip.bytesWritten;
  }

  write(step: Buffer): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
      if (this.over) resolve();
      else this.#gunzip.write(step, (error) => this.#written(error));
    });
  }

  end(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
      if (this.over) resolve();
      else this.#gunzip.end();
    });
  }

  #written(error: Error | null | undefined): void {
    if (error) this.error ??= error;
    this.#wake();
  }

  take(): Buffer[] {
    const out = this.#out;
    this.#out = [];
    return out;
  }

  close(): void {
    this.#gunzip.destroy();
  }
}
