/**
 * Collects items into batches and keeps a bounded number of them under way. A batch goes out when it is full or its first
 * item has waited for `linger`, as soon as there is room; while there is none, items go on collecting. It holds what its
 * callers wait for and nothing else: every `add` settles once, and an item whose signal aborts is gone at once.
 */
import { setMaxListeners } from 'node:events';

/** What became of each item of a batch, in order: undefined is safe. */
export type Outcomes = readonly (Error | undefined)[];

export interface BatcherOptions<T> {
  /** Items of a batch, at most. */
  size: number;
  /** ms that an item may wait for others to go with. */
  linger: number;
  /** Batches under way, at most. */
  concurrency: number;
  /**
   * Makes one attempt. Resolves with nothing when all items are safe, else with what became of each; rejecting means that
   * all of them failed.
   * @param signal aborts once nobody waits for any of these items any more
   */
  send(items: readonly T[], signal: AbortSignal): Promise<Outcomes | undefined> | Promise<void>;
}

export interface AddOptions {
  /** In a batch of its own, so that a bad item takes no others down. @default false */
  alone?: boolean;
  /** Only items of one group go together. @default '' */
  group?: string;
  /** Whoever waits for the item gives it up. */
  signal?: AbortSignal | undefined;
}

interface Entry<T> {
  item: T;
  /** By age, from 0. */
  order: number;
  /** By `performance.now()`: when it has waited long enough. */
  due: number;
  /** Set once it is under way. */
  batch?: Batch;
  settle(error?: unknown): void;
}

/** Entries that may go together, oldest first. */
interface Line<T> {
  entries: Set<Entry<T>>;
  size: number;
}

/** One batch under way, and how many still wait for it. */
interface Batch {
  wanted: number;
  abandon: AbortController;
}

export class Batcher<T> {
  readonly #options: BatcherOptions<T>;
  /** By group; those that go alone have a line of their own. None is empty. */
  readonly #lines = new Map<string | undefined, Line<T>>();
  #added = 0;
  #running = 0;
  #timer: NodeJS.Timeout | undefined;
  #draining = false;
  #closed: Promise<void> | undefined;
  #settled: (() => void) | undefined;

  constructor(options: BatcherOptions<T>) {
    this.#options = options;
  }

  /**
   * Resolves once the item is safe.
   * @throws what became of it instead, or the signal's reason when that aborts before
   */
  async add(item: T, { alone = false, group = '', signal }: AddOptions = {}): Promise<void> {
    if (this.#closed !== undefined) throw new Error('the sink is closed');
    signal?.throwIfAborted();
    // Node warns from the eleventh listener on; the events of one message share one signal.
    if (signal !== undefined) setMaxListeners(0, signal);
    await new Promise<void>((resolve, reject) => {
      const key = alone ? undefined : group;
      const entry: Entry<T> = {
        item,
        order: this.#added++,
        due: performance.now() + (alone ? 0 : this.#options.linger),
        settle: (error) => {
          signal?.removeEventListener('abort', onAbort);
          if (error === undefined) resolve();
          else reject(error);
        },
      };
      const onAbort = () => {
        this.#leave(key, entry);
        entry.settle(signal?.reason);
        const { batch } = entry;
        if (batch !== undefined && --batch.wanted === 0) batch.abandon.abort(signal?.reason);
        this.#pump();
      };
      signal?.addEventListener('abort', onAbort);
      const line = this.#lines.get(key) ?? { entries: new Set(), size: alone ? 1 : this.#options.size };
      line.entries.add(entry);
      this.#lines.set(key, line);
      this.#pump();
    });
  }

  /** Lets nothing linger from now on, what waits and what is still to come: the process stops. */
  drain(): void {
    this.#draining = true;
    this.#pump();
  }

  /** Takes no more, sends what waits, and resolves when all of it is settled. */
  close(): Promise<void> {
    this.#closed ??= new Promise((resolve) => {
      this.#settled = resolve;
    });
    this.#pump();
    return this.#closed;
  }

  /** Starts what may start, and comes back when the next batch is due. */
  #pump(): void {
    const now = performance.now();
    while (this.#running < this.#options.concurrency) {
      const batch = this.#next(now);
      if (batch.length === 0) break;
      void this.#send(batch);
    }
    const waiting = this.#lines.size > 0;
    // Without room nothing can start before a batch ends, which pumps again.
    if (waiting && this.#running < this.#options.concurrency) {
      const due = Math.min(...[...this.#lines.values()].map(({ entries }) => first(entries).due));
      this.#timer ??= setTimeout(
        () => {
          this.#timer = undefined;
          this.#pump();
        },
        Math.max(1, Math.ceil(due - now)),
      );
    } else {
      clearTimeout(this.#timer);
      this.#timer = undefined;
    }
    if (!waiting && this.#running === 0) this.#settled?.();
  }

  /** Takes the oldest of what may go out; empty when nothing may yet. */
  #next(now: number): Entry<T>[] {
    let oldest: { key: string | undefined; line: Line<T>; order: number } | undefined;
    for (const [key, line] of this.#lines) {
      const { order, due } = first(line.entries);
      const ready =
        line.entries.size >= line.size || due <= now || this.#draining || this.#closed !== undefined;
      if (ready && order < (oldest?.order ?? Number.POSITIVE_INFINITY)) oldest = { key, line, order };
    }
    if (oldest === undefined) return [];
    const { key, line } = oldest;
    const batch: Entry<T>[] = [];
    for (const entry of line.entries) {
      batch.push(entry);
      if (batch.length === line.size) break;
    }
    for (const entry of batch) this.#leave(key, entry);
    return batch;
  }

  #leave(key: string | undefined, entry: Entry<T>): void {
    const line = this.#lines.get(key);
    line?.entries.delete(entry);
    if (line?.entries.size === 0) this.#lines.delete(key);
  }

  async #send(entries: readonly Entry<T>[]): Promise<void> {
    this.#running += 1;
    const batch: Batch = { wanted: entries.length, abandon: new AbortController() };
    for (const entry of entries) entry.batch = batch;
    try {
      const items = entries.map(({ item }) => item);
      const outcomes: Outcomes | undefined =
        (await this.#options.send(items, batch.abandon.signal)) ?? undefined;
      if (outcomes !== undefined && outcomes.length !== items.length) {
        throw new Error(`${outcomes.length} outcomes of ${items.length} items`);
      }
      for (const [index, entry] of entries.entries()) entry.settle(outcomes?.[index]);
    } catch (error) {
      for (const entry of entries) entry.settle(error ?? new Error('not sent'));
    }
    this.#running -= 1;
    this.#pump();
  }
}

function first<T>(entries: ReadonlySet<Entry<T>>): Entry<T> {
  const [entry] = entries;
  if (entry === undefined) throw new Error('a line is never empty');
  return entry;
}
