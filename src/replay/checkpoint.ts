/**
 * How far a replay has got, on the disk. It is replaced as a whole, so that it is there in one piece whenever the
 * process dies; what it counts as done is done, and what is under way is named.
 */
import { open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { ReceiptdError, UsageError } from '../errors.js';
import type { DeadMark } from './dead-file.js';
import type { Filter } from './filter.js';
import type { InputFile } from './inputs.js';
import type { TallyData } from './tally.js';

const VERSION = 1;

/** What must be the same for a replay to be the same one. */
export interface Identity {
  files: readonly InputFile[];
  filter: Filter;
  /** Where the pipeline keeps its jobs. */
  store: string;
}

export interface Checkpoint {
  version: typeof VERSION;
  identity: Identity;
  /** The pipeline's queue. */
  queueName: string;
  /** Entries read, of all files in their order; each of them is done with, but for those in `pending`. */
  read: number;
  /** Which entries, from 1, are under way. */
  pending: readonly number[];
  tally: TallyData;
  dead?: DeadMark;
}

const count = z.int().min(0);
const sample = z.object({ place: z.string(), reason: z.string() });
const counts = z.object({ ok: count, drifted: count, undecodable: count, failed: count });
const samples = z.partialRecord(z.enum(['ok', 'drifted', 'undecodable', 'failed']), z.array(sample));

const schema = z.object({
  version: z.literal(VERSION),
  identity: z.object({
    files: z.array(z.object({ name: z.string(), path: z.string(), size: count, mtimeMs: z.number() })),
    filter: z.object({
      types: z.array(z.string()),
      since: z.number().exactOptional(),
      until: z.number().exactOptional(),
    }),
    store: z.string(),
  }),
  queueName: z.string(),
  read: count,
  pending: z.array(count),
  tally: z.object({
    types: z.record(z.string(), z.object({ counts, samples })),
    filtered: count,
    duplicates: count,
    unreadable: z.object({ count, samples: z.array(sample) }),
  }),
  dead: z.object({ path: z.string(), bytes: count }).exactOptional(),
});

export function checkpointOf(state: Omit<Checkpoint, 'version'>): Checkpoint {
  return { version: VERSION, ...state };
}

/** @returns undefined when there is none; `broken` when there is one that this version cannot read */
export async function readCheckpoint(path: string): Promise<Checkpoint | 'broken' | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new ReceiptdError('REPLAY_CHECKPOINT', `${path}: cannot be read (${codeOf(error)})`, {
      cause: error,
    });
  }
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    return 'broken';
  }
}

/** Safe on the disk when it resolves. @throws {ReceiptdError} when it cannot be written */
export async function writeCheckpoint(path: string, checkpoint: Checkpoint): Promise<void> {
  const fresh = `${path}.new`;
  try {
    await written(fresh, JSON.stringify(checkpoint));
    await rename(fresh, path);
    await written(dirname(path));
  } catch (error) {
    throw new ReceiptdError('REPLAY_CHECKPOINT', `${path}: cannot be written (${codeOf(error)})`, {
      cause: error,
    });
  }
}

/**
 * @throws {UsageError} when the replay that the checkpoint is of is not the one that is asked for: going on would repeat
 *   or leave out messages
 */
export function checkSame(before: Identity, now: Identity): void {
  const refuse = (why: string) => {
    const advice = 'start from the beginning without --resume';
    return new UsageError('REPLAY_CHANGED', `--resume: ${why}: name the same as then, or ${advice}`);
  };
  const names = (files: readonly InputFile[]) => files.map(({ path }) => path).join('\n');
  if (names(before.files) !== names(now.files)) {
    throw refuse(`the replay that was stopped was of other files (${told(before.files)})`);
  }
  for (const [index, file] of now.files.entries()) {
    const old = before.files[index];
    if (old?.size !== file.size || old.mtimeMs !== file.mtimeMs) {
      const advice = 'start from the beginning without --resume';
      throw new UsageError(
        'REPLAY_CHANGED',
        `--resume: ${file.name} has changed since the replay was stopped: ${advice}`,
      );
    }
  }
  if (JSON.stringify(before.filter) !== JSON.stringify(now.filter)) {
    throw refuse('the replay that was stopped had another --type, --since or --until');
  }
  if (before.store !== now.store)
    throw refuse('the replay that was stopped had another pipeline.backend or url');
}

/** The first few, by name. */
export function told(files: readonly InputFile[]): string {
  const first = files.slice(0, 3).map(({ name }) => name);
  return [...first, ...(files.length > 3 ? [`${files.length - 3} more`] : [])].join(', ');
}

/** Syncs a file, with new content if given, or a directory. */
async function written(path: string, content?: string): Promise<void> {
  const file = await open(path, content === undefined ? 'r' : 'w', 0o640);
  try {
    if (content !== undefined) await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? String(error);
}
