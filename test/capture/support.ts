/** Capture files as tests make and read them. */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FileLayer } from '../../src/capture/file-layer.js';
import { type CaptureOptions, CaptureWriter, type RawMessage } from '../../src/capture/index.js';
import { type FileMessage, isUnreadable, readMessages } from '../../src/message-file/index.js';

export const ORIGIN = { queueName: 'Q-1', messageType: 'SmsReport' };

export function message(messageId: string, more: Partial<RawMessage> = {}): RawMessage {
  const body = Buffer.from(`{"out_id":"${messageId}"}`).toString('base64');
  return { messageId, body, enqueueTime: 1_700_000_000_000, dequeueCount: 1, ...more };
}

/** A directory of its own, and the writers in it; both end with the test. */
export class Captures {
  readonly root: string;
  readonly dir: string;
  readonly #writers: CaptureWriter[] = [];

  private constructor(root: string) {
    this.root = root;
    this.dir = join(root, 'raw');
  }

  static async create(): Promise<Captures> {
    return new Captures(await mkdtemp(join(tmpdir(), 'receiptd-capture-')));
  }

  options(more: Partial<CaptureOptions> = {}): CaptureOptions {
    return {
      dir: this.dir,
      gzip: false,
      maxBytes: 1_000_000,
      maxAge: 3_600_000,
      maskPhones: false,
      maskKey: 'key',
      writer: 0,
      mnsHost: 'mns.test',
      ...more,
    };
  }

  async writer(more: Partial<CaptureOptions> = {}, layer?: FileLayer): Promise<CaptureWriter> {
    const writer = await CaptureWriter.open(this.options(more), layer);
    this.#writers.push(writer);
    return writer;
  }

  /** Names, sorted. */
  async files(): Promise<string[]> {
    return (await readdir(this.dir)).sort();
  }

  /** What a reader finds in all files, in the order of their names; what is unreadable counts as a failure. */
  async messages(): Promise<FileMessage[]> {
    const all: FileMessage[] = [];
    for (const name of await this.files()) all.push(...(await readFile(join(this.dir, name))));
    return all;
  }

  async ids(): Promise<(string | undefined)[]> {
    return (await this.messages()).map(({ messageId }) => messageId);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#writers.map((writer) => writer.close()));
    await rm(this.root, { recursive: true, force: true });
  }
}

/** @param damaged whether something unreadable at the end is to be expected */
export async function readFile(path: string, damaged = false): Promise<FileMessage[]> {
  const messages: FileMessage[] = [];
  for await (const batch of readMessages(path)) {
    for (const entry of batch) {
      if (!isUnreadable(entry)) messages.push(entry);
      else if (!damaged) throw new Error(`${path}: ${entry.unreadable}`);
    }
  }
  return messages;
}
