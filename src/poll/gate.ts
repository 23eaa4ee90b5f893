import { pause } from '../backoff.js';
import type { ReceiptQueue } from '../pipeline/index.js';

/** How old a reading of the backlog may be while it leaves places. */
const READING_LASTS_MS = 100;
/** How often a closed gate looks again. */
const CLOSED_MS = 20;
/** How often it does while the store is out of reach. */
const UNREADABLE_MS = 250;

export interface GateOptions {
  /** Most messages of the queue in flight, over all slices of this process. */
  limit: number;
  /** Slices that poll the queue in this process: each may use an equal part of what is free. */
  slices: number;
  /** Jobs in the store that are not finished, of all slices and processes. Rejects while the store is out of reach. */
  backlog(): Promise<number>;
  /** Messages of this slice that are delivered and not yet acknowledged. */
  unacknowledged(): number;
  /**
   * Messages that may be in flight while something is in their way: below it they are received one at a time, to find
   * out when that is over, and MNS keeps the rest. Infinite while all is well.
   */
  most(): number;
  /** The backlog could be read, or could not. */
  onReading?(error: unknown): void;
}

/**
 * Keeps the messages of one queue that are in flight (received, not acknowledged) within the limit: whoever wants to
 * receive first asks for places. Messages hold places from before they are received until they show in the backlog;
 * while the backlog cannot be read nobody gets a place, and MNS keeps the messages.
 */
export class Gate {
  readonly #options: GateOptions;
  #held = 0;
  #backlog = 0;
  #backlogSince = 0;
  #handedOffSince = 0;
  #readAt = Number.NEGATIVE_INFINITY;
  #reading: Promise<boolean> | undefined;

  constructor(options: GateOptions) {
    this.#options = options;
  }

  /** Jobs in the store that are not finished, as last read. */
  get backlog(): number {
    return this.#backlog + this.#handedOffSince;
  }

  /** ms since the epoch since when the backlog has not been empty, as last read; 0 while it is. */
  get backlogSince(): number {
    return this.#backlogSince;
  }

  /** The store has been read. */
  get known(): boolean {
    return this.#readAt !== Number.NEGATIVE_INFINITY;
  }

  get inFlight(): number {
    return this.#held + this.backlog + this.#options.unacknowledged();
  }

  /**
   * Waits for places and takes them.
   * @param wanted places for a full batch; fewer where the limit leaves no room for them
   * @returns how many were taken: 0 only when the signal aborted.
   */
  async acquire(wanted: number, signal: AbortSignal): Promise<number> {
    while (!signal.aborted) {
      let readable = await this.#fresh(READING_LASTS_MS);
      if (readable && this.#offer(wanted) === 0) readable = await this.#fresh(CLOSED_MS);
      const places = readable ? this.#offer(wanted) : 0;
      if (places > 0) {
        this.#held += places;
        return places;
      }
      await pause(readable ? CLOSED_MS : UNREADABLE_MS, signal);
    }
    return 0;
  }

  /** How many places may be taken now: all of a batch, or none. */
  #offer(wanted: number): number {
    const { limit, slices, unacknowledged } = this.#options;
    const most = this.#options.most();
    if (most !== Number.POSITIVE_INFINITY) return this.inFlight < Math.min(most, limit) ? 1 : 0;
    // Half of a slice's part, so that one event that waits long for its retry does not keep the others out.
    const batch = Math.max(1, Math.floor(Math.min(wanted, limit / slices / 2)));
    // Since the reading, the other slices may have used their parts as well: all of ours counts against our part.
    const used = this.#handedOffSince + this.#held + unacknowledged();
    return Math.floor((limit - this.#backlog) / slices) - used >= batch ? batch : 0;
  }

  /** Places that no message came for, or whose messages were given up. */
  release(places: number): void {
    this.#held -= places;
  }

  /** The messages of these places are in the store now. */
  handedOff(places: number): void {
    this.#held -= places;
    this.#handedOffSince += places;
  }

  /** Reads the backlog anew where it may have changed without anybody asking for places. */
  async refresh(): Promise<void> {
    if (this.backlog > 0) await this.read();
  }

  /** Makes sure of a reading that is as good as new. */
  async read(): Promise<void> {
    await this.#fresh(READING_LASTS_MS);
  }

  /** Makes sure of a reading not older than `maxAge` ms; concurrent callers share one. @returns false when there is none */
  async #fresh(maxAge: number): Promise<boolean> {
    if (performance.now() - this.#readAt < maxAge) return true;
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #read(): Promise<boolean> {
    const before = this.#handedOffSince;
    try {
      this.#backlog = await this.#options.backlog();
      if (this.#backlog === 0) this.#backlogSince = 0;
      else this.#backlogSince ||= Date.now();
      // What was handed off while the store was asked may or may not be in the answer: count it once more.
      this.#handedOffSince -= before;
      this.#readAt = performance.now();
      this.#options.onReading?.(undefined);
      return true;
    } catch (error) {
      this.#options.onReading?.(error);
      return false;
    }
  }
}

/** Jobs of a queue in the store that are not finished. */
export async function unfinished(store: Pick<ReceiptQueue, 'getJobCounts'>): Promise<number> {
  const counts = await store.getJobCounts('waiting', 'active', 'delayed', 'prioritized');
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}
