/**
 * What becomes of each message, and how that is kept. A message is settled in one go: its line in the dead file if it
 * failed, its count, its place among those under way. So a checkpoint, taken at whatever moment, is consistent; and the
 * store forgets a finished job only after a checkpoint that needs it no more.
 */
import type { Position } from '../message-file/index.js';
import { jobIdOf } from '../pipeline/index.js';
import { type Checkpoint, checkpointOf } from './checkpoint.js';
import type { DeadFile } from './dead-file.js';
import type { CompleteMessage } from './sieve.js';
import type { Ending, ReplayState } from './state.js';
import type { Tally } from './tally.js';
import type { UnderWay, Window } from './window.js';

export interface SettlingOptions {
  state: Pick<ReplayState, 'backend' | 'queue' | 'queueName' | 'identity' | 'save'>;
  tally: Tally;
  window: Window;
  dead: DeadFile | undefined;
}

/** Jobs that one call to the store removes. */
const AT_ONCE = 500;

export class Settling {
  readonly #options: SettlingOptions;
  /** Jobs that the store may forget once there is a checkpoint. */
  #completed: string[] = [];
  #failed: string[] = [];
  #saving: Promise<void> | undefined;
  #changed = true;
  #read: number;
  /** Entries that the run before had read and not ended, and that this one has not read again. */
  readonly #unfinished: Set<number>;

  /** @param before where the run before was */
  constructor(options: SettlingOptions, before: Pick<Checkpoint, 'read' | 'pending'> | undefined) {
    this.#options = options;
    this.#read = before?.read ?? 0;
    this.#unfinished = new Set(before?.pending);
  }

  /** Whether the run before was done with an entry. */
  isDone(number: number): boolean {
    return number <= this.#read && !this.#unfinished.has(number);
  }

  /** From now on the entry is settled or under way. @param number from 1 */
  hasRead(number: number): void {
    this.#unfinished.delete(number);
    this.#read = Math.max(this.#read, number);
    this.#changed = true;
  }

  /** A message that was under way has ended. @throws when the dead file cannot be written: it is not settled then */
  end(entry: UnderWay, ending: Ending): void {
    const { message, at, drift } = entry;
    const jobId = jobIdOf(message.messageId);
    if (ending === 'delivered') {
      const outcome = drift === undefined ? 'ok' : 'drifted';
      this.#options.tally.count(message.messageType, outcome, at, drift);
      this.#completed.push(jobId);
    } else {
      this.fail(message, 'failed', at, ending.failed);
      this.#failed.push(jobId);
    }
    this.#options.window.delete(message.messageId);
    this.#changed = true;
  }

  /** A message failed, by itself or in the pipeline. @throws when the dead file cannot be written */
  fail(message: CompleteMessage, outcome: 'failed' | 'undecodable', at: Position, reason: string): void {
    const { dead, tally } = this.#options;
    dead?.write(message);
    tally.count(message.messageType, outcome, at, reason);
    this.#changed = true;
  }

  /** Keeps how far it is. @throws {ReceiptdError} when that cannot be written */
  async save(): Promise<void> {
    // A failure is told to whoever began the save.
    while (this.#saving !== undefined) await this.#saving.catch(() => {});
    if (!this.#changed) return;
    this.#saving = this.#save().finally(() => {
      this.#saving = undefined;
    });
    await this.#saving;
  }

  async #save(): Promise<void> {
    const { state, tally, window, dead } = this.#options;
    this.#changed = false;
    const { identity, queueName } = state;
    const completed = this.#completed;
    const failed = this.#failed;
    this.#completed = [];
    this.#failed = [];
    // All of it at one moment, before anything is waited for.
    const checkpoint =
      identity &&
      checkpointOf({
        identity,
        queueName,
        read: this.#read,
        pending: [...this.#unfinished, ...window.all.map(({ number }) => number)],
        tally: tally.data,
        ...(dead && { dead: dead.mark }),
      });
    await dead?.sync();
    if (checkpoint !== undefined) await state.save(checkpoint);
    // What stays because the store is away costs a little room until the replay ends.
    await this.#remove(completed, failed).catch(() => {});
  }

  async #remove(completed: readonly string[], failed: readonly string[]): Promise<void> {
    const { backend, queue, queueName } = this.#options.state;
    for (let start = 0; start < completed.length; start += AT_ONCE) {
      await backend.removeCompleted(queueName, completed.slice(start, start + AT_ONCE));
    }
    for (let start = 0; start < failed.length; start += AT_ONCE) {
      await Promise.all(failed.slice(start, start + AT_ONCE).map((jobId) => queue.remove(jobId)));
    }
  }
}
