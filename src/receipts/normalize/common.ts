/** What the normalizers of all types share. */
import type { Fields } from './fields.js';
import type { ReasonTable } from './reasons/table.js';
import type { Normalized, NormalizedCommon, Reason } from './types.js';

/** Makes the view of one message type. Never throws, whatever the fields hold. */
export type Normalizer = (fields: Fields, common: NormalizedCommon) => Normalized;

/** The reason in a field, undefined when the field is empty. */
export function reasonIn(
  table: ReasonTable,
  fields: Fields,
  field: string,
  textField?: string,
): Reason | undefined {
  const code = fields.text(field);
  if (code === undefined) return undefined;
  return table.reason(field, code, textField === undefined ? undefined : fields.text(textField));
}

/** `common` with the business id, when there is one. */
export function withId(common: NormalizedCommon, id: string | undefined): NormalizedCommon {
  return id === undefined ? common : { ...common, id };
}

/** Seconds from one ISO time to another; undefined when either is missing or they are in the wrong order. */
export function secondsBetween(from: string | undefined, to: string | undefined): number | undefined {
  if (from === undefined || to === undefined) return undefined;
  const seconds = (Date.parse(to) - Date.parse(from)) / 1000;
  return seconds >= 0 ? seconds : undefined;
}
