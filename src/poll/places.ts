/**
 * The places of one queue, which all slices of a process take from. They lie in memory that the slices' threads share:
 * the store alone does not tell what the others have asked MNS for, and without that two slices that each see room for a
 * batch take it twice.
 *
 * ```
 *            take             handedOff                  the store is read: in its backlog
 *  free ──────────▶ HELD ──────────────────▶ HANDED OFF ─────────────────────────────────▶ free
 *    ▲               │                       (counted by all, until each has read the store anew)
 *    └───────────────┘ release
 * ```
 *
 * Whoever moves a message counts it in its new place before it leaves the old one, and whoever counts looks at the places
 * in the order in which messages move. So at any time each is counted at least once.
 */

/** Of each slice: places held, messages handed off so far, messages unacknowledged. */
const HELD = 0;
const HANDED_OFF = 1;
const UNACKNOWLEDGED = 2;
const CELLS = 3;

/** What the store said. */
export interface Reading {
  /** Its jobs that are not finished. */
  backlog: number;
  /** {@link Places.handedOff} before it was asked. */
  handedOff: number;
}

/** As many slices as there may be, and those that take over from them before they are gone. */
export const SLOTS = 2 * 64;

/** Whose places: those of the slice with this slot, of a queue; both count from 0. */
export interface Owner {
  queue: number;
  slot: number;
}

/** Which slots are taken. */
export class Slots {
  readonly #taken = new Set<number>();

  take(): number {
    let slot = 0;
    while (this.#taken.has(slot)) slot += 1;
    if (slot === SLOTS) throw new RangeError(`more than ${SLOTS} slices at a time`);
    this.#taken.add(slot);
    return slot;
  }

  release(slot: number): void {
    this.#taken.delete(slot);
  }
}

/** The memory for the places of so many queues. */
export function sharedPlaces(queues: number): SharedArrayBuffer {
  return new SharedArrayBuffer(queues * SLOTS * CELLS * Int32Array.BYTES_PER_ELEMENT);
}

export class Places {
  /** Of all slices. */
  readonly #cells: Int32Array;
  /** Of this slice's cells. */
  readonly #first: number;

  constructor(memory: SharedArrayBuffer, { queue, slot }: Owner) {
    const cells = SLOTS * CELLS;
    this.#cells = new Int32Array(memory, queue * cells * Int32Array.BYTES_PER_ELEMENT, cells);
    this.#first = slot * CELLS;
  }

  /** This slice is no more: MNS hands out again what it held, or the store has it. */
  vacate(): void {
    Atomics.store(this.#cells, this.#first + HELD, 0);
    this.unacknowledged = 0;
  }

  /** By this slice. */
  get held(): number {
    return Atomics.load(this.#cells, this.#first + HELD);
  }

  /** Messages of this slice that are to be deleted from MNS. */
  get unacknowledged(): number {
    return Atomics.load(this.#cells, this.#first + UNACKNOWLEDGED);
  }

  set unacknowledged(count: number) {
    Atomics.store(this.#cells, this.#first + UNACKNOWLEDGED, count);
  }

  /** Messages that all slices have handed off so far; it wraps around, so only differences mean something. */
  get handedOff(): number {
    return this.#sum(HANDED_OFF);
  }

  /** Jobs in the store: those of a reading, and those that were handed off since. */
  backlog({ backlog, handedOff }: Reading): number {
    return backlog + ((this.handedOff - handedOff) | 0);
  }

  /** Takes so many places if no more than `limit` messages of all slices are in flight then. @returns whether it did */
  take(places: number, reading: Reading, limit: number): boolean {
    // First, so that of two who take the last ones at the same time at most one gets them.
    Atomics.add(this.#cells, this.#first + HELD, places);
    const held = this.#sum(HELD);
    if (held + this.backlog(reading) + this.#sum(UNACKNOWLEDGED) <= limit) return true;
    this.release(places);
    return false;
  }

  /** Places that no message came for, or whose messages were given up. */
  release(places: number): void {
    Atomics.sub(this.#cells, this.#first + HELD, places);
  }

  /** The messages of these places are in the store now. */
  moveToStore(places: number): void {
    Atomics.add(this.#cells, this.#first + HANDED_OFF, places);
    this.release(places);
  }

  #sum(cell: number): number {
    let sum = 0;
    for (let at = cell; at < this.#cells.length; at += CELLS) sum = (sum + Atomics.load(this.#cells, at)) | 0;
    return sum;
  }
}
