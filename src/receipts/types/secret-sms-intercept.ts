/** Privacy numbers: SMS that went over one. */
import { z } from 'zod';
import type { Known } from '../known.js';
import type { ReceiptType } from '../receipt-type.js';
import { amount, stringOrNumber, text, wallTime } from './fields.js';
import { help } from './sources.js';

/**
 * The content of an SMS to a privacy number (短信内容).
 *
 * @see https://help.aliyun.com/document_detail/109198.htm
 * @see https://github.com/chuangyeshuo/dypls
 */
export type SecretSmsIntercept = Known<z.infer<typeof secretSmsIntercept>>;
export const secretSmsIntercept = z.looseObject({
  /** The SMS. */
  id: stringOrNumber,
  /** The number pool; older than `pool_key`. */
  partner_key: text,
  /** The number pool, `FC…`. */
  pool_key: text,
  /** The binding of A, X and B. */
  sub_id: amount,
  /** 1 intercepted, 2 smart SMS. */
  sms_type: amount,
  /** A, who sent it. */
  send_no: text,
  /** X, the number between. */
  secret_no: z.string(),
  /** B, whom it is for. */
  receive_no: text,
  /** What it says. */
  sms_content: text,
  /** Signature of a smart SMS. Optional. */
  sms_sign: text,
  /** Of a smart SMS: 1 sent, 2 failed. Optional. */
  status: amount,
  /** Why it was intercepted: `NORMAL`, … With hyphens. Optional. */
  'sms-intercept-type': text,
  /** The SMS as a call, as in the other reports; newer pages. */
  call_id: text,
  /** `DELIVRD`, else the carrier's code; newer pages. */
  code: text,
  /** Sent; Beijing wall time. */
  start_time: wallTime,
  /** The OutId given with the binding. Optional. */
  out_id: text,
});

export const secretSmsInterceptType = {
  family: 'privacy',
  title: { zh: '短信内容', en: 'Privacy SMS' },
  shapes: [
    {
      schema: secretSmsIntercept,
      source: `${help('document_detail/109198.htm')}, https://github.com/chuangyeshuo/dypls`,
      time: ['start_time'],
      subject: ['id', 'call_id'],
      identity: ['id'],
    },
  ],
} satisfies ReceiptType;
