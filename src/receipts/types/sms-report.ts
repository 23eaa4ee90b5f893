import { z } from 'zod';

/**
 * 短信状态报告: what became of one recipient's SMS.
 *
 * The queue in ap-southeast-1 carries another shape under the same name (`To`, `Status`, …), see
 * {@link smsReportIntl}.
 * Source: help.aliyun.com document 101641.
 */
export const smsReportDomestic = z.looseObject({
  /** Recipient. */
  phone_number: z.string().optional(),
  /** When the platform sent it: `yyyy-MM-dd HH:mm:ss`, Beijing time. */
  send_time: z.string().optional(),
  /** When the carrier reported: `yyyy-MM-dd HH:mm:ss`, Beijing time. */
  report_time: z.string().optional(),
  /** Delivered to the handset or not. */
  success: z.boolean(),
  /** `DELIVERED`, else the carrier's or the platform's code. */
  err_code: z.string().optional(),
  /** The same as text. */
  err_msg: z.string().optional(),
  /** Number of billed segments. */
  sms_size: z.union([z.string(), z.number()]).optional(),
  /** BizId that SendSms or SendBatchSms answered; one covers a whole batch call. */
  biz_id: z.string(),
  /** The OutId given when sending. */
  out_id: z.string().optional(),
});

/** SmsReport of the international site (ap-southeast-1). Source: alibabacloud.com smsreport-mns-intl. */
export const smsReportIntl = z.looseObject({
  /** Recipient with country code. */
  To: z.string(),
  /** `1` delivered, `2` failed, `6` expired. */
  Status: z.union([z.string(), z.number()]),
  /** MessageId that the send call answered. */
  MessageId: z.string(),
  /** Number of billed segments. */
  SmsSize: z.union([z.string(), z.number()]).optional(),
  /** With zone, e.g. `Mon, 01 Jan 2024 10:27:00 +0800`. */
  SendDate: z.string().optional(),
  /** With zone, like SendDate. */
  ReceiveDate: z.string().optional(),
  /** `success` when delivered. */
  ErrorCode: z.string().optional(),
  /** The same as text. */
  ErrorDescription: z.string().optional(),
});

export const smsReport = z.union([smsReportDomestic, smsReportIntl]);

export type SmsReportDomestic = z.infer<typeof smsReportDomestic>;
export type SmsReportIntl = z.infer<typeof smsReportIntl>;
/** Domestic fields by default; a receipt of the international site has {@link SmsReportIntl}'s. */
export type SmsReport = SmsReportDomestic;
