/** The newest dead letters, or those that were searched for, with what can be done about each. */
import { createHash } from 'node:crypto';
import type { DeadLetterSummary } from '../../pipeline/index.js';
import { type Html, html } from './html.js';
import { table } from './table.js';
import type { Answer, Overview, View } from './view.js';

export function letterTable(view: View, { letters, query, now }: Overview): Html {
  const { texts: t, format, role } = view;
  if ('failed' in letters) return failure(view, letters);
  const { total, deadLetters } = letters.found;
  if (deadLetters.length === 0)
    return html`<p class="empty">${query === '' ? t.noLetters : t.noLettersFound}</p>`;
  const mayAct = role === 'operator';
  const columns = [
    { name: t.message },
    { name: t.reason, kind: 'wide' },
    { name: t.attempts, kind: 'num' },
    { name: t.died, kind: 'num' },
    ...(mayAct ? [{ name: t.actions, unseen: true }] : []),
  ] as const;
  const rows = deadLetters.map((letter) => [
    html`<span class="name">${letter.messageId}</span><span class="sub">${letter.messageType} · ${letter.queueName}</span>`,
    letter.reason,
    format.number(letter.attempts),
    format.ago(Date.parse(letter.diedAt), now),
    ...(mayAct ? [actions(view, letter, query)] : []),
  ]);
  const shown = total > deadLetters.length;
  return html`${table('letters-title', columns, rows)}${
    shown &&
    html`<p class="quiet">${t.lettersShown(format.number(deadLetters.length), format.number(total))}</p>`
  }`;
}

/** Dropping asks first, which is a page of its own; both know where to come back to. */
function actions({ texts: t }: View, { messageId }: DeadLetterSummary, query: string): Html {
  // The same in the next rendering, so that the focus can be put back; ids of messages may hold anything.
  const key = createHash('sha256').update(messageId).digest('hex').slice(0, 12);
  const fields = html`<input type="hidden" name="id" value="${messageId}"><input type="hidden" name="q" value="${query}">`;
  return html`<span class="actions"><form method="post" action="/dead/retry">${fields}<button id="retry-${key}" aria-label="${t.retryThis(
    messageId,
  )}">${t.retry}</button></form><form method="get" action="/dead/drop">${fields}<button id="drop-${key}" class="danger" aria-label="${t.dropThis(
    messageId,
  )}">${t.drop}</button></form></span>`;
}

export function failure({ texts: t }: View, { failed }: Extract<Answer<unknown>, { failed: unknown }>): Html {
  if (failed === 'closed') return html`<p class="empty">${t.storeClosed}</p>`;
  const why = failed === 'slow' ? t.storeSlow : failed.why;
  return html`<p class="empty bad-text">${t.storeFails(why)}</p>`;
}
