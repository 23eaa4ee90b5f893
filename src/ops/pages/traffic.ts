/** Throughput and latency of the last hour, each as a picture, as numbers beside it, and as a sentence. */
import type { HistoryPoint } from '../status.js';
import { type Html, html } from './html.js';
import { type Line, sparkline } from './sparkline.js';
import type { Overview, View } from './view.js';

export function trafficCharts({ texts: t, format }: View, { now, history }: Overview): Html {
  if (history.length === 0) return html`<p class="empty">${t.noHistory}</p>`;
  const step = Math.max(...history.map(({ seconds }) => seconds)) * 1000;
  const lineOf = (name: string, of: (point: HistoryPoint) => number | undefined): Line => ({
    name,
    points: history.flatMap((point) => {
      const value = of(point);
      return value === undefined ? [] : [{ at: point.at, value }];
    }),
  });
  const received = lineOf('second', ({ received, seconds }) => received / seconds);
  const delivered = lineOf('first', ({ delivered, seconds }) => delivered / seconds);
  const p50 = lineOf('first', (point) => point.p50);
  const p95 = lineOf('second', (point) => point.p95);
  const rate = (value: number) => `${format.rate(value)}${t.perSecond}`;
  const throughput = chart(t.throughput, {
    picture: sparkline([received, delivered], {
      now,
      step,
      label: t.throughputText(format.rate(last(delivered)), format.rate(most(delivered))),
    }),
    legend: [
      ['first', t.delivered, rate(last(delivered))],
      ['second', t.received, rate(last(received))],
    ],
    top: rate(Math.max(most(delivered), most(received))),
    from: t.hourAgo,
    to: t.now,
  });
  if (p50.points.length === 0)
    return html`<div class="charts">${throughput}<figure><figcaption><h3>${t.latency}</h3></figcaption><p class="empty">${t.noLatency}</p></figure></div>`;
  const [half, nearly, worst] = [last(p50), last(p95), Math.max(most(p50), most(p95))].map((s) =>
    format.latency(s),
  );
  const latency = chart(t.latency, {
    picture: sparkline([p95, p50], {
      now,
      step,
      label: t.latencyText(half ?? '', nearly ?? '', format.latency(most(p95))),
    }),
    legend: [
      ['first', t.half, half ?? ''],
      ['second', t.most, nearly ?? ''],
    ],
    top: worst ?? '',
    from: t.hourAgo,
    to: t.now,
  });
  return html`<div class="charts">${throughput}${latency}</div>`;
}

interface Chart {
  picture: Html;
  /** Colour, name and latest value of each line. */
  legend: [string, string, string][];
  /** What the upper edge stands for. */
  top: string;
  from: string;
  to: string;
}

function chart(title: string, { picture, legend, top, from, to }: Chart): Html {
  const keys = legend.map(
    ([name, text, value]) =>
      html`<li class="${name}"><span class="key" aria-hidden="true"></span>${text} <b>${value}</b></li>`,
  );
  return html`<figure><figcaption><h3>${title}</h3><ul class="legend">${keys}</ul></figcaption>${picture}<p class="axis" aria-hidden="true"><span>${from}</span><span>↑ ${top}</span><span>${to}</span></p></figure>`;
}

function last({ points }: Line): number {
  return points.at(-1)?.value ?? 0;
}

function most({ points }: Line): number {
  return Math.max(0, ...points.map(({ value }) => value));
}
