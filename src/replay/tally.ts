/** What became of the messages, by type, with the places of the first ones that are of interest. Plain data, bounded. */
import { describeError } from '../errors.js';
import { maskPhones } from '../mask.js';
import type { Position } from '../message-file/index.js';

/** How a message can end; of a dry run, as far as decoding can tell. */
export const OUTCOMES = ['ok', 'drifted', 'undecodable', 'failed'] as const;
/**
 * `ok` and `drifted` are decoded (and delivered), `drifted` although the receipt differs from its schema; `undecodable`
 * holds no receipt; `failed` could not be delivered.
 */
export type Outcome = (typeof OUTCOMES)[number];

export interface Sample {
  /** `file:line` */
  place: string;
  /** One line, phone numbers masked. */
  reason: string;
}

export interface TypeTally {
  counts: Record<Outcome, number>;
  /** The first of each outcome but `ok`. */
  samples: Partial<Record<Outcome, Sample[]>>;
}

export interface TallyData {
  /** Message type → what became of its messages. */
  types: Record<string, TypeTally>;
  /** Not of the types or the time that were asked for. */
  filtered: number;
  /** The same MessageId again. */
  duplicates: number;
  /** Parts of files that hold no message. */
  unreadable: { count: number; samples: Sample[] };
}

const SAMPLES = 10;
/** More than there are; a file may name as many as it has lines. */
const TYPES = 200;
const OTHER_TYPES = '(others)';
const TEXT_MAX = 300;
const PLAIN_TYPE = /^\w{1,100}$/;

export class Tally {
  readonly #types: Map<string, TypeTally>;
  filtered: number;
  duplicates: number;
  readonly #unreadable: TallyData['unreadable'];

  /** @param from what an earlier run had counted */
  constructor(from?: TallyData) {
    this.#types = new Map(Object.entries(structuredClone(from?.types ?? {})));
    this.#unreadable = structuredClone(from?.unreadable) ?? { count: 0, samples: [] };
    this.filtered = from?.filtered ?? 0;
    this.duplicates = from?.duplicates ?? 0;
  }

  count(messageType: string, outcome: Outcome, at: Position, reason = ''): void {
    // A file may name anything as a type.
    const tally = this.#of(PLAIN_TYPE.test(messageType) ? messageType : short(describeError(messageType)));
    tally.counts[outcome] += 1;
    if (outcome === 'ok') return;
    tally.samples[outcome] ??= [];
    sample(tally.samples[outcome], at, reason);
  }

  unreadable(at: Position, reason: string): void {
    this.#unreadable.count += 1;
    sample(this.#unreadable.samples, at, reason);
  }

  total(...outcomes: Outcome[]): number {
    let sum = 0;
    for (const { counts } of this.#types.values()) for (const outcome of outcomes) sum += counts[outcome];
    return sum;
  }

  /** All that went wrong: what makes the command exit with 1. */
  get failures(): number {
    return this.total('undecodable', 'failed') + this.#unreadable.count;
  }

  /** Entries of the files that are done with. */
  get done(): number {
    return this.total(...OUTCOMES) + this.#unreadable.count + this.filtered + this.duplicates;
  }

  /** A copy. */
  get data(): TallyData {
    return structuredClone({
      types: Object.fromEntries(this.#types),
      filtered: this.filtered,
      duplicates: this.duplicates,
      unreadable: this.#unreadable,
    });
  }

  #of(messageType: string): TypeTally {
    const found = this.#types.get(messageType);
    if (found !== undefined) return found;
    if (this.#types.size >= TYPES && messageType !== OTHER_TYPES) return this.#of(OTHER_TYPES);
    const fresh: TypeTally = { counts: { ok: 0, drifted: 0, undecodable: 0, failed: 0 }, samples: {} };
    this.#types.set(messageType, fresh);
    return fresh;
  }
}

function sample(samples: Sample[], { file, line }: Position, reason: string): void {
  if (samples.length >= SAMPLES) return;
  samples.push({ place: `${describeError(file)}:${line}`, reason: short(maskPhones(describeError(reason))) });
}

function short(text: string): string {
  return text.length > TEXT_MAX ? `${text.slice(0, TEXT_MAX)}…` : text;
}
