/** Numbers and times as people read them, in the language of the page. */
import type { Language } from './language.js';
import { TEXTS, type Texts } from './texts.js';

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

  /** As exact as it matters: 0.4 s, 12 s, 45 min, 1 h 50 min, 26 h, 4 d. */
  duration(seconds: number): string {
    const t = this.#texts;
    const whole = (value: number) => this.number(Math.floor(value));
    if (seconds < 10) return t.seconds(this.number(Math.max(0, seconds), 1));
    if (seconds < 100) return t.seconds(whole(seconds));
    const minutes = seconds / 60;
    if (minutes < 60) return t.minutes(whole(minutes));
    const hours = minutes / 60;
    if (hours < 10) return t.hoursAndMinutes(whole(hours), whole(minutes % 60));
    return hours < 48 ? t.hours(whole(hours)) : t.days(whole(hours / 24));
  }

  /** How long something took, which is often less than a second. */
  latency(seconds: number): string {
    return seconds < 1
      ? this.#texts.milliseconds(this.number(seconds * 1000, seconds < 0.01 ? 1 : 0))
      : this.duration(seconds);
  }

  /** A time that has passed, whole seconds: what it counts is known no better. */
  ago(at: number, now: number): string {
    return this.#texts.ago(this.duration(Math.max(1, Math.round((now - at) / 1000))));
  }
}
