import { Readable } from 'node:stream';
import {
  type FileMessage,
  isUnreadable,
  type ReadOptions,
  readMessages,
  type Unreadable,
} from '../../src/message-file/index.js';

/** All entries of what is piped in, cut into chunks of these sizes, one after the other, again and again. */
export async function readAll(content: string | Buffer, sizes: readonly number[] = [1 << 20]) {
  const bytes = Buffer.from(content);
  const chunks: Buffer[] = [];
  for (let at = 0, i = 0; at < bytes.length; i += 1) {
    const size = sizes[i % sizes.length] ?? 1;
    chunks.push(bytes.subarray(at, at + size));
    at += size;
  }
  return readFrom('-', { stdin: Readable.from(chunks) });
}

export async function readFrom(file: string, options: ReadOptions = {}) {
  const entries: (FileMessage | Unreadable)[] = [];
  for await (const batch of readMessages(file, options)) entries.push(...batch);
  return entries;
}

/** Short form: what a message holds but where it stood; `line: reason` of what is unreadable. */
export function shown(entries: readonly (FileMessage | Unreadable)[]): unknown[] {
  return entries.map((entry) => {
    if (isUnreadable(entry)) return `${entry.at.line}: ${entry.unreadable}`;
    const { at, ...message } = entry;
    return { line: at.line, ...message };
  });
}
