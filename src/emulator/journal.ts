/**
 * The state of all queues in one file that only grows: every change is a line, written before the answer that confirms
 * it leaves. That outlives `kill -9` of the process; it is not synced to the disk, so a power cut may take the last of
 * it. A last line that was cut off is the change nobody was told of, and is ignored. On every start, and when the file
 * has grown well beyond what it stands for, it is replaced in one step by a snapshot.
 *
 * Once a write has failed nothing more is written, and every request from then on fails: what is in memory and what
 * is in the file must not part.
 */
import { closeSync, fsyncSync, openSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { describeError, ReceiptdError } from '../errors.js';
import { type Entry, hiddenEntry, JOURNAL_FORMAT, messageEntry, queueEntry } from './journal-entry.js';
import { readJournal } from './journal-reader.js';
import type { Message } from './message.js';
import type { MessageQueue } from './queue.js';
import type { SavedQueue } from './queue-log.js';
import type { RegistryLog } from './queue-registry.js';

const FILE = 'journal.ndjson';
/** Bytes that may be added before a snapshot is worth its time. */
const GROWTH = 64 * 1024 * 1024;
const CHUNK = 1024 * 1024;

export class Journal implements RegistryLog {
  readonly #path: string;
  readonly #growth: number;
  #queues: () => Iterable<MessageQueue> = () => [];
  #file = -1;
  #lines: string[] = [];
  #scheduled = false;
  #snapshotSize = 0;
  #added = 0;
  #failure: ReceiptdError | undefined;

  /** @param growth bytes added before the file is replaced by a snapshot, at least */
  constructor(directory: string, growth = GROWTH) {
    this.#path = join(directory, FILE);
    this.#growth = growth;
  }

  /** What the directory holds; nothing when it is new. @throws {ReceiptdError} names file and line */
  read(): Promise<SavedQueue[]> {
    return readJournal(this.#path);
  }

  /** Replaces the file by the present state of the queues and goes on from there. */
  start(queues: () => Iterable<MessageQueue>): void {
    this.#queues = queues;
    try {
      this.#compact();
    } catch (cause) {
      throw this.#failed(cause);
    }
  }

  created(queue: MessageQueue): void {
    this.#append(queueEntry(queue));
  }

  removed(queueName: string): void {
    this.#append({ t: 'removed', q: queueName });
  }

  sent({ name }: MessageQueue, message: Message): void {
    this.#append(messageEntry('sent', name, message));
  }

  hidden({ name }: MessageQueue, messages: readonly Message[]): void {
    this.#append(hiddenEntry(name, messages));
  }

  deleted({ name }: MessageQueue, { id }: Message): void {
    this.#append({ t: 'deleted', q: name, id });
  }

  expired({ name }: MessageQueue, { id }: Message): void {
    this.#append({ t: 'expired', q: name, id });
  }

  attributesSet({ name, attributes, lastModifyTime }: MessageQueue): void {
    this.#append({ t: 'attributes', q: name, attributes, at: lastModifyTime });
  }

  /** Writes what has happened. To be called before anybody is told of it. @throws {ReceiptdError} */
  flush(): void {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#lines.length === 0 || this.#file < 0) return;
    const text = `${this.#lines.join('\n')}\n`;
    this.#lines = [];
    try {
      this.#added += writeAll(this.#file, text);
      if (this.#added > Math.max(this.#growth, 2 * this.#snapshotSize)) this.#compact();
    } catch (cause) {
      throw this.#failed(cause);
    }
  }

  close(): void {
    try {
      this.flush();
    } finally {
      if (this.#file >= 0) closeSync(this.#file);
      this.#file = -1;
    }
  }

  #append(entry: Entry): void {
    this.#lines.push(JSON.stringify(entry));
    if (this.#scheduled) return;
    // For changes that code in this process makes, which no answer confirms.
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      try {
        this.flush();
      } catch {
        // Remembered: whoever asks next is told.
      }
    });
  }

  #compact(): void {
    const next = `${this.#path}.new`;
    const file = openSync(next, 'w', 0o640);
    try {
      this.#snapshotSize = this.#writeSnapshot(file);
      // Else a power cut could leave an empty file in the place of a full one.
      fsyncSync(file);
      renameSync(next, this.#path);
    } catch (error) {
      closeSync(file);
      throw error;
    }
    if (this.#file >= 0) closeSync(this.#file);
    this.#file = file;
    this.#added = 0;
  }

  #writeSnapshot(file: number): number {
    let written = 0;
    let text = '';
    const put = (entry: Entry): void => {
      text += `${JSON.stringify(entry)}\n`;
      if (text.length < CHUNK) return;
      written += writeAll(file, text);
      text = '';
    };
    put({ t: 'format', format: JOURNAL_FORMAT });
    for (const queue of this.#queues()) {
      // First the messages: looking at them may let some expire, which the counters then know of.
      const { messages } = queue;
      put(queueEntry(queue));
      for (const message of messages) put(messageEntry('kept', queue.name, message));
    }
    // What looking at the queues has let happen is in the snapshot already.
    this.#lines = [];
    return written + writeAll(file, text);
  }

  #failed(cause: unknown): ReceiptdError {
    const reason = describeError(cause);
    this.#failure = new ReceiptdError('EMULATOR_DATA', `${this.#path} cannot be written: ${reason}`, {
      cause,
    });
    return this.#failure;
  }
}

function writeAll(file: number, text: string): number {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
  return bytes.length;
}
