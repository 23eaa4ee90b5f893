/** Marks and claims for deliveries that wait out whatever happens to the store, like their worker does. */
import type { Claims, DeliveredMarks } from '../backend.js';
import type { Patience } from './patience.js';

/**
 * @param delivering what deliveries ask and set
 * @param adding what hand-off and acknowledging ask and remove: it fails fast
 */
export function patientMarks(
  delivering: DeliveredMarks,
  adding: DeliveredMarks,
  patience: () => Patience,
): DeliveredMarks {
  return {
    add: (messageId) => patience().insist(() => delivering.add(messageId)),
    has: (messageId) => patience().insist(() => delivering.has(messageId)),
    among: (messageIds) => adding.among(messageIds),
    remove: (messageIds) => adding.remove(messageIds),
  };
}

export function patientClaims(claims: Claims, patience: () => Patience): Claims {
  return {
    take: (wanted) => patience().insist(() => claims.take(wanted)),
    settle: (delivered) => patience().insist(() => claims.settle(delivered)),
    release: (given) => patience().insist(() => claims.release(given)),
    clear: () => claims.clear(),
  };
}
