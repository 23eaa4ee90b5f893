/**
 * Hands messages to the pipeline in groups, no more than may be under way. While deliveries fail, one message at a time
 * finds out whether they still do, and the others stay in their file.
 */
import { fullJitter, pause } from '../backoff.js';
import { describeError } from '../errors.js';
import type { HandOff, ReceiptJob } from '../pipeline/index.js';
import type { EventRecord } from '../receipts/index.js';
import type { Health } from './health.js';
import type { UnderWay, Window } from './window.js';

export interface HandingOptions {
  handOff: Pick<HandOff, 'add'>;
  window: Window;
  health: Pick<Health, 'good'>;
  /** Messages under way, at most. */
  limit: number;
  /** One line for the user. */
  note(text: string): void;
  /** Aborts when nothing more is to be handed off. */
  signal: AbortSignal;
}

/** Messages in one call to the store. */
const GROUP = 64;
const RETRY_BASE_MS = 200;
const RETRY_CAP_MS = 5_000;
/** There is no MNS whose visibility timeout could end. */
const FOR_EVER = Number.MAX_SAFE_INTEGER;

export class Handing {
  readonly #options: HandingOptions;
  #group: ReceiptJob[] = [];
  #flushing = 0;

  constructor(options: HandingOptions) {
    this.#options = options;
  }

  /** Whether all that are under way are in the store. */
  get idle(): boolean {
    return this.#group.length === 0 && this.#flushing === 0;
  }

  /** Waits until one more message may be under way. Those that are collected go on, or it might wait for ever. */
  async room(): Promise<void> {
    const { window, signal } = this.#options;
    while (!this.#hasRoom && !signal.aborted) {
      await this.flush();
      await window.until(() => this.#hasRoom || signal.aborted);
    }
  }

  /** Registers a message as under way and collects it; the group goes out when it is full, or by `flush`. */
  async add(underWay: UnderWay, events: readonly EventRecord[]): Promise<void> {
    const { messageId, enqueueTime } = underWay.message;
    // It is new to the store, however often MNS had handed it out: there is no earlier job to be asked about.
    const envelope = {
      messageId,
      enqueueTime,
      dequeueCount: 1,
      receiptHandle: 'replay',
      visibleUntil: FOR_EVER,
    };
    this.#options.window.add(underWay);
    this.#group.push({ message: envelope, content: { events } });
    if (this.#group.length >= GROUP) await this.flush();
  }

  /** Hands off what has been collected; again and again while the store is out of reach. */
  async flush(): Promise<void> {
    const jobs = this.#group;
    this.#group = [];
    this.#flushing += 1;
    await this.#insist(jobs).finally(() => {
      this.#flushing -= 1;
    });
  }

  async #insist(group: readonly ReceiptJob[]): Promise<void> {
    const { handOff, window, note, signal } = this.#options;
    let jobs = group;
    let said = false;
    for (let attempt = 1; ; attempt += 1) {
      // Of a group that failed, some may have got into the store all the same, and out of it again.
      jobs = jobs.filter(({ message }) => window.get(message.messageId) !== undefined);
      if (jobs.length === 0 || signal.aborted) return;
      try {
        await handOff.add(jobs);
        if (said) note('the store works again');
        return;
      } catch (error) {
        if (!said) note(`handing messages to the pipeline failed, trying on: ${describeError(error)}`);
        said = true;
        await pause(fullJitter(attempt, RETRY_BASE_MS, RETRY_CAP_MS), signal);
      }
    }
  }

  get #hasRoom(): boolean {
    const { health, window, limit } = this.#options;
    return health.good ? window.size < limit : window.size === 0;
  }
}
