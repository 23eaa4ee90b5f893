/** The last hour as points of equal length, the oldest first, made of counters that only grow. */
import { type Histogram, histogramSince, quantile } from '../histogram.js';
import type { HistoryPoint } from './status.js';

/** An hour of points of 10 s. */
const POINTS = 360;

/** All queues added up, as of one moment. */
export interface Totals {
  received: number;
  delivered: number;
  dead: number;
  receiveToDelivered: Histogram;
}

interface Reading {
  totals: Totals;
  /** ms by a clock that nobody sets. */
  ticks: number;
}

export class History {
  readonly #points: HistoryPoint[] = [];
  #last: Reading | undefined;

  get points(): readonly HistoryPoint[] {
    return this.#points;
  }

  /**
   * The first reading makes no point: there is nothing before it.
   * @param at ms since the epoch
   * @param ticks ms by a clock that nobody sets
   */
  add(totals: Totals, at: number, ticks: number): void {
    const last = this.#last;
    this.#last = { totals, ticks };
    if (last === undefined || ticks <= last.ticks) return;
    const took = histogramSince(totals.receiveToDelivered, last.totals.receiveToDelivered);
    const [p50, p95] = [quantile(took, 0.5), quantile(took, 0.95)];
    this.#points.push({
      at,
      seconds: (ticks - last.ticks) / 1000,
      received: totals.received - last.totals.received,
      delivered: totals.delivered - last.totals.delivered,
      dead: totals.dead - last.totals.dead,
      ...(p50 !== undefined && { p50 }),
      ...(p95 !== undefined && { p95 }),
    });
    if (this.#points.length > POINTS) this.#points.shift();
  }
}
