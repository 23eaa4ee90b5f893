/** The sinks and their circuits. */
import { nothing } from './figures.js';
import { type Html, html } from './html.js';
import { table } from './table.js';
import type { Overview, View } from './view.js';

export function sinkTable({ texts: t, format }: View, { now, status: { role, sinks } }: Overview): Html {
  if (sinks.length === 0) return html`<p class="empty">${role === 'poll' ? t.sinksElsewhere : t.noSinks}</p>`;
  const columns = [
    { name: t.sink },
    { name: t.type },
    { name: t.state },
    { name: t.delivered, kind: 'num' },
    { name: t.failed, kind: 'num' },
    { name: t.problem, kind: 'wide' },
  ] as const;
  const rows = sinks.map(({ name, type, state, downSince, delivered, failed, problem }) => {
    const since = downSince !== undefined && t.since(format.duration(Math.max(1, (now - downSince) / 1000)));
    return [
      html`<span class="name">${name}</span>`,
      type ?? t.handler,
      html`<span class="state ${state === 'up' ? 'good' : 'bad'}"><span class="dot" aria-hidden="true"></span>${
        state === 'up' ? t.sinkUp : t.sinkDown
      }</span>${since && html`<span class="sub">${since}</span>`}`,
      format.number(delivered),
      format.number(failed),
      problem ? html`<span class="bad-text">${problem}</span>` : nothing(t.none),
    ];
  });
  return table('sinks-title', columns, rows);
}
