/** The bytes of a file or of standard input, inflated where they are gzip, in pieces of bounded size. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { addAbortSignal, type Readable } from 'node:stream';
import { describeError, ReceiptdError, UsageError } from '../errors.js';
import { type Damage, gunzip, isGzip, type ReadAgain } from './gunzip.js';

/** A piece is read, and its messages are handed over, at a time. */
const PIECE = 256 * 1024;

export interface ByteSource {
  stdin?: Readable;
  onBytes?: (bytes: number) => void;
  signal?: AbortSignal;
}

/** Their files are named wrongly, or are not for this user: nothing that trying again would help. */
const REFUSED: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'there is no such file',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EISDIR: 'it is a directory',
  ELOOP: 'its symbolic links form a loop',
  ENAMETOOLONG: 'the name is too long',
};

export async function* bytesOf(file: string, source: ByteSource): AsyncGenerator<Buffer | Damage> {
  const raw = rawBytes(file, source);
  try {
    let start: Buffer = Buffer.alloc(0);
    let gzip: boolean | undefined;
    while (gzip === undefined) {
      const { value, done } = await raw.next();
      if (done) break;
      start = start.length === 0 ? value : Buffer.concat([start, value]);
      gzip = isGzip(start);
    }
    const all = prepend(start, raw);
    yield* gzip ? gunzip(all, await readAgain(file)) : all;
  } finally {
    await raw.return(undefined);
  }
}

/** Undefined for what can be read only once. */
async function readAgain(file: string): Promise<ReadAgain | undefined> {
  if (file === '-' || !(await stat(file)).isFile()) return undefined;
  return (start, end) => createReadStream(file, { start, end: end - 1, highWaterMark: PIECE });
}

async function* prepend(start: Buffer, rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  if (start.length > 0) yield start;
  yield* rest;
}

async function* rawBytes(file: string, { stdin, onBytes, signal }: ByteSource): AsyncGenerator<Buffer> {
  signal?.throwIfAborted();
  const stream = file === '-' ? (stdin ?? process.stdin) : createReadStream(file, { highWaterMark: PIECE });
  if (signal) addAbortSignal(signal, stream);
  try {
    for await (const chunk of stream) {
      const bytes: Buffer = Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk);
      onBytes?.(bytes.length);
      for (let at = 0; at < bytes.length; at += PIECE) {
        signal?.throwIfAborted();
        yield bytes.subarray(at, at + PIECE);
      }
    }
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    throw readError(file, error);
  }
}

function readError(file: string, cause: unknown): ReceiptdError {
  const name = file === '-' ? 'standard input' : file;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const refused = Object.hasOwn(REFUSED, code) ? REFUSED[code] : undefined;
  if (refused !== undefined && file !== '-') {
    return new UsageError('FILE_UNREADABLE', describeError(`${name} cannot be read: ${refused}`), { cause });
  }
  const why = describeError(cause);
  return new ReceiptdError('FILE_READ', describeError(`reading ${name} failed: ${why}`), { cause });
}
