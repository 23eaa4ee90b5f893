/**
 * What keeps one queue from working. Each stage has at most one trouble at a time, which its next success ends; the log
 * hears of it when it begins, when it changes, and now and then while it lasts, but not for every failed try.
 */
import type { Logger } from 'pino';
import { describeError } from '../errors.js';
import { maskPhones } from '../mask.js';

export type Stage = 'token' | 'poll' | 'store' | 'hand-off' | 'deliver' | 'ack';

/** A change of words alone (a request id, another receipt) is no news before this. */
const NEWS_EVERY_MS = 10_000;
const REMIND_EVERY_MS = 60_000;
/** One event that cannot be delivered is its own affair; several in a row are the sink's. */
const DELIVERIES_IN_A_ROW = 3;

const WORDS: Record<Stage, string> = {
  token: 'MNS refused the token, asking for a new one',
  poll: 'receiving messages failed',
  store: 'the store does not answer',
  'hand-off': 'handing messages to the pipeline failed',
  deliver: 'delivering failed, will be tried again',
  ack: 'deleting finished messages failed, will be tried again',
};

interface Trouble {
  reason: string;
  saidAt: number;
  /** Failures since the last success. */
  failures: number;
}

export class Troubles {
  readonly #log: Logger;
  readonly #troubles = new Map<Stage, Trouble>();

  constructor(log: Logger) {
    this.#log = log;
  }

  report(stage: Stage, error: unknown): void {
    const reason = stage === 'deliver' ? maskPhones(describeError(error)) : describeError(error);
    const now = performance.now();
    const before = this.#troubles.get(stage);
    const quietFor = now - (before?.saidAt ?? Number.NEGATIVE_INFINITY);
    const say = quietFor > (reason === before?.reason ? REMIND_EVERY_MS : NEWS_EVERY_MS);
    if (say) this.#log.warn(`${WORDS[stage]}: ${reason}`);
    const saidAt = say ? now : (before?.saidAt ?? now);
    this.#troubles.set(stage, { reason, saidAt, failures: (before?.failures ?? 0) + 1 });
  }

  /** The stage works. */
  clear(stage: Stage): void {
    const trouble = this.#troubles.get(stage);
    if (trouble === undefined) return;
    this.#troubles.delete(stage);
    if (stage !== 'deliver' || trouble.failures >= DELIVERIES_IN_A_ROW)
      this.#log.info(`${stage} works again`);
  }

  /** One line, empty when all is well. */
  get current(): string {
    for (const [stage, { reason, failures }] of this.#troubles) {
      if (stage !== 'deliver' || failures >= DELIVERIES_IN_A_ROW) return `${WORDS[stage]}: ${reason}`;
    }
    return '';
  }
}
