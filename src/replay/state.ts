/**
 * What a replay keeps while it is under way, in `<dataDir>/replay`: its checkpoint, and the pipeline's store when that is
 * embedded. It is beside the daemon's store, so a replay runs while a daemon does; one replay at a time, which the
 * directory's lock sees to. On Redis the replay has a queue of its own that no daemon knows.
 */
import { createHash, randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../config/index.js';
import { UsageError } from '../errors.js';
import {
  type Backend,
  DataDirLock,
  type Dedupe,
  dedupeOf,
  openBackend,
  type PipelineConfig,
  type ReceiptQueue,
} from '../pipeline/index.js';
import {
  type Checkpoint,
  checkSame,
  type Identity,
  readCheckpoint,
  told,
  writeCheckpoint,
} from './checkpoint.js';
import type { Filter } from './filter.js';
import type { InputFile } from './inputs.js';

export interface StateOptions {
  pipeline: PipelineConfig;
  /** Holds among the messages of this replay. */
  dedupe: Config['dedupe'];
  /** Undefined when they can be read only once: then there is nothing to resume, and no checkpoint. */
  files: readonly InputFile[] | undefined;
  filter: Filter;
  resume: boolean;
  /** One line for the user. */
  note(text: string): void;
}

/** How a message ended in the pipeline. `failed` says why. */
export type Ending = 'delivered' | { failed: string };
/** How a message of the run before stands in the store. */
export type Known = 'open' | Ending;

const PAGE = 500;
const OPEN_STATES = ['waiting', 'active', 'delayed', 'prioritized'] as const;

export class ReplayState {
  readonly backend: Backend;
  readonly queue: ReceiptQueue;
  readonly queueName: string;
  /** Undefined when nothing is a duplicate of anything. */
  readonly dedupe: Dedupe | undefined;
  /** Undefined when this replay cannot be resumed. */
  readonly identity: Identity | undefined;
  /** Where a resumed replay was; undefined when this one begins. */
  readonly checkpoint: Checkpoint | undefined;
  readonly #lock: DataDirLock;
  readonly #directory: string;
  /** There is something to resume. */
  #saved: boolean;

  private constructor(
    lock: DataDirLock,
    directory: string,
    backend: Backend,
    {
      identity,
      checkpoint,
      dedupe,
    }: Pick<ReplayState, 'identity' | 'checkpoint'> & Pick<StateOptions, 'dedupe'>,
  ) {
    this.#lock = lock;
    this.#directory = directory;
    this.backend = backend;
    this.identity = identity;
    this.checkpoint = checkpoint;
    this.#saved = checkpoint !== undefined;
    this.queueName = checkpoint?.queueName ?? `replay-${randomBytes(8).toString('hex')}`;
    this.queue = backend.queue(this.queueName);
    this.dedupe = dedupeOf(dedupe, (window) => backend.claims(this.queueName, window));
  }

  /**
   * @throws {UsageError} when there is nothing to resume, or something else than what is asked for
   * @throws {ReceiptdError} when another replay is under way, or the store cannot be opened
   */
  static async open({ pipeline, dedupe, files, filter, resume, note }: StateOptions): Promise<ReplayState> {
    const directory = join(pipeline.dataDir, 'replay');
    if (resume && files === undefined) {
      throw new UsageError(
        'REPLAY_STDIN',
        '--resume: standard input and pipes cannot be read again: name files',
      );
    }
    const lock = await DataDirLock.take(directory);
    try {
      const identity = files && { files, filter, store: storeOf(pipeline) };
      const found = await readCheckpoint(checkpointPath(directory));
      const checkpoint = resume && identity !== undefined ? resumable(found, identity, directory) : undefined;
      if (checkpoint === undefined) {
        if (found !== undefined) note(`${leftover(found)} is discarded; --resume would have gone on with it`);
        await discardFiles(directory);
      }
      const backend = await openBackend({ ...pipeline, dataDir: storePath(directory) });
      if (checkpoint === undefined && typeof found === 'object') await discardQueue(backend, found.queueName);
      return new ReplayState(lock, directory, backend, { identity, checkpoint, dedupe });
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  /** Messages of the run before that the store still has, by MessageId; few, as those that were done with are removed. */
  async known(): Promise<Map<string, Known>> {
    const known = new Map<string, Known>();
    if (this.checkpoint === undefined) return known;
    for (const state of [...OPEN_STATES, 'completed', 'failed'] as const) {
      for (let start = 0; ; start += PAGE) {
        const jobs = await this.queue.getJobs([state], start, start + PAGE - 1, true);
        for (const job of jobs) {
          const { messageId } = job.data.message;
          if (state === 'failed') known.set(messageId, { failed: job.failedReason ?? 'for no known reason' });
          else known.set(messageId, state === 'completed' ? 'delivered' : 'open');
        }
        if (jobs.length < PAGE) break;
      }
    }
    return known;
  }

  async save(checkpoint: Checkpoint): Promise<void> {
    await writeCheckpoint(checkpointPath(this.#directory), checkpoint);
    this.#saved = true;
  }

  /** @param finished whether the replay has come to its end: nothing is kept then, nor where it could not be resumed */
  async close(finished: boolean): Promise<void> {
    const discard = finished || !this.#saved;
    try {
      if (discard) await discardQueue(this.backend, this.queueName);
      await this.queue.close();
      await this.backend.close();
      if (discard) await discardFiles(this.#directory);
    } finally {
      await this.#lock.release();
    }
  }
}

function resumable(
  found: Checkpoint | 'broken' | undefined,
  identity: Identity,
  directory: string,
): Checkpoint {
  const advice = 'start from the beginning without --resume';
  if (found === undefined) {
    throw new UsageError('REPLAY_NOTHING', `--resume: no stopped replay in ${directory}: ${advice}`);
  }
  if (found === 'broken') {
    throw new UsageError(
      'REPLAY_CHECKPOINT',
      `--resume: ${checkpointPath(directory)} is unreadable: ${advice}`,
    );
  }
  checkSame(found.identity, identity);
  return found;
}

function leftover(found: Checkpoint | 'broken'): string {
  if (found === 'broken') return 'an unreadable checkpoint of a stopped replay';
  return `a replay of ${told(found.identity.files)} that was stopped after ${found.read} messages`;
}

async function discardFiles(directory: string): Promise<void> {
  await rm(checkpointPath(directory), { force: true });
  await rm(storePath(directory), { recursive: true, force: true });
}

/** In a store that was not discarded with its files. */
async function discardQueue(backend: Backend, queueName: string): Promise<void> {
  const queue = backend.queue(queueName);
  await queue.obliterate({ force: true }).catch(() => {});
  await backend
    .claims(queueName, 0)
    .clear()
    .catch(() => {});
  await queue.close();
}

function checkpointPath(directory: string): string {
  return join(directory, 'checkpoint.json');
}

function storePath(directory: string): string {
  return join(directory, 'store');
}

/** Tells one store from another without naming it: a URL may hold a password. */
function storeOf({ backend, url, prefix }: PipelineConfig): string {
  if (backend === 'embedded') return backend;
  return `${backend} ${createHash('sha256').update(`${url} ${prefix}`).digest('hex').slice(0, 12)}`;
}
