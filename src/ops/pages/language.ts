/** Which language a page is in. */
import { TEXTS } from './texts.js';

export type Language = keyof typeof TEXTS;

export function isLanguage(name: string | undefined): name is Language {
  return name !== undefined && Object.hasOwn(TEXTS, name);
}

/** The first of the languages a browser asks for that there is, by its weights; English where there is none. */
export function preferredLanguage(acceptLanguage: string | undefined): Language {
  const asked = (acceptLanguage ?? '').split(',', 20).map((part) => {
    const [tag = '', ...parameters] = part.trim().toLowerCase().split(';');
    const weight = parameters.map((text) => /^\s*q=([\d.]+)$/.exec(text)?.[1]).find(Boolean);
    return { language: tag.split('-')[0], weight: Number(weight ?? 1) };
  });
  const known = asked.filter(({ weight }) => weight > 0).sort((a, b) => b.weight - a.weight);
  return known.map(({ language }) => language).find(isLanguage) ?? 'en';
}
