import { type Normalized, normalize } from '../../src/receipts/normalize/index.js';

export const AT = '2024-01-01T02:00:00.000Z';

/** The event that decode makes of a receipt, as far as normalize looks at it. */
export function normalized(messagetype: string, data: unknown): Normalized {
  return normalize({ messagetype, time: AT, enqueuedat: '2024-01-01T03:00:00.000Z', data });
}
