/** What became of one recipient's SMS: mainland, international site, and number verification. */
import { z } from 'zod';
import type { Known } from '../known.js';
import type { ReceiptType } from '../receipt-type.js';
import { amount, stringOrNumber, text, wallTime } from './fields.js';
import { help, intlHelp } from './sources.js';

const smsReportFields = {
  /** Recipient. */
  phone_number: text,
  /** The platform sent it; Beijing wall time. */
  send_time: wallTime,
  /** The carrier reported; Beijing wall time. */
  report_time: wallTime,
  /** Delivered to the handset or not. */
  success: z.boolean(),
  /** `DELIVERED`, else the carrier's or the platform's code. Optional on older pages. */
  err_code: text,
  /** `err_code` in words. Optional on older pages. */
  err_msg: text,
  /** Number of billed segments. */
  sms_size: amount,
  /** BizId that SendSms or SendBatchSms answered; one covers a whole batch call. */
  biz_id: z.string(),
  /** The OutId given when sending. Optional. */
  out_id: text,
  /** Id of this one SMS; page 414224. Optional. */
  message_id: text,
  /** RequestId of the send call; page 414224. Optional. */
  request_id: text,
  /** Signature it was sent with; page 414224. Optional. */
  sign_name: text,
  /** Template it was made from; page 414224. Optional. */
  template_code: text,
};

/**
 * What became of one recipient's SMS (短信状态报告), on the mainland site. Receipts of the international site have the
 * fields of {@link SmsReportIntl} under the same message type.
 *
 * @see https://help.aliyun.com/document_detail/101641.htm
 * @see https://help.aliyun.com/document_detail/101867.html
 * @see https://help.aliyun.com/document_detail/414224.html
 */
export type SmsReport = Known<z.infer<typeof smsReport>>;
export const smsReport = z.looseObject(smsReportFields);

/** The same as {@link SmsReport}, by its longer name. */
export type SmsReportDomestic = SmsReport;

/**
 * SmsReport of the international site, whose queues are in ap-southeast-1.
 *
 * @see https://www.alibabacloud.com/help/sms/developer-reference/smsreport-mns-intl
 * @see https://www.alibabacloud.com/help/sms/developer-reference/smsreport-http-intl
 */
export type SmsReportIntl = Known<z.infer<typeof smsReportIntl>>;
export const smsReportIntl = z.looseObject({
  /** Recipient with country code. */
  To: z.string(),
  /** `1` delivered, `2` failed, `6` expired. */
  Status: stringOrNumber,
  /** MessageId that the send call answered. */
  MessageId: z.string(),
  /** Number of billed segments. */
  SmsSize: amount,
  /** Sent; RFC 822 with offset, `Mon, 01 Jan 2024 10:27:00 +0800`. */
  SendDate: text,
  /** The carrier reported; RFC 822 with offset. */
  ReceiveDate: text,
  /** `success` when delivered. */
  ErrorCode: text,
  /** `ErrorCode` in words. */
  ErrorDescription: text,
  /** The TaskId given when sending; page smsreport-http-intl, and older MNS pages. */
  TaskId: text,
});

/**
 * What became of one verification SMS of the phone number verification service (号码认证 短信认证). Fields as in
 * {@link SmsReport}.
 *
 * @see https://help.aliyun.com/en/pnvs/developer-reference/dypnssmsverifyreport-http
 */
export type DypnsSmsVerifyReport = Known<z.infer<typeof dypnsSmsVerifyReport>>;
export const dypnsSmsVerifyReport = z.looseObject(smsReportFields);

const smsReportKeys = {
  time: ['report_time', 'send_time'],
  subject: ['biz_id'],
  identity: ['biz_id', 'phone_number', 'message_id'],
};

export const smsReportType = {
  family: 'sms',
  title: { zh: '短信状态报告', en: 'SMS delivery report' },
  shapes: [
    {
      schema: smsReportIntl,
      source: intlHelp(
        'sms/developer-reference/smsreport-mns-intl',
        'sms/developer-reference/smsreport-http-intl',
      ),
      mark: 'To',
      time: ['ReceiveDate', 'SendDate'],
      subject: ['MessageId'],
      // A report after `6` (expired) is news.
      identity: ['MessageId', 'To', 'Status'],
    },
    {
      schema: smsReport,
      source: help(
        'document_detail/101641.htm',
        'document_detail/101867.html',
        'document_detail/414224.html',
      ),
      ...smsReportKeys,
    },
  ],
} satisfies ReceiptType;

export const dypnsSmsVerifyReportType = {
  family: 'sms',
  title: { zh: '短信认证状态报告', en: 'Verification SMS report' },
  shapes: [
    {
      schema: dypnsSmsVerifyReport,
      source: help('en/pnvs/developer-reference/dypnssmsverifyreport-http'),
      ...smsReportKeys,
    },
  ],
} satisfies ReceiptType;
