/**
 * HTML from templates. Whatever is put into one is escaped, unless it came out of one; characters that no text has any use
 * for, controls and those that turn the direction of what follows, become U+FFFD.
 */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** Nothing is shown of undefined and false, as `condition && …` gives them. */
export type Value = Html | string | number | undefined | false | readonly Value[];

export function html(strings: TemplateStringsArray, ...values: Value[]): Html {
  return new Html(strings.map((text, index) => text + textOf(values[index])).join(''));
}

export function escapeHtml(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Cs}\u202a-\u202e\u2066-\u2069]/gu, (found) => (/\s/.test(found) ? ' ' : '\ufffd'))
    .replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

function textOf(value: Value): string {
  if (value === undefined || value === false) return '';
  if (value instanceof Html) return value.text;
  return typeof value === 'object' ? value.map(textOf).join('') : escapeHtml(String(value));
}
