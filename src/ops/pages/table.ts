/** A table that scrolls by itself where the window is too narrow, with the keyboard as well. */
import { type Html, html, type Value } from './html.js';

export interface Column {
  name: string;
  /** num: to the right, in figures of one width; wide: takes what room there is, and wraps. */
  kind?: 'num' | 'wide';
  /** The heading is for the ear alone. */
  unseen?: boolean;
}

/** @param labelledBy id of its heading @param rows each a cell a column; the first one names the row */
export function table(
  labelledBy: string,
  columns: readonly Column[],
  rows: readonly (readonly Value[])[],
): Html {
  const head = columns.map(
    ({ name, kind, unseen }) =>
      html`<th scope="col" class="${kind ?? ''}">${unseen ? html`<span class="unseen">${name}</span>` : name}</th>`,
  );
  const body = rows.map(
    (cells) =>
      html`<tr>${cells.map((cell, index) => {
        const kind = columns[index]?.kind ?? '';
        return index === 0
          ? html`<th scope="row" class="${kind}">${cell}</th>`
          : html`<td class="${kind}">${cell}</td>`;
      })}</tr>
`,
  );
  return html`<div class="scroll" role="group" aria-labelledby="${labelledBy}" tabindex="0"><table aria-labelledby="${labelledBy}">
<thead><tr>${head}</tr></thead>
<tbody>${body}</tbody>
</table></div>`;
}
