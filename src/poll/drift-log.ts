/** Counts how receipts differ from their schema, and tells the log once of each new way, with what stood there. */
import type { Logger } from 'pino';
import { maskPhones } from '../mask.js';
import type { Drift } from '../receipts/index.js';
import type { QueueStats } from '../stats.js';

/** Ways that are looked at, for one queue of one slice. */
const SHAPES = 50;
/** Fields that one line of the log shows. */
const FIELDS = 20;
/** Characters of a value that are shown. */
const SAMPLE = 80;

export class DriftLog {
  readonly #stats: QueueStats;
  readonly #log: Logger;
  readonly #isNew: (shape: string) => boolean;
  readonly #known = new Set<string>();

  /** @param isNew asked once a way: whether it is the first to tell of it */
  constructor(stats: QueueStats, log: Logger, isNew: (shape: string) => boolean = () => true) {
    this.#stats = stats;
    this.#log = log;
    this.#isNew = isNew;
  }

  /** @param drift of the events of one message */
  note(messageId: string, drift: readonly Drift[]): void {
    if (drift.length === 0) return;
    this.#stats.count('drifted');
    for (const { path } of drift) this.#stats.countDrift(path);
    // The receipts of a list may all differ in the same way.
    const distinct = new Map(drift.map((one) => [`${one.path} ${one.problem}`, one]));
    const shape = [...distinct.keys()].join('\n');
    if (this.#known.has(shape) || this.#known.size >= SHAPES) return;
    this.#known.add(shape);
    if (!this.#isNew(shape)) return;
    const fields = Array.from(distinct.values())
      .slice(0, FIELDS)
      .map(({ path, problem, value }) => ({ path, problem, sample: sampleOf(value) }));
    this.#log.info(
      { messageId, fields },
      'receipts differ from the documented schema, delivered all the same',
    );
  }
}

function sampleOf(value: unknown): string | undefined {
  try {
    const text = JSON.stringify(value);
    return text === undefined ? undefined : maskPhones(text).slice(0, SAMPLE);
  } catch {
    // JSON.parse takes any depth, JSON.stringify does not.
    return 'too deep to be shown';
  }
}
