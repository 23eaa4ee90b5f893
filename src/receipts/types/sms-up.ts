/** SMS that people sent back. */
import { z } from 'zod';
import type { Known } from '../known.js';
import type { ReceiptType } from '../receipt-type.js';
import { amount, text, wallTime } from './fields.js';
import { help } from './sources.js';

/**
 * An SMS that a person sent back (上行短信).
 *
 * @see https://help.aliyun.com/document_detail/101646.html
 * @see https://help.aliyun.com/zh/sms/developer-reference/smsup-http
 * @see https://help.aliyun.com/document_detail/60127.html
 */
export type SmsUp = Known<z.infer<typeof smsUp>>;
export const smsUp = z.looseObject({
  /** Who wrote. */
  phone_number: z.string(),
  /** They sent it; Beijing wall time, in 2017 (page 60127) also as `yyyyMMddHHmmss`. */
  send_time: wallTime,
  /** What they wrote. */
  content: z.string(),
  /** The extension number they wrote to. */
  dest_code: text,
  /** Id of the message: a number by MNS, a string by HTTP. Beyond 2^53 it arrives here as a string of digits. */
  sequence_id: amount,
  /** Signature of the number they wrote to; page 60127. Optional. */
  sign_name: text,
});

export const smsUpType = {
  family: 'sms',
  title: { zh: '上行短信', en: 'SMS reply' },
  shapes: [
    {
      schema: smsUp,
      source: help(
        'document_detail/101646.html',
        'zh/sms/developer-reference/smsup-http',
        'document_detail/60127.html',
      ),
      time: ['send_time'],
      subject: ['sequence_id'],
      // The other three stand in where old bodies have no sequence_id.
      identity: ['sequence_id', 'dest_code', 'phone_number', 'send_time'],
    },
  ],
} satisfies ReceiptType;
