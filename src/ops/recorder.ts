/**
 * What no single moment tells of the daemon: how fast its queues are, how the last hour was, and, read from the store now
 * and then, what waits there. Lives in the main thread, so it outlives the slices.
 */
import { addHistogram, emptyHistogram } from '../histogram.js';
import type { Backend, Glance } from '../pipeline/index.js';
import type { QueueSnapshot } from '../stats.js';
import { History, type Totals } from './history.js';
import { Rate, type Throughput } from './rate.js';
import type { HistoryPoint } from './status.js';

const RATE_EVERY_MS = 2_000;
const HISTORY_EVERY_MS = 10_000;
const GLANCE_EVERY_MS = 5_000;
const NOTHING: Glance = { oldestUndeliveredAt: 0, deadLetters: 0 };

export interface RecorderOptions {
  queueNames: readonly string[];
  /** By name; what the counters of all slices have come to. */
  queues(): Readonly<Record<string, QueueSnapshot>>;
  /** Undefined while it is not open. */
  store(): Pick<Backend, 'glance'> | undefined;
}

export class Recorder {
  readonly #options: RecorderOptions;
  readonly #history = new History();
  readonly #rates = new Map<string, Rate>();
  readonly #glances = new Map<string, Glance>();
  #timers: NodeJS.Timeout[] = [];
  #glancing: Promise<void> | undefined;

  constructor(options: RecorderOptions) {
    this.#options = options;
    for (const name of options.queueNames) this.#rates.set(name, new Rate());
  }

  start(): void {
    const every = (ms: number, act: () => void) => {
      act();
      this.#timers.push(setInterval(act, ms).unref());
    };
    every(RATE_EVERY_MS, () => this.#measure());
    every(HISTORY_EVERY_MS, () => this.#note());
    every(GLANCE_EVERY_MS, () => void this.glance());
  }

  /** A look at the store that is under way may fail now, and nobody hears of it. */
  stop(): void {
    for (const timer of this.#timers.splice(0)) clearInterval(timer);
  }

  /** The last hour, the oldest first. */
  history(): readonly HistoryPoint[] {
    return this.#history.points;
  }

  /** A second, over the last minute. */
  rateOf(queueName: string, { counters }: QueueSnapshot): Throughput {
    return this.#rates.get(queueName)?.of(counters, performance.now()) ?? { received: 0, delivered: 0 };
  }

  /** As last read; while the store is out of reach, what it held before. */
  inStore(queueName: string): Glance {
    return this.#glances.get(queueName) ?? NOTHING;
  }

  /** Reads the store anew, unless that is under way. Never rejects. */
  glance(): Promise<void> {
    this.#glancing ??= this.#glance().finally(() => {
      this.#glancing = undefined;
    });
    return this.#glancing;
  }

  async #glance(): Promise<void> {
    const store = this.#options.store();
    if (store === undefined) return;
    // One after the other: nobody waits for it, and the store has other things to do. That it does not answer is told by
    // whoever has to have it.
    for (const name of this.#options.queueNames) {
      const glance = await store.glance(name).catch(() => undefined);
      if (glance === undefined) return;
      this.#glances.set(name, glance);
    }
  }

  #measure(): void {
    for (const [name, { counters }] of Object.entries(this.#options.queues()))
      this.#rates.get(name)?.add(counters, performance.now());
  }

  #note(): void {
    const totals: Totals = { received: 0, delivered: 0, dead: 0, receiveToDelivered: emptyHistogram() };
    for (const { counters, timings } of Object.values(this.#options.queues())) {
      totals.received += counters.received;
      totals.delivered += counters.delivered;
      totals.dead += counters.dead;
      addHistogram(totals.receiveToDelivered, timings.receive_to_delivered);
    }
    this.#history.add(totals, Date.now(), performance.now());
  }
}
