/** Numbers and times as people read them, in the language of the page. */
import { type Language, TEXTS, type Texts } from './texts.js';

export class Format {
  readonly #language: Language;
  readonly #texts: Texts;

  constructor(language: Language) {
    this.#language = language;
    this.#texts = TEXTS[language];
  }

  /** At most so many digits behind the point. */
  number(value: number, digits = 0): string {
    return value.toLocaleString(this.#language, { maximumFractionDigits: digits });
  }

  rate(perSecond: number): string {
    return this.number(perSecond, perSecond < 10 ? 1 : 0);
  }

  /** Two figures are enough to tell an hour from a day. */
  duration(seconds: number): string {
    const t = this.#texts;
    const part = (value: number) => this.number(Math.floor(value));
    if (seconds < 0.0005) return t.milliseconds('0');
    if (seconds < 1) return t.milliseconds(this.number(seconds * 1000));
    if (seconds < 10) return t.seconds(this.number(seconds, 1));
    if (seconds < 100) return t.seconds(part(seconds));
    const minutes = seconds / 60;
    if (minutes < 100) return t.minutes(part(minutes));
    const hours = minutes / 60;
    return hours < 48 ? t.hours(part(hours)) : t.days(part(hours / 24));
  }

  /** A time that has passed, whole seconds: what it counts is known no better. */
  ago(at: number, now: number): string {
    return this.#texts.ago(this.duration(Math.max(1, Math.round((now - at) / 1000))));
  }
}
