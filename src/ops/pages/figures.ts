/** The daemon in a line of numbers: what all queues together do right now. */
import type { QueueStatus } from '../status.js';
import { type Html, html, type Value } from './html.js';
import type { Overview, View } from './view.js';

export function figureRow({ texts: t, format }: View, { status: { queues }, dead }: Overview): Html {
  const sum = (of: (queue: QueueStatus) => number) => queues.reduce((total, queue) => total + of(queue), 0);
  const perSecond = (of: (queue: QueueStatus) => number | undefined) =>
    queues.some((queue) => of(queue) !== undefined)
      ? html`${format.rate(sum((queue) => of(queue) ?? 0))}<small aria-hidden="true">${t.perSecond}</small><span class="unseen"> ${t.perSecondSpoken}</span>`
      : nothing(t.unknown);
  const lags = queues.flatMap(({ lagSeconds }) => (lagSeconds === undefined ? [] : [lagSeconds]));
  return html`<dl class="figures">
${figure(
  t.received,
  perSecond(({ rate }) => rate?.received),
)}
${figure(
  t.delivered,
  perSecond(({ rate }) => rate?.delivered),
)}
${figure(t.inFlight, format.number(sum(({ inFlight }) => inFlight)))}
${figure(t.waiting, format.number(sum(({ backlog }) => backlog)))}
${figure(t.lagLongest, lags.length > 0 ? format.duration(Math.max(...lags)) : nothing(t.unknown))}
${figure(t.deadLetters, dead === undefined ? nothing(t.unknown) : format.number(dead))}
</dl>`;
}

/** For the eye a dash, for the ear what it means. */
export function nothing(spoken: string): Html {
  return html`<span class="nothing"><span aria-hidden="true">–</span><span class="unseen">${spoken}</span></span>`;
}

function figure(name: string, value: Value): Html {
  return html`<div><dt>${name}</dt><dd>${value}</dd></div>`;
}
