/**
 * The emulator's own time, and every text form of it that goes over the wire. All rooms of the emulator ask this clock
 * and nothing else, so an offset moves message times, token expiry, skew checks and the `Date` header together.
 */
export class Clock {
  /** Milliseconds added to this machine's time; may be changed. */
  offset: number;
  #second = -1;
  #httpDate = '';

  constructor(offset = 0) {
    this.offset = offset;
  }

  /** Whole milliseconds: the wire knows no others. */
  now(): number {
    return Math.round(Date.now() + this.offset);
  }

  /** The `Date` header (RFC 1123); formatted once a second because every response carries it. */
  httpDate(): string {
    const second = Math.floor(this.now() / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#httpDate = new Date(second * 1000).toUTCString();
    }
    return this.#httpDate;
  }
}

const EIGHT_HOURS = 8 * 3600 * 1000;

/** `yyyy-MM-dd HH:mm:ss` as a wall clock in Beijing shows it: no zone in the text (dybaseapi.md §2.1). */
export function beijingTime(epochMs: number): string {
  return new Date(epochMs + EIGHT_HOURS).toISOString().slice(0, 19).replace('T', ' ');
}
