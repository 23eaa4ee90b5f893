/** Which events are the same to whoever receives them, and who of those that bring one delivers it. */
import type { Config } from '../config/index.js';
import type { EventRecord } from '../receipts/index.js';
import type { Claim, ClaimState, Claims } from './backend.js';

/** What makes an event a duplicate of another, and who knows. */
export interface Dedupe {
  claims: Claims;
  /** Undefined when the event cannot be a duplicate of any. */
  keyOf(record: EventRecord): string | undefined;
}

/**
 * What is configured. A window of 0 is none, as a message's mark lasts until its delete is confirmed.
 * @param claims makes those that are remembered for so many ms
 */
export function dedupeOf(
  { by, window }: Config['dedupe'],
  claims: (window: number) => Claims,
): Dedupe | undefined {
  if (window === 0) return undefined;
  return { claims: claims(window), keyOf: (record) => (by === 'id' ? record.id : record.idempotencykey) };
}

/** What of these can be a duplicate, or have one. */
export function claimsOf(records: readonly EventRecord[], { keyOf }: Dedupe): Claim[] {
  return records.flatMap((record) => {
    const key = keyOf(record);
    return key === undefined ? [] : [{ key, holder: record.id }];
  });
}

/** @returns what came of the claims, for events that can be duplicates */
export async function take(
  records: readonly EventRecord[],
  dedupe: Dedupe | undefined,
): Promise<ReadonlyMap<EventRecord, ClaimState>> {
  if (dedupe === undefined) return new Map();
  const claimed = records.filter((record) => dedupe.keyOf(record) !== undefined);
  if (claimed.length === 0) return new Map();
  const states = await dedupe.claims.take(claimsOf(claimed, dedupe));
  return new Map(claimed.map((record, index) => [record, states[index] ?? 'taken']));
}

export async function settle(records: readonly EventRecord[], dedupe: Dedupe | undefined): Promise<void> {
  const claims = dedupe === undefined ? [] : claimsOf(records, dedupe);
  if (claims.length > 0) await dedupe?.claims.settle(claims);
}
