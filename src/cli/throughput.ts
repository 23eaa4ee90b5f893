/** What successive looks at a daemon tell of its speed, also where it does not tell that itself; drawn as a sparkline. */
import type { Status } from '../ops/index.js';

const BARS = '▁▂▃▄▅▆▇█';
/** Looks that are remembered. */
const MOST = 600;

interface Rate {
  received: number;
  delivered: number;
}

export class Throughput {
  #last: { at: number; pid: number; totals: ReadonlyMap<string, Rate> } | undefined;
  #rates = new Map<string, Rate>();
  readonly #delivered: number[] = [];

  /** Of the last two looks, by queue; empty before. */
  get rates(): ReadonlyMap<string, Rate> {
    return this.#rates;
  }

  /** @param at ms, of a clock that only goes forward */
  note({ pid, queues }: Status, at: number): void {
    const totals = new Map(
      queues.map(({ queueName, counters: { received, delivered } }) => [queueName, { received, delivered }]),
    );
    const last = this.#last;
    this.#last = { at, pid, totals };
    // Another process counts from zero.
    if (last === undefined || last.pid !== pid || at <= last.at) {
      this.#rates = new Map();
      return;
    }
    const seconds = (at - last.at) / 1000;
    const rate = (now: number, before = 0) => Math.max(0, now - before) / seconds;
    this.#rates = new Map(
      [...totals].map(([name, { received, delivered }]) => {
        const before = last.totals.get(name);
        return [
          name,
          { received: rate(received, before?.received), delivered: rate(delivered, before?.delivered) },
        ];
      }),
    );
    this.#delivered.push([...this.#rates.values()].reduce((sum, one) => sum + one.delivered, 0));
    if (this.#delivered.length > MOST) this.#delivered.shift();
  }

  /** Events delivered a second by all queues, the latest to the right; '' before there are two looks. @param width columns */
  line(width: number): string {
    if (this.#delivered.length === 0) return '';
    const shown = this.#delivered.slice(-Math.max(1, width));
    const top = Math.max(...shown);
    const bar = (value: number) =>
      BARS[top === 0 ? 0 : Math.min(BARS.length - 1, Math.floor((value / top) * BARS.length))] ?? '';
    return shown.map(bar).join('');
  }

  /** The most of what {@link line} shows. */
  top(width: number): number {
    return Math.max(0, ...this.#delivered.slice(-Math.max(1, width)));
  }
}
