/** States that a call goes through while it lasts: voice service and contact centre. */
import { z } from 'zod';
import type { Known } from '../known.js';
import type { ReceiptType } from '../receipt-type.js';
import { text, wallTime } from './fields.js';
import { help } from './sources.js';

const voiceCallReportFields = {
  /** The call, `n^n`, as the call API answered. Not of inbound calls. */
  call_id: text,
  /** `200101` calling, `200201` ringing, `200102` answered, `200100` ended, `300000` keys pressed; more of two-leg calls. */
  status_code: z.string(),
  /** `ANSWERED`, `USER_BUSY`, `NO_ANSWER`, … Newer pages. */
  smart_status_code: text,
  /** The state began; Beijing wall time. */
  status_time: wallTime,
  /** The OutId given when calling; may itself be a JSON text. */
  out_id: text,
  /** Keys that were pressed, with status `300000`. */
  dtmf: text,
};

/**
 * A call reached a new state (呼叫中间状态).
 *
 * @see https://help.aliyun.com/zh/vms/voicecallreport-7
 * @see https://help.aliyun.com/document_detail/214640.htm
 */
export type VoiceCallReport = Known<z.infer<typeof voiceCallReport>>;
export const voiceCallReport = z.looseObject({
  ...voiceCallReportFields,
  /** The call, of inbound ones: they have it instead of `call_id`. */
  biz_id: text,
  /** Of an inbound call: the extension or extra data. */
  extend: text,
});

/**
 * A call of the contact centre reached a new state (智能联络中心呼叫中间状态).
 *
 * @see https://help.aliyun.com/document_detail/298151.htm
 * @see https://help.aliyun.com/document_detail/298182.html
 */
export type VoiceCallReportAiccs = Known<z.infer<typeof voiceCallReportAiccs>>;
export const voiceCallReportAiccs = z.looseObject(voiceCallReportFields);

export const voiceCallReportType = {
  family: 'voice',
  title: { zh: '呼叫中间状态', en: 'Call progress' },
  shapes: [
    {
      schema: voiceCallReport,
      source: help('zh/vms/voicecallreport-7', 'document_detail/214640.htm'),
      time: ['status_time'],
      subject: ['call_id', 'biz_id'],
      identity: ['call_id', 'biz_id', 'status_code', 'status_time', 'dtmf'],
    },
  ],
} satisfies ReceiptType;

export const voiceCallReportAiccsType = {
  family: 'contact-center',
  title: { zh: '智能联络中心呼叫中间状态', en: 'Contact centre call progress' },
  shapes: [
    {
      schema: voiceCallReportAiccs,
      source: help('document_detail/298151.htm', 'document_detail/298182.html'),
      time: ['status_time'],
      subject: ['call_id'],
      identity: ['call_id', 'status_code', 'status_time', 'dtmf'],
    },
  ],
} satisfies ReceiptType;
