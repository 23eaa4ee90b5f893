import * as z from 'zod';

/**
 * The vocabulary the schema is written in. Every rule refuses with one phrase that reads on after the key
 * ("must be between 1 and 16, got 40") and never repeats a value that may hold a secret.
 */

/** A value as people should see it in a message: scalars as written, anything larger by its kind only. */
export function show(value: unknown): string {
  if (typeof value === 'object') return kind(value);
  if (typeof value !== 'string') return String(value);
  return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
}

/** What kind of value something is, for messages that must not repeat it. */
export function kind(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'string') return 'text';
  return typeof value === 'object' ? 'a mapping' : `a ${typeof value}`;
}

/** A phrase with the refused value behind it. */
export function must(phrase: string): (issue: { input?: unknown }) => string {
  return ({ input }) => (input === undefined ? 'is required' : `must ${phrase}, got ${show(input)}`);
}

/** Such a phrase again, without the value. */
export function withoutValue(message: string): string {
  return message.replace(/, got .*$/s, '');
}

/** A whole number in a closed range. */
export function whole(min: number, max: number) {
  const error = must(`be between ${min} and ${max}`);
  return z
    .int({ error: must(`be a whole number between ${min} and ${max}`) })
    .min(min, { error })
    .max(max, { error });
}

/** One of some words. */
export function oneOf<const T extends readonly [string, ...string[]]>(words: T) {
  return z.enum(words, { error: must(`be ${words.join(' or ')}`) });
}

/** Text of a given shape, the shape described in words. */
export function text(shape: RegExp, phrase: string) {
  return z.string({ error: must('be text') }).regex(shape, { error: must(phrase) });
}

/** A path, read relative to the working directory. */
export const filePath = text(/./, 'not be empty');

/** Text that must not appear in any message. */
export function secretText() {
  return z
    .string({ error: ({ input }) => `must be text, got ${kind(input)} (put it in quotes)` })
    .meta({ writeOnly: true });
}

/** An HTTP origin: a trailing slash is dropped, anything further is refused. */
export function origin() {
  return z
    .string({ error: must('be an http:// or https:// URL') })
    .refine(isOrigin, { error: 'must be an http:// or https:// URL of a host, without path, query or user' })
    .transform((url) => new URL(url).origin);
}

/** When a rule over several keys may run: once each of them is right by itself, whatever else is wrong. */
export function whenSound(...keys: string[]) {
  const spoils = ({ code, path }: { code: string; path?: PropertyKey[] | undefined }) =>
    path?.length ? keys.includes(String(path[0])) : code !== 'unrecognized_keys';
  return { when: ({ issues }: z.core.ParsePayload) => !issues.some(spoils) };
}

/** Which items repeat an earlier one's key, as [index, index of the first]. Items without a key never do. */
export function repeated<T>(items: T[], key: (item: T) => string | undefined): [number, number][] {
  const keys = items.map(key);
  return keys.flatMap((value, index): [number, number][] => {
    const first = keys.indexOf(value);
    return value !== undefined && first < index ? [[index, first]] : [];
  });
}

function isOrigin(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const url = new URL(value);
  return /^https?:$/.test(url.protocol) && url.href === `${url.origin}/`;
}
