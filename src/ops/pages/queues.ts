/** The queues, a row each: whether they keep up, and what was wrong last. */
import type { QueueStatus } from '../status.js';
import { nothing } from './figures.js';
import { type Html, html, type Value } from './html.js';
import { table } from './table.js';
import type { Overview, View } from './view.js';

/** s; a token that ends sooner and is not renewed is about to stop the queue. */
const SOON = 60;

export function queueTable(view: View, { now, status: { queues } }: Overview): Html {
  const { texts: t, format } = view;
  if (queues.length === 0) return html`<p class="empty">${t.noQueues}</p>`;
  const columns = [
    { name: t.queue },
    { name: t.lag, kind: 'num' },
    { name: t.rateIn, kind: 'num' },
    { name: t.rateOut, kind: 'num' },
    { name: t.inFlight, kind: 'num' },
    { name: t.waiting, kind: 'num' },
    { name: t.oldest, kind: 'num' },
    { name: t.token, kind: 'num' },
    { name: t.lastError, kind: 'wide' },
  ] as const;
  const rate = (perSecond: number | undefined) =>
    perSecond === undefined
      ? nothing(t.unknown)
      : html`${format.rate(perSecond)}<small>${t.perSecond}</small>`;
  const rows = queues.map((queue) => [
    html`<span class="name">${queue.queueName}</span><span class="sub">${queue.messageType}</span>`,
    queue.lagSeconds === undefined ? nothing(t.unknown) : format.duration(queue.lagSeconds),
    rate(queue.rate?.received),
    rate(queue.rate?.delivered),
    format.number(queue.inFlight),
    format.number(queue.backlog),
    oldest(view, queue, now),
    token(view, queue),
    lastError(view, queue, now),
  ]);
  return table('queues-title', columns, rows);
}

function oldest({ texts: t, format }: View, { oldestUndeliveredAt: at }: QueueStatus, now: number): Value {
  if (at === undefined) return nothing(t.unknown);
  return at === 0 ? nothing(t.none) : format.ago(at, now);
}

function token(
  { texts: t, format }: View,
  { token: { expiresInSeconds, nextRefreshInSeconds, lastError } }: QueueStatus,
) {
  if (expiresInSeconds === undefined) return html`<span class="bad-text">${t.tokenNone}</span>`;
  if (expiresInSeconds <= 0) return html`<span class="bad-text">${t.tokenEnded}</span>`;
  const ends = t.tokenEnds(format.duration(expiresInSeconds));
  const next =
    nextRefreshInSeconds === undefined
      ? nothing(t.unknown)
      : nextRefreshInSeconds <= 0
        ? t.tokenNow
        : t.tokenIn(format.duration(nextRefreshInSeconds));
  const worry = lastError !== undefined || expiresInSeconds < SOON;
  return html`${next}<span class="sub ${worry && 'bad-text'}">${ends}</span>`;
}

/** What is wrong now comes before what was wrong last. */
function lastError({ texts: t, format }: View, queue: QueueStatus, now: number): Value {
  const { problem, token, lastError: last } = queue;
  const current = problem || token.lastError;
  if (current) return html`<span class="bad-text">${current}</span>`;
  if (last === undefined) return nothing(t.none);
  return html`${last.text}<span class="sub">${format.ago(last.at, now)}</span>`;
}
