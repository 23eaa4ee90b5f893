/** Verdicts on what must be approved before it is sent: signatures and templates. */
import { z } from 'zod';
import type { Known } from '../known.js';
import type { ReceiptType } from '../receipt-type.js';
import { text, wallTime } from './fields.js';
import { help } from './sources.js';

/**
 * The review of a signature (签名审核).
 *
 * @see https://help.aliyun.com/document_detail/120998.html
 * @see https://help.aliyun.com/document_detail/128742.html
 */
export type SignSmsReport = Known<z.infer<typeof signSmsReport>>;
export const signSmsReport = z.looseObject({
  /** The signature. */
  sign_name: z.string(),
  /** `approving`, `approved` or `rejected`. */
  sign_status: z.string(),
  /** Where the signature comes from: a company's name, an app, a website, … */
  sign_source: text,
  /** What it is used for, as text: `验证码`, `通用`, … */
  sign_scene: text,
  /** Why it was rejected, else empty. */
  reason: text,
  /** What the applicant wrote beside the application. */
  remark: text,
  /** Id of the application, page 120998. In camel case among names in snake case. */
  orderId: text,
  /** Id of the application, as page 128742, the old MNS one, spells it. */
  order_id: text,
  /** The application was made; Beijing wall time. The time of the verdict is not published. */
  create_date: wallTime,
});

/**
 * The review of a template (模板审核).
 *
 * @see https://help.aliyun.com/document_detail/120999.html
 */
export type TemplateSmsReport = Known<z.infer<typeof templateSmsReport>>;
export const templateSmsReport = z.looseObject({
  /** The template, `SMS_…`. */
  template_code: z.string(),
  /** Its name. */
  template_name: text,
  /** Its text, with `${…}` where values go. */
  template_content: text,
  /** What it is for, as text: `验证码`, `短信通知`, … */
  template_type: text,
  /** `approving`, `approved` or `rejected`. */
  template_status: z.string(),
  /** Why it was rejected, else empty. */
  reason: text,
  /** What the applicant wrote beside the application. */
  remark: text,
  /** Id of the application. In camel case among names in snake case. */
  orderId: text,
  /** The application was made; Beijing wall time. The time of the verdict is not published. */
  create_date: wallTime,
});

export const signSmsReportType = {
  family: 'sms',
  title: { zh: '签名审核', en: 'SMS signature review' },
  shapes: [
    {
      schema: signSmsReport,
      source: help('document_detail/120998.html', 'document_detail/128742.html'),
      time: ['create_date'],
      subject: ['orderId', 'order_id', 'sign_name'],
      identity: ['orderId', 'order_id', 'sign_name', 'sign_status', 'create_date'],
    },
  ],
} satisfies ReceiptType;

export const templateSmsReportType = {
  family: 'sms',
  title: { zh: '模板审核', en: 'SMS template review' },
  shapes: [
    {
      schema: templateSmsReport,
      source: help('document_detail/120999.html'),
      time: ['create_date'],
      subject: ['template_code', 'orderId'],
      identity: ['orderId', 'template_code', 'template_status', 'create_date'],
    },
  ],
} satisfies ReceiptType;
