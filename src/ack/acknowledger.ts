import { fullJitter } from '../backoff.js';

/** The most handles MNS takes in one BatchDeleteMessage. */
const BATCH = 16;
const RETRY_BASE_MS = 200;
const RETRY_CAP_MS = 5_000;
/** ms without a message after which the next one owes nothing to those before: what was given up comes again sooner. */
const QUIET_MS = 60_000;

/** One message to delete. */
export interface Acknowledgement {
  messageId: string;
  receiptHandle: string;
  /** ms since the epoch, local clock: afterwards the handle is void and MNS hands the message out again. */
  visibleUntil: number;
  /** ms by `performance.now()` when it was done; absent where that was before, or where it is a dead letter. */
  deliveredAt?: number;
}

/** A handle that MNS did not delete. */
export interface NotDeleted {
  receiptHandle: string;
  code: string;
}

export interface AcknowledgerOptions {
  /**
   * BatchDeleteMessage: resolves with the handles that were not deleted, rejects when nothing is known of any.
   * An error with `fatal: true` means that MNS will always refuse this request.
   */
  deleteBatch(
    receiptHandles: readonly string[],
    messages: readonly Acknowledgement[],
  ): Promise<readonly NotDeleted[]>;
  /** These messages are gone from MNS for good: whatever is kept about them can go too. */
  onConfirmed(messages: readonly Acknowledgement[]): void;
  /** So many handles are not settled now. */
  onUnsettled?(count: number): void;
  /** A delete failed and will be tried again. */
  onError?(error: unknown): void;
  /** ms that a handle may wait for its batch to fill. */
  linger: number;
  /** Deletes under way at once. @default 8 */
  concurrency?: number;
  now?: () => number;
  random?: () => number;
}

interface Entry {
  message: Acknowledgement;
  attempts: number;
  /** Its batch was refused as a whole: goes alone, so that one bad handle does not hold up fifteen good ones. */
  alone: boolean;
}

/**
 * Deletes delivered messages from one MNS queue in batches, and follows each handle until it is settled.
 *
 * ```
 *            16 waiting, or linger over             MNS: deleted
 *  add ──▶ WAITING ─────────────────────▶ IN FLIGHT ─────────────▶ CONFIRMED   (settled)
 *             ▲  │                          │  │  │
 *             │  │ visibility timeout over  │  │  └─ MNS: no such message or handle ──▶ GONE   (settled)
 *             │  └────────▶ GONE            │  │
 *             │                             │  └─ listed as failed otherwise ──┐
 *             │                             └─ request failed (network, 5xx,   │
 *             │                                throttled, token) ──────────────┤
 *             └──────────────── RETRY, after full jitter ◀─────────────────────┘
 * ```
 *
 * CONFIRMED: MNS said so, and `onConfirmed` was called. GONE: the handle is void; if the message still exists, MNS
 * hands it out again with a new handle, its event is found delivered, and it is acknowledged then. A partly failed
 * batch retries only what failed. A handle is never sent after its visibility timeout is over.
 */
export class Acknowledger {
  readonly #options: AcknowledgerOptions;
  readonly #concurrency: number;
  readonly #now: () => number;
  #waiting: Entry[] = [];
  #inFlight = 0;
  #unsettled = 0;
  #lingering: NodeJS.Timeout | undefined;
  /** What waits has lingered long enough. */
  #overdue = false;
  #flushing = false;
  /** Since when there is something to delete and nothing was, in ms since the epoch; 0 when there is nothing. */
  #owedSince = 0;
  #lastAt = 0;
  #onIdle: (() => void)[] = [];

  constructor(options: AcknowledgerOptions) {
    this.#options = options;
    this.#concurrency = options.concurrency ?? 8;
    this.#now = options.now ?? Date.now;
  }

  /** Handles that are not settled yet. */
  get unsettled(): number {
    return this.#unsettled;
  }

  /**
   * ms since the epoch since when handles wait to be settled and MNS has confirmed none, also through those that were
   * given up meanwhile and came again; 0 while none waits.
   */
  get unconfirmedSince(): number {
    return this.#unsettled > 0 ? this.#owedSince : 0;
  }

  add(message: Acknowledgement): void {
    const now = this.#now();
    if (this.#owedSince === 0 || (this.#unsettled === 0 && now - this.#lastAt > QUIET_MS))
      this.#owedSince = now;
    this.#lastAt = now;
    this.#count(1);
    this.#waiting.push({ message, attempts: 0, alone: false });
    this.#pump();
  }

  /** Sends what waits without lingering, from now on; resolves when every handle is settled. */
  async flush(): Promise<void> {
    this.#flushing = true;
    this.#pump();
    if (this.#unsettled > 0) await new Promise<void>((resolve) => this.#onIdle.push(resolve));
  }

  /** Sends full batches, and a partial one once its linger is over, as far as the concurrency allows. */
  #pump(): void {
    while (this.#inFlight < this.#concurrency) {
      const partial = this.#overdue || this.#flushing;
      if (this.#waiting.length < (partial ? 1 : BATCH)) break;
      const batch = this.#takeBatch();
      if (this.#waiting.length === 0) this.#overdue = false;
      if (batch.length > 0) void this.#send(batch);
    }
    if (this.#waiting.length === 0) this.#stopLingering();
    else if (!this.#overdue) this.#lingering ??= setTimeout(() => this.#lingered(), this.#options.linger);
  }

  #lingered(): void {
    this.#lingering = undefined;
    this.#overdue = true;
    this.#pump();
  }

  #stopLingering(): void {
    clearTimeout(this.#lingering);
    this.#lingering = undefined;
  }

  #takeBatch(): Entry[] {
    const first = this.#waiting[0];
    const taken = this.#waiting.splice(0, first?.alone ? 1 : BATCH);
    const loner = first?.alone ? -1 : taken.findIndex((entry) => entry.alone);
    if (loner > 0) this.#waiting.unshift(...taken.splice(loner));
    const good = taken.filter((entry) => entry.message.visibleUntil > this.#now());
    this.#settle(taken.length - good.length);
    return good;
  }

  async #send(batch: Entry[]): Promise<void> {
    this.#inFlight += 1;
    try {
      const failures = await this.#options.deleteBatch(
        batch.map((entry) => entry.message.receiptHandle),
        batch.map((entry) => entry.message),
      );
      this.#sortOut(batch, new Map(failures.map((failure) => [failure.receiptHandle, failure.code])));
    } catch (error) {
      this.#options.onError?.(error);
      const refused = (error as { fatal?: unknown } | null)?.fatal === true;
      this.#retry(batch.map((entry) => ({ ...entry, alone: entry.alone || (refused && batch.length > 1) })));
    } finally {
      this.#inFlight -= 1;
      this.#pump();
    }
  }

  #sortOut(batch: Entry[], failed: ReadonlyMap<string, string>): void {
    const confirmed: Acknowledgement[] = [];
    const retrying: Entry[] = [];
    let gone = 0;
    for (const entry of batch) {
      const code = failed.get(entry.message.receiptHandle);
      if (code === undefined) confirmed.push(entry.message);
      else if (code === 'MessageNotExist' || code === 'ReceiptHandleError') gone += 1;
      else retrying.push(entry);
    }
    if (retrying.length > 0) this.#retry(retrying);
    if (confirmed.length > 0) this.#options.onConfirmed(confirmed);
    this.#settle(confirmed.length + gone);
    if (confirmed.length > 0) this.#owedSince = this.#unsettled > 0 ? this.#now() : 0;
  }

  /** What failed together comes back together, so that a retry is no more requests than the first try. */
  #retry(entries: Entry[]): void {
    const again = entries.map((entry) => ({ ...entry, attempts: entry.attempts + 1 }));
    const attempts = Math.max(...again.map((entry) => entry.attempts));
    const delay = fullJitter(attempts, RETRY_BASE_MS, RETRY_CAP_MS, this.#options.random);
    setTimeout(() => {
      this.#waiting.push(...again);
      this.#pump();
    }, delay);
  }

  #settle(count: number): void {
    this.#count(-count);
    if (count > 0) this.#lastAt = this.#now();
    if (this.#unsettled > 0) return;
    for (const resolve of this.#onIdle.splice(0)) resolve();
  }

  #count(change: number): void {
    this.#unsettled += change;
    this.#options.onUnsettled?.(this.#unsettled);
  }
}
