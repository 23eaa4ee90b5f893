/** The overview: the one page that says how the daemon is. */
import { type Html, html } from './html.js';
import { type Frame, layout } from './layout.js';
import { type Part, renderParts } from './parts.js';
import type { Texts } from './texts.js';
import type { Overview, View } from './view.js';

export type Notice = keyof Texts['notices'];

export function overviewPage(
  view: View,
  overview: Overview,
  { assets, notice }: Pick<Frame, 'assets'> & { notice?: Notice | undefined },
): Html {
  const { texts: t } = view;
  const { query } = overview;
  const parts = renderParts(view, overview);
  const part = (name: Part) => html`<div data-part="${name}">${parts[name]}</div>`;
  const section = (name: Part, title: string) =>
    html`<section class="card" aria-labelledby="${name}-title"><h2 id="${name}-title">${title}</h2>${part(name)}</section>`;
  const main = html`
<h1 class="unseen">${t.title}</h1>
${notice !== undefined && html`<p class="notice" role="status">${t.notices[notice]}</p>`}
<section class="card health" aria-labelledby="health-title">
<h2 id="health-title" class="unseen">${t.healthTitle}</h2>
<div data-part="headline" aria-live="polite" aria-atomic="true">${parts.headline}</div>
${part('reasons')}
</section>
<section aria-labelledby="figures-title"><h2 id="figures-title" class="unseen">${t.figuresTitle}</h2>${part('figures')}</section>
${query === '' && section('queues', t.queuesTitle)}
${query === '' && section('traffic', t.trafficTitle)}
${query === '' && section('sinks', t.sinksTitle)}
<section class="card find" aria-labelledby="find-title">
<h2 id="find-title"${query === '' && html` class="unseen"`}>${query === '' ? t.findTitle : t.resultsFor(query)}</h2>
<form method="get" action="/" role="search"><label for="q">${t.findLabel}</label>
<input id="q" name="q" type="search" value="${query}" maxlength="200" autocomplete="off" spellcheck="false"><button class="primary">${t.find}</button>${
    query !== '' && html`<a href="/">${t.clear}</a>`
  }</form>
</section>
${section('letters', t.lettersTitle)}
${section('recent', t.recentTitle)}`;
  const here = query === '' ? '/' : `/?q=${encodeURIComponent(query)}`;
  return layout(view, { assets, title: t.title, here, about: parts.about, live: true, main });
}
