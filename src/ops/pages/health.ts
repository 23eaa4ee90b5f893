/** Whether the daemon does its work, and why not. */
import { type Html, html } from './html.js';
import type { Overview, View } from './view.js';

/** Alone in the live region: a reader is told when it changes, and the reasons may count seconds. */
export function headline({ texts: t }: View, { status: { ready, reasons } }: Overview): Html {
  return html`<p class="headline ${ready ? 'good' : 'bad'}"><span class="dot" aria-hidden="true"></span>${
    ready ? t.ready : t.notReady(reasons.length)
  }</p>`;
}

export function reasonList({ texts: t }: View, { status: { ready, reasons } }: Overview): Html {
  if (ready) return html`<p class="quiet">${t.readyWhy}</p>`;
  return html`<ul class="reasons" aria-label="${t.healthReasons}">${reasons.map(
    (reason) => html`<li>${reason}</li>`,
  )}</ul>`;
}

export function aboutProcess(
  { texts: t, format }: View,
  { now, status }: Pick<Overview, 'now' | 'status'>,
): Html {
  const { version, pid, startedAt, role, slices } = status;
  const up = t.upFor(format.duration(Math.max(1, Math.round((now - Date.parse(startedAt)) / 1000))));
  return html`<span>${version}</span><span>${t.process(pid)}</span>${role !== 'all' && html`<span>${t.role[role]}</span>`}<span>${t.slices(
    slices.count,
    slices.mode,
  )}</span><span>${up}</span>`;
}
