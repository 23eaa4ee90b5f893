/** What became of an SMS that the mainland site sent abroad. */
import { z } from 'zod';
import type { Known } from '../known.js';
import type { ReceiptType } from '../receipt-type.js';
import { stringOrNumber, text } from './fields.js';
import { help } from './sources.js';

/**
 * What became of an international SMS that was sent from the mainland site (国际短信状态报告).
 *
 * @see https://help.aliyun.com/document_detail/197995.html
 */
export type GlobeSmsReport = Known<z.infer<typeof globeSmsReport>>;
export const globeSmsReport = z.looseObject({
  /** Recipient with country code. */
  to: z.string(),
  /** Result; `1` delivered, `2` failed, `6` expired on the international site. */
  status: stringOrNumber,
  /** MessageId that the send call answered. */
  message_id: z.string(),
  /** Sent; RFC 822 with offset, `Thu, 25 Nov 2021 10:27:00 +0800`. */
  send_date: text,
  /** The carrier reported; RFC 822 with offset. */
  receive_date: text,
  /** `success` when delivered. */
  error_code: text,
  /** `error_code` in words. */
  error_description: text,
});

export const globeSmsReportType = {
  family: 'sms',
  title: { zh: '国际短信状态报告', en: 'International SMS delivery report' },
  shapes: [
    {
      schema: globeSmsReport,
      source: help('document_detail/197995.html'),
      time: ['receive_date', 'send_date'],
      subject: ['message_id'],
      // As of SmsReportIntl.
      identity: ['message_id', 'to', 'status'],
    },
  ],
} satisfies ReceiptType;
