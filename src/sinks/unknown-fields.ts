/** Fields of a sink's `where` that no published receipt has: most likely mistyped, and then nothing, or everything, passes. */
import { nearest } from '../config/index.js';
import { catalog, isKnownType } from '../receipts/index.js';
import type { Where } from './where.js';

/**
 * @param types message types that the sink takes; undefined for all
 * @returns one line a field; none where a type is taken whose fields are not published
 */
export function unknownFields(where: Where, types: readonly string[] | undefined): string[] {
  const taken = (types ?? Object.keys(catalog)).map((type) =>
    isKnownType(type) ? catalog[type] : undefined,
  );
  const shapes = taken.map((type) => type?.shapes.flatMap(({ schema }) => Object.keys(schema.shape)) ?? []);
  if (types !== undefined && shapes.some((fields) => fields.length === 0)) return [];
  const known = new Set(shapes.flat());
  return Object.keys(where).flatMap((path) => {
    const [root, field] = path.split('.');
    if (root !== 'data' || field === undefined || known.has(field)) return [];
    const meant = nearest(field, known);
    const advice = meant === undefined ? '' : `, did you mean data.${meant}?`;
    return [`${path} is a field of none of the receipts that this sink takes${advice}`];
  });
}
