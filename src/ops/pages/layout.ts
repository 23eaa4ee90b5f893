/** The frame of every page: what is in its head, who it is for, the languages, and the way out. */
import type { Assets } from './assets.js';
import { type Html, html } from './html.js';
import type { Language } from './language.js';
import { TEXTS } from './texts.js';
import type { View } from './view.js';

export interface Frame {
  assets: Assets;
  title: string;
  /** The path to come back to when another language was chosen. */
  here: string;
  /** In the header, beside the name. */
  about?: Html;
  /** Of what the page is kept up to date. */
  live?: boolean;
  main: Html;
}

export function layout(view: View, { assets, title, here, about, live = false, main }: Frame): Html {
  const { texts: t } = view;
  return html`<!doctype html>
<html lang="${t.html}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>${title} · receiptd</title>
<link rel="icon" type="image/svg+xml" href="${assets.url('icon.svg')}">
<link rel="stylesheet" href="${assets.url('style.css')}">
${live && html`<script type="module" src="${assets.url('live.js')}"></script>`}
</head>
<body>
<a class="skip" href="#main">${t.skip}</a>
<header class="top"><div class="bar">
<a class="brand" href="/"><img src="${assets.url('icon.svg')}" alt="" width="22" height="22">receiptd</a>
<p class="about" data-part="about">${about}</p>
<nav aria-label="receiptd">
${live && html`<span class="live" data-live="${here}" data-on="${t.liveOn}" data-waiting="${t.liveWaiting}" data-off="${t.liveOff}"></span><noscript><a href="${here}">${t.reload}</a></noscript>`}
${view.role === 'viewer' && html`<span class="tag">${t.readOnly}</span>`}
${view.role !== undefined && html`<a href="/queues">${t.browser}</a>`}
<form method="post" action="/language" aria-label="${t.language}"><input type="hidden" name="next" value="${here}">${(
    Object.keys(TEXTS) as Language[]
  )
    .filter((language) => language !== view.language)
    .map(
      (language) =>
        html`<button class="link" name="language" value="${language}" lang="${TEXTS[language].html}">${TEXTS[language].name}</button>`,
    )}</form>
${view.canLogOut && html`<form method="post" action="/logout"><button class="link">${t.logout}</button></form>`}
</nav>
</div></header>
<main id="main" tabindex="-1">
${main}
</main>
</body>
</html>
`;
}
