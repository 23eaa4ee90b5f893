/**
 * What keeps one queue from working. Each stage has at most one trouble at a time, which its next success ends; the log
 * hears of it when it begins, when it changes, and now and then while it lasts, but not for every failed try.
 */
import type { Logger } from 'pino';
import { describeError } from '../errors.js';
import { maskPhones } from '../mask.js';
import { describeStoreError } from '../pipeline/index.js';
import type { LastError } from '../stats.js';

export type Stage = 'token' | 'poll' | 'store' | 'capture' | 'hand-off' | 'deliver' | 'ack';

/** A change of words alone (a request id, another receipt) is no news before this. */
const NEWS_EVERY_MS = 10_000;
const REMIND_EVERY_MS = 60_000;
/** Characters of the latest that are kept. */
const MOST_TEXT = 500;

const WORDS: Record<Stage, string> = {
  token: 'MNS refused the token, asking for a new one',
  poll: 'receiving messages failed',
  store: 'the store does not answer',
  capture: 'capturing messages failed, receiving waits until it works',
  'hand-off': 'handing messages to the pipeline failed',
  deliver: 'delivering failed, will be tried again',
  ack: 'deleting finished messages failed, will be tried again',
};

/** Stages that only fail while there is a message: with none left, nobody can say that they still would. */
const ON_THE_WAY: ReadonlySet<Stage> = new Set(['capture', 'hand-off', 'ack']);

interface Trouble {
  reason: string;
  saidAt: number;
}

export class Troubles {
  readonly #log: Logger;
  readonly #troubles = new Map<Stage, Trouble>();
  #last: { at: number; stage: Stage | 'dead'; reason: string } | undefined;

  constructor(log: Logger) {
    this.#log = log;
  }

  report(stage: Stage, error: unknown): void {
    const reason = stage === 'deliver' ? maskPhones(describeError(error)) : describeStoreError(error);
    const now = performance.now();
    this.#last = { at: Date.now(), stage, reason };
    const before = this.#troubles.get(stage);
    const quietFor = now - (before?.saidAt ?? Number.NEGATIVE_INFINITY);
    const say = quietFor > (reason === before?.reason ? REMIND_EVERY_MS : NEWS_EVERY_MS);
    if (say) this.#log.warn(`${WORDS[stage]}: ${reason}`);
    this.#troubles.set(stage, { reason, saidAt: say ? now : (before?.saidAt ?? now) });
  }

  /** A message was given up: the sinks' affair and no trouble of the queue, but worth showing. */
  gaveUp(reason: string): void {
    this.#last = { at: Date.now(), stage: 'dead', reason };
  }

  /** The latest, over or not. */
  get last(): LastError | undefined {
    if (this.#last === undefined) return undefined;
    const { at, stage, reason } = this.#last;
    const words = stage === 'dead' ? 'dead letter' : WORDS[stage];
    return { at, text: maskPhones(`${words}: ${reason}`).slice(0, MOST_TEXT) };
  }

  /** Worth receiving messages for: they can be captured. */
  get healthy(): boolean {
    return !this.#troubles.has('capture');
  }

  /** The stage works. */
  clear(stage: Stage): void {
    if (this.#troubles.delete(stage) && stage !== 'deliver') this.#log.info(`${stage} works again`);
  }

  /**
   * One line, empty when all is well.
   * @param waiting whether anything is on its way: with nothing left, what failed on the way is over.
   */
  current(waiting: boolean): string {
    for (const [stage, { reason }] of this.#troubles) {
      const past = !waiting && ON_THE_WAY.has(stage);
      // An event that cannot be delivered is its own affair; a sink that cannot be reached tells by itself.
      if (!past && stage !== 'deliver') return `${WORDS[stage]}: ${reason}`;
    }
    return '';
  }
}
