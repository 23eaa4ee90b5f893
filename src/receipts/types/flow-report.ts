/** Data volume that was charged to a phone (流量服务). */
import { z } from 'zod';
import type { Known } from '../known.js';
import type { ReceiptType } from '../receipt-type.js';
import { stringOrNumber, text } from './fields.js';

/**
 * Whether data volume was charged to a phone (流量充值结果).
 *
 * @see https://developer.aliyun.com/ask/218468
 * @see https://developer.aliyun.com/ask/218637
 */
export type FlowReport = Known<z.infer<typeof flowReport>>;
export const flowReport = z.looseObject({
  /** The number that was charged. */
  phone: z.string(),
  /** The caller's own id. */
  out_id: text,
  /** `3` success, `4` failed. */
  result: stringOrNumber,
  /** `00000` ok, `10000`… the user's side, `11000`… the supplier's side, `12000`… limits, `80000` throttled; ask/218637. Optional. */
  err_code: text,
  /** `err_code` in words. Optional. */
  err_msg: text,
});

export const flowReportType = {
  family: 'flow',
  title: { zh: '流量充值结果', en: 'Data volume charged' },
  shapes: [
    {
      schema: flowReport,
      source: 'https://developer.aliyun.com/ask/218468, https://developer.aliyun.com/ask/218637',
      time: [],
      subject: ['out_id'],
      identity: ['out_id', 'phone', 'result', 'err_code'],
    },
  ],
} satisfies ReceiptType;
