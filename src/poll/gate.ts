import { pause } from '../backoff.js';
import type { ReceiptQueue } from '../pipeline/index.js';
import type { Places, Reading } from './places.js';

/** How old a reading of the backlog may be while it leaves places. */
const READING_LASTS_MS = 100;
/** How often a closed gate looks again. */
const CLOSED_MS = 20;
/** How often it does while the store is out of reach. */
const UNREADABLE_MS = 250;

export interface GateOptions {
  /** Most messages of the queue in flight, over all slices of this process. */
  limit: number;
  /** Slices that poll the queue in this process. */
  slices: number;
  /** What they all take from, as this one has it. */
  places: Places;
  /** Jobs in the store that are not finished, of all slices and processes. Rejects while the store is out of reach. */
  backlog(): Promise<number>;
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
 * receive first asks for places, which all slices share. Messages hold places from before they are received until they
 * show in the backlog; while the backlog cannot be read nobody gets a place, and MNS keeps the messages.
 */
export class Gate {
  readonly #options: GateOptions;
  #reading: Reading;
  #backlogSince = 0;
  #readAt = Number.NEGATIVE_INFINITY;
  #beingRead: Promise<boolean> | undefined;

  constructor(options: GateOptions) {
    this.#options = options;
    this.#reading = { backlog: 0, handedOff: options.places.handedOff };
  }

  /** Jobs in the store that are not finished, as last read. */
  get backlog(): number {
    return this.#options.places.backlog(this.#reading);
  }

  /** ms since the epoch since when the backlog has not been empty, as last read; 0 while it is. */
  get backlogSince(): number {
    return this.#backlogSince;
  }

  /** The store has been read. */
  get known(): boolean {
    return this.#readAt !== Number.NEGATIVE_INFINITY;
  }

  /** Of this slice, and all that the store has. */
  get inFlight(): number {
    const { places } = this.#options;
    return places.held + this.backlog + places.unacknowledged;
  }

  /**
   * Waits for places and takes them.
   * @param wanted places for a full batch; fewer where the limit leaves no room for them
   * @returns how many were taken: 0 only when the signal aborted.
   */
  async acquire(wanted: number, signal: AbortSignal): Promise<number> {
    while (!signal.aborted) {
      let readable = await this.#fresh(READING_LASTS_MS);
      let places = readable ? this.#take(wanted) : 0;
      if (readable && places === 0) {
        readable = await this.#fresh(CLOSED_MS);
        places = readable ? this.#take(wanted) : 0;
      }
      if (places > 0) return places;
      await pause(readable ? CLOSED_MS : UNREADABLE_MS, signal);
    }
    return 0;
  }

  /** Takes the places of a whole batch, or none. @returns how many */
  #take(wanted: number): number {
    const { limit, slices, places, most } = this.#options;
    const room = most();
    if (room !== Number.POSITIVE_INFINITY) {
      return this.inFlight < room && places.take(1, this.#reading, limit) ? 1 : 0;
    }
    // Half of an equal part, so that one event that waits long for its retry does not keep the others out.
    const batch = Math.max(1, Math.floor(Math.min(wanted, limit / slices / 2)));
    return places.take(batch, this.#reading, limit) ? batch : 0;
  }

  /** Places that no message came for, or whose messages were given up. */
  release(places: number): void {
    this.#options.places.release(places);
  }

  /** The messages of these places are in the store now. */
  handedOff(places: number): void {
    this.#options.places.moveToStore(places);
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
    this.#beingRead ??= this.#read().finally(() => {
      this.#beingRead = undefined;
    });
    return this.#beingRead;
  }

  async #read(): Promise<boolean> {
    const { places, onReading } = this.#options;
    // What is handed off while the store is asked may or may not be in the answer: it is counted once more.
    const { handedOff } = places;
    try {
      const backlog = await this.#options.backlog();
      this.#reading = { backlog, handedOff };
      if (backlog === 0) this.#backlogSince = 0;
      else this.#backlogSince ||= Date.now();
      this.#readAt = performance.now();
      onReading?.(undefined);
      return true;
    } catch (error) {
      onReading?.(error);
      return false;
    }
  }
}

/** Jobs of a queue in the store that are not finished. */
export async function unfinished(store: Pick<ReceiptQueue, 'getJobCounts'>): Promise<number> {
  const counts = await store.getJobCounts('waiting', 'active', 'delayed', 'prioritized');
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}
