/** The code tables by name, for receipts and for codes that come from elsewhere (an API answer, a stored row). */
import type { Reason } from '../types.js';
import { chatStatuses } from './chatapp.js';
import { flowMeanings, flowReason } from './flow.js';
import { controlMessages, unconnectedCauses } from './privacy.js';
import { releaseCauses } from './release-cause.js';
import { intlStatuses, smsErrors } from './sms.js';
import type { Meanings, ReasonTable } from './table.js';
import { smartStatuses, voiceStatuses } from './voice.js';

const tables = {
  /** SMS of both sites. */
  err_code: smsErrors,
  /** International SMS: 1 delivered, 2 failed, 6 expired. */
  intl_status: intlStatuses,
  status_code: voiceStatuses,
  smart_status_code: smartStatuses,
  release_cause: releaseCauses,
  unconnected_cause: unconnectedCauses,
  control_msg: controlMessages,
  chatapp_status: chatStatuses,
} satisfies Record<string, ReasonTable>;

/** A code table. `flow_err_code` is the one of FlowReport. */
export type ReasonTableName = keyof typeof tables | 'flow_err_code';

/** The whole of a table, code → Chinese, English. */
export function meaningsOf(table: ReasonTableName): Meanings {
  return table === 'flow_err_code' ? flowMeanings : tables[table].meanings;
}

/**
 * What a code means, in Chinese and English.
 *
 * @param table e.g. `release_cause`; it is also the reason's `field`
 * @param code as published, text or number
 * @param text what to say of a code that the table does not know; without it both languages say so
 */
export function reasonOf(table: ReasonTableName, code: string | number, text?: string): Reason {
  const name = String(code).trim();
  if (table === 'flow_err_code') return { ...flowReason(name, text), field: table };
  return tables[table].reason(table, name, text);
}
