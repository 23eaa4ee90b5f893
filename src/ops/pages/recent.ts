/** What became of the latest events, or of those that were searched for. */
import { maskMobiles, maskPhones } from '../../mask.js';
import type { RecentEvent } from '../../stats.js';
import { nothing } from './figures.js';
import { type Html, html, type Value } from './html.js';
import { failure } from './letters.js';
import { table } from './table.js';
import type { Overview, View } from './view.js';

export function recentTable(view: View, { recent, query, now }: Overview): Html {
  const { texts: t, format, unmask } = view;
  if ('failed' in recent) return failure(view, recent);
  if (recent.found.length === 0)
    return html`<p class="empty">${query === '' ? t.noRecent : t.noRecentFound}</p>`;
  const columns = [
    { name: t.message },
    { name: t.type },
    { name: t.outcome },
    { name: t.keys, kind: 'wide' },
    { name: t.phone },
    { name: t.when, kind: 'num' },
  ] as const;
  const rows = recent.found.map((event) => [
    html`<span class="name">${event.id}</span>`,
    event.messageType,
    html`<span class="state ${tone(event)}"><span class="dot" aria-hidden="true"></span>${t.outcomes[event.outcome]}</span>`,
    keys(view, event),
    event.phone === undefined ? nothing(t.none) : unmask ? event.phone : maskPhones(event.phone),
    format.ago(event.at, now),
  ]);
  return table('recent-title', columns, rows);
}

function tone({ outcome }: RecentEvent): string {
  return { delivered: 'good', dead: 'bad', filtered: '', duplicate: '' }[outcome];
}

/** What one chooses oneself, as an out_id, may have a phone number in it. */
function keys({ texts: t, unmask }: View, { bizId, callId, outId, subject }: RecentEvent): Value {
  const named: [string, string | undefined][] = [
    ['biz_id', bizId],
    ['call_id', callId],
    ['out_id', outId],
  ];
  const found = named.filter((pair): pair is [string, string] => pair[1] !== undefined && pair[1] !== '');
  if (found.length === 0 && subject !== undefined) found.push(['subject', subject]);
  if (found.length === 0) return nothing(t.none);
  return html`<span class="keys">${found.map(
    ([name, value]) => html`<span><i>${name}</i> ${unmask ? value : maskMobiles(value)}</span>`,
  )}</span>`;
}
