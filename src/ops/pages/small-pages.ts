/** The pages that say or ask one thing: logging in, whether to drop, what went wrong. */
import { maskPhones } from '../../mask.js';
import type { DeadLetterSummary } from '../../pipeline/index.js';
import { type Html, html } from './html.js';
import { type Frame, layout } from './layout.js';
import type { View } from './view.js';

type Means = Pick<Frame, 'assets'>;

export interface Login {
  /** Where to go then. */
  next: string;
  /** Why it is asked again. */
  refused?: 'wrong' | { waitSeconds: number };
  /** Whether the browser would keep the cookie. */
  works: boolean;
}

export function loginPage(view: View, { next, refused, works }: Login, { assets }: Means): Html {
  const { texts: t, format } = view;
  const why =
    refused === 'wrong' ? t.loginWrong : refused && t.loginTooMany(format.duration(refused.waitSeconds));
  const main = html`<section class="card dialog">
<h1>${t.loginTitle}</h1>
<p class="quiet" id="help">${t.loginHelp}</p>
${!works && html`<p class="warning" role="alert">${t.loginPlain}</p>`}
${why && html`<p class="warning" role="alert" id="why">${why}</p>`}
<form method="post" action="/login">
<input type="hidden" name="next" value="${next}">
<label for="token">${t.loginToken}</label>
<input id="token" name="token" type="password" required autocomplete="current-password" autofocus aria-describedby="help${why && ' why'}"${
    refused === 'wrong' && html` aria-invalid="true"`
  }>
<button class="primary">${t.login}</button>
</form>
</section>`;
  const here = `/login?next=${encodeURIComponent(next)}`;
  return layout(view, { assets, title: t.loginTitle, here, main });
}

/** @param letter undefined when there is none (any more) */
export function dropPage(
  view: View,
  { id, query, letter }: { id: string; query: string; letter: DeadLetterSummary | undefined },
  { assets }: Means,
): Html {
  const { texts: t, format, unmask } = view;
  const back = query === '' ? '/' : `/?q=${encodeURIComponent(query)}`;
  const here = `/dead/drop?${new URLSearchParams({ id, q: query })}`;
  const main =
    letter === undefined
      ? html`<section class="card dialog"><h1>${t.deadLetters}</h1><p>${t.noSuchLetter}</p><p><a href="${back}">${t.back}</a></p></section>`
      : html`<section class="card dialog">
<h1>${t.dropTitle}</h1>
<dl class="facts">
<div><dt>${t.message}</dt><dd class="name">${letter.messageId}</dd></div>
<div><dt>${t.queue}</dt><dd>${letter.queueName} · ${letter.messageType}</dd></div>
<div><dt>${t.reason}</dt><dd>${unmask ? letter.reason : maskPhones(letter.reason)}</dd></div>
<div><dt>${t.attempts}</dt><dd>${format.number(letter.attempts)}</dd></div>
</dl>
<p class="warning">${t.dropWarning}</p>
<form method="post" action="/dead/drop" class="choice"><input type="hidden" name="id" value="${id}"><input type="hidden" name="q" value="${query}"><button class="danger filled">${t.dropConfirm}</button><a href="${back}">${t.cancel}</a></form>
</section>`;
  return layout(view, { assets, title: t.dropTitle, here, main });
}

export function messagePage(
  view: View,
  { title, message, here = '/' }: { title: string; message: string; here?: string },
  { assets }: Means,
): Html {
  const main = html`<section class="card dialog"><h1>${title}</h1><p>${message}</p><p><a href="/">${view.texts.back}</a></p></section>`;
  return layout(view, { assets, title, here, main });
}
