/**
 * Looks into a file that several append to: does it end in a line that was cut short, and did lines that were appended
 * arrive in one piece? It reads what it needs, a piece at a time, however much the others write.
 */
import { fstat, read } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';

/** ms between two looks at a file that another is writing to. */
const LOOK_AGAIN_MS = 10;
/** Bytes that are read at a time, at least. */
const PIECE_BYTES = 64 * 1024;
const LINE_BREAK = Buffer.from('\n');

const fs = {
  fstat: promisify(fstat),
  read: promisify(read) as (
    fd: number,
    buffer: Buffer,
    offset: number,
    length: number,
    at: bigint,
  ) => Promise<{ bytesRead: number }>,
};

/** Where a file ends, and how. */
export interface End {
  size: bigint;
  /** It ends in a line that nobody will end. */
  torn: boolean;
}

/**
 * A file that does not end in a line break and is still growing is in the middle of somebody's write, which ends with
 * one; should it only pause for long, the worst that follows is an empty line.
 */
export async function endOf(reader: number): Promise<End> {
  for (let before = -1n; ; await delay(LOOK_AGAIN_MS)) {
    const { size } = await fs.fstat(reader, { bigint: true });
    if (size === 0n) return { size, torn: false };
    const last = Buffer.alloc(1);
    await fs.read(reader, last, 0, 1, size - 1n);
    if (last.equals(LINE_BREAK)) return { size, torn: false };
    if (size === before) return { size, torn: true };
    before = size;
  }
}

/**
 * Are these lines in the file, one behind the other, and the first at the beginning of a line?
 * @param from the file's size before they were appended
 * @param size its size at some time afterwards
 */
export async function holds(reader: number, lines: Buffer, from: bigint, size: bigint): Promise<boolean> {
  const wanted = Buffer.concat([LINE_BREAK, lines]);
  const piece = Buffer.allocUnsafe(wanted.length + Math.max(wanted.length, PIECE_BYTES));
  // Who has emptied the file meanwhile may have done so before they were appended.
  let position = from === 0n || from + BigInt(lines.length) > size ? 0n : from - 1n;
  // The beginning of a file is that of a line.
  let filled = position === 0n ? LINE_BREAK.copy(piece) : 0;
  while (position < size) {
    const length = Math.min(piece.length - filled, Number(size - position));
    const { bytesRead } = await fs.read(reader, piece, filled, length, position);
    if (bytesRead === 0) return false;
    position += BigInt(bytesRead);
    filled += bytesRead;
    if (piece.subarray(0, filled).includes(wanted)) return true;
    // They may begin in this piece and end in the next.
    const rest = Math.min(filled, wanted.length - 1);
    piece.copyWithin(0, filled - rest, filled);
    filled = rest;
  }
  return false;
}
