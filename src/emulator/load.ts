/**
 * Fills queues from a file: one JSON text a line, `.gz` allowed, streamed. A line is either a captured message
 * (design.md, "Capture file"), which goes to its own queue under a new MessageId, body untouched; or a receipt as it is,
 * whose very text becomes the body of a message in the queue given, so that no number loses digits on the way.
 */
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { createGunzip } from 'node:zlib';
import { describeError, UsageError } from '../errors.js';
import type { QueueAttributes } from './attributes.js';
import type { Emulator } from './emulator.js';

export interface LoadOptions {
  /** Where receipts go; without it only captured messages are accepted. */
  receiptQueue?: string;
  /** Attributes of the queues that captured messages call into being. */
  attributes?: Partial<QueueAttributes>;
}

/** Returns how many messages were sent. Any bad line is a {@link UsageError} that names file and line. */
export async function loadFile(emulator: Emulator, path: string, options: LoadOptions = {}): Promise<number> {
  let lineNumber = 0;
  let sent = 0;
  try {
    for await (const line of lines(open(path))) {
      lineNumber += 1;
      if (line.trim() === '') continue;
      loadLine(emulator, line, options);
      sent += 1;
    }
  } catch (cause) {
    const where = lineNumber > 0 ? `${path}:${lineNumber}` : path;
    throw new UsageError('EMULATOR_LOAD', `${where}: ${describeError(cause)}`, { cause });
  }
  return sent;
}

/** What fails in one of the two streams ends the other, and is thrown to who reads. */
function open(path: string): AsyncIterable<Buffer> {
  const file = createReadStream(path);
  return path.endsWith('.gz') ? pipeline(file, createGunzip(), () => {}) : file;
}

function loadLine(emulator: Emulator, line: string, { receiptQueue, attributes }: LoadOptions): void {
  const value: unknown = JSON.parse(line);
  if (typeof value !== 'object' || value === null) throw new Error('expected a JSON object');
  if ('messageId' in value && 'queueName' in value && 'body' in value) {
    const { queueName, body } = value;
    const messageType = 'messageType' in value ? value.messageType : '';
    if (typeof queueName !== 'string' || typeof body !== 'string' || typeof messageType !== 'string') {
      throw new Error('queueName, messageType and body of a captured message are strings');
    }
    if (!emulator.hasQueue(queueName)) emulator.createQueue({ name: queueName, messageType, ...attributes });
    emulator.sendBody(queueName, body);
    return;
  }
  if (receiptQueue === undefined) throw new Error('a receipt needs a queue to go to: name one with --queue');
  emulator.sendBody(receiptQueue, Buffer.from(line.trim()).toString('base64'));
}

async function* lines(chunks: AsyncIterable<Buffer>): AsyncGenerator<string> {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  for await (const chunk of chunks) {
    const parts = (rest + decoder.write(chunk)).split('\n');
    rest = parts.pop() ?? '';
    yield* parts;
  }
  yield rest + decoder.end();
}
