/** What successive looks at a daemon tell of its speed, drawn as a sparkline. */
import type { Status } from '../ops/index.js';

const BARS = '▁▂▃▄▅▆▇█';
/** Looks that are remembered. */
const MOST = 600;

export class Throughput {
  #last: { at: number; pid: number; delivered: number } | undefined;
  readonly #rates: number[] = [];

  /** @param at ms, of a clock that only goes forward */
  note({ pid, queues }: Status, at: number): void {
    const delivered = queues.reduce((sum, { counters }) => sum + counters.delivered, 0);
    const last = this.#last;
    this.#last = { at, pid, delivered };
    // Another process counts from zero.
    if (last === undefined || last.pid !== pid || at <= last.at) return;
    this.#rates.push(Math.max(0, delivered - last.delivered) / ((at - last.at) / 1000));
    if (this.#rates.length > MOST) this.#rates.shift();
  }

  /** Events delivered a second by all queues, the latest to the right; '' before there are two looks. @param width columns */
  line(width: number): string {
    if (this.#rates.length === 0) return '';
    const shown = this.#rates.slice(-Math.max(1, width));
    const top = Math.max(...shown);
    const bar = (value: number) =>
      BARS[top === 0 ? 0 : Math.min(BARS.length - 1, Math.floor((value / top) * BARS.length))] ?? '';
    return shown.map(bar).join('');
  }

  /** The most of what {@link line} shows. */
  top(width: number): number {
    return Math.max(0, ...this.#rates.slice(-Math.max(1, width)));
  }
}
