/** A directory that keeps the emulator's queues, and is this emulator's alone while it runs. */
import { DirInUseError, DirLock } from '../dir-lock.js';
import { describeError, ReceiptdError, UsageError } from '../errors.js';
import { Journal } from './journal.js';
import type { SavedQueue } from './queue-log.js';

export interface DataDir {
  readonly journal: Journal;
  /** The queues it held when it was opened. */
  readonly saved: readonly SavedQueue[];
  close(): Promise<void>;
}

/**
 * @throws {ReceiptdError} when another emulator has the directory, or its journal cannot be read
 * @throws {UsageError} when it cannot be made or written
 */
export async function openDataDir(directory: string): Promise<DataDir> {
  const lock = await take(directory);
  const journal = new Journal(directory);
  try {
    const saved = await journal.read();
    return {
      journal,
      saved,
      close: async () => {
        try {
          journal.close();
        } finally {
          await lock.release();
        }
      },
    };
  } catch (error) {
    await lock.release();
    throw error;
  }
}

async function take(directory: string): Promise<DirLock> {
  try {
    return await DirLock.take(directory, 'receiptd-emulator', () => ({ pid: process.pid }));
  } catch (cause) {
    if (cause instanceof DirInUseError) {
      const { pid } = cause.owner;
      const who = typeof pid === 'number' ? ` (process id ${pid})` : '';
      const message = `another emulator is using the data directory ${directory}${who}`;
      throw new ReceiptdError('EMULATOR_DATA_IN_USE', message, { cause });
    }
    const reason = describeError(cause);
    throw new UsageError(
      'EMULATOR_DATA',
      `data directory ${directory} cannot be used (${reason}): check the path and its permissions`,
      { cause },
    );
  }
}
