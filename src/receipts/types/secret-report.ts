/** Privacy numbers: a call ended. */
import { z } from 'zod';
import type { Known } from '../known.js';
import type { ReceiptType } from '../receipt-type.js';
import { amount, text, wallTime } from './fields.js';
import { secretCallFields, secretControlFields } from './secret-call.js';
import { help } from './sources.js';

/**
 * The record of a call over a privacy number (呼叫结束话单).
 *
 * @see https://help.aliyun.com/document_detail/109201.html
 * @see https://help.aliyun.com/document_detail/305596.htm
 * @see https://help.aliyun.com/document_detail/59684.html
 * @see https://developer.aliyun.com/ask/218794
 * @see https://github.com/chuangyeshuo/dypls
 */
export type SecretReport = Known<z.infer<typeof secretReport>>;
export const secretReport = z.looseObject({
  ...secretCallFields,
  ...secretControlFields,
  /** X sent the call to B's exchange; Beijing wall time. */
  call_out_time: wallTime,
  /** B's exchange answered; Beijing wall time. */
  ring_time: wallTime,
  /** B really rang; Beijing wall time, equal to `call_out_time` if it did not. */
  free_ring_time: wallTime,
  /** B answered; Beijing wall time, **equal to `release_time` if unanswered**. */
  start_time: wallTime,
  /** Released; Beijing wall time. The call lasted `release_time` − `start_time`. */
  release_time: z.string(),
  /** Who released: 0 platform, 1 caller, 2 callee; in 2017 (ask/218794) also 3. */
  release_dir: amount,
  /** Q.850 cause, table of dypls: 16 normal clearing, 17 busy, 19 no answer, 21 rejected, … Optional. */
  release_cause: amount,
  /** Length of an SMS, in segments. Optional. */
  sms_number: amount,
  /** Recording; there 15 to 20 minutes after the call, for 7 days (page 109201) or 30 (page 305596). Optional. */
  record_url: text,
  /** Recording of the ringing; as `record_url`. Optional. */
  ring_record_url: text,
  /** The extension that was dialled after X. Optional. */
  extension: text,
  /** The number that was dialled; page 59684. */
  origin_no: text,
});

export const secretReportType = {
  family: 'privacy',
  title: { zh: '呼叫结束话单', en: 'Privacy call record' },
  shapes: [
    {
      schema: secretReport,
      source: [
        help('document_detail/109201.html', 'document_detail/305596.htm', 'document_detail/59684.html'),
        'https://developer.aliyun.com/ask/218794',
        'https://github.com/chuangyeshuo/dypls',
      ].join(', '),
      time: ['release_time', 'start_time', 'ring_time', 'call_out_time', 'call_time'],
      subject: ['call_id'],
      identity: ['call_id'],
    },
  ],
} satisfies ReceiptType;
