/** BatchDeleteMessage as a test wants it: every call waits for its answer unless told otherwise. */
import { Acknowledger, type AcknowledgerOptions, type NotDeleted } from '../../src/ack/index.js';

export interface Call {
  handles: readonly string[];
  /** Deletes all but these, given as handle → code. */
  answer(failures?: Record<string, string>): Promise<void>;
  fail(error?: Error): Promise<void>;
}

export const HOUR = 3_600_000;

export class FakeMns {
  readonly calls: Call[] = [];
  /** Calls without an answer. */
  open = 0;
  mostOpen = 0;

  deleteBatch = (handles: readonly string[]): Promise<NotDeleted[]> =>
    new Promise((resolve, reject) => {
      this.open += 1;
      this.mostOpen = Math.max(this.mostOpen, this.open);
      const end = async (act: () => void) => {
        this.open -= 1;
        act();
        await settle();
      };
      this.calls.push({
        handles,
        answer: (failures = {}) =>
          end(() =>
            resolve(Object.entries(failures).map(([receiptHandle, code]) => ({ receiptHandle, code }))),
          ),
        fail: (error = new Error('ECONNRESET')) => end(() => reject(error)),
      });
    });

  /** How many handles each call had. */
  get sizes(): number[] {
    return this.calls.map(({ handles }) => handles.length);
  }

  call(index: number): Call {
    const call = this.calls.at(index);
    if (call === undefined) throw new Error(`there was no call ${index}`);
    return call;
  }
}

/** Lets promise callbacks run, also under fake timers. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
}

export interface Bench {
  mns: FakeMns;
  ack: Acknowledger;
  confirmed: string[];
  errors: unknown[];
  /** Adds handles of these names, good for an hour. */
  add(...names: string[]): void;
}

export function bench(options: Partial<AcknowledgerOptions> = {}): Bench {
  const mns = new FakeMns();
  const confirmed: string[] = [];
  const errors: unknown[] = [];
  const ack = new Acknowledger({
    deleteBatch: mns.deleteBatch,
    onConfirmed: (messages) => confirmed.push(...messages.map(({ messageId }) => messageId)),
    onError: (error) => errors.push(error),
    linger: 50,
    concurrency: 2,
    random: () => 0.5,
    ...(options as object),
  });
  const add = (...names: string[]) => {
    for (const name of names)
      ack.add({ messageId: name, receiptHandle: `h-${name}`, visibleUntil: Date.now() + HOUR });
  };
  return { mns, ack, confirmed, errors, add };
}

export function names(count: number, prefix = 'm'): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}${index}`);
}
