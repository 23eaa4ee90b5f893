/** What admin requests bring along, checked. */
export type Json = Record<string, unknown>;

/** The request is wrong: answered as 400. */
export class BadRequest extends Error {}

export function parseJson(body: string): Json {
  const value: unknown = JSON.parse(body);
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new BadRequest('expected an object');
  return value as Json;
}

export function wholeCount({ count }: Json): number {
  if (typeof count === 'number' && Number.isInteger(count) && count >= 1) return count;
  throw new BadRequest('count is a whole number from 1');
}
