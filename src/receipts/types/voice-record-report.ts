/** Recordings of calls: voice service and contact centre. */
import { z } from 'zod';
import type { Known } from '../known.js';
import type { ReceiptType } from '../receipt-type.js';
import { amount, text, wallTime } from './fields.js';
import { help } from './sources.js';

const voiceRecordReportFields = {
  /** The call, `n^n`, as the call API answered. */
  call_id: z.string(),
  /** Answered; Beijing wall time. */
  start_time: wallTime,
  /** Ended; Beijing wall time. */
  end_time: wallTime,
  /** Seconds talked; a number here, a string in VoiceReport. */
  duration: amount,
  /** As of VoiceReport: `200000` answered, … */
  status_code: text,
  /** URL or file of the recording. */
  record_file: text,
  /** The recording begins; Beijing wall time. */
  record_begin_time: wallTime,
  /** The OutId given when calling. */
  out_id: text,
};

/**
 * A recording of a call can be fetched (录音记录).
 *
 * @see https://help.aliyun.com/zh/vms/voicerecordreport-7
 */
export type VoiceRecordReport = Known<z.infer<typeof voiceRecordReport>>;
export const voiceRecordReport = z.looseObject(voiceRecordReportFields);

/**
 * A recording of a call of the contact centre can be fetched (智能联络中心录音记录). Its own table could not be read: these
 * are the fields of {@link VoiceRecordReport}, which it is described like.
 *
 * @see https://help.aliyun.com/zh/vms/voicerecordreport-7
 */
export type VoiceRecordReportAiccs = Known<z.infer<typeof voiceRecordReportAiccs>>;
export const voiceRecordReportAiccs = z.looseObject(voiceRecordReportFields);

const voiceRecordReportKeys = {
  source: help('zh/vms/voicerecordreport-7'),
  time: ['end_time', 'record_begin_time', 'start_time'],
  subject: ['call_id'],
  // A call that is transferred may be recorded twice.
  identity: ['call_id', 'record_begin_time'],
};

export const voiceRecordReportType = {
  family: 'voice',
  title: { zh: '录音记录', en: 'Call recording' },
  shapes: [{ schema: voiceRecordReport, ...voiceRecordReportKeys }],
} satisfies ReceiptType;

export const voiceRecordReportAiccsType = {
  family: 'contact-center',
  title: { zh: '智能联络中心录音记录', en: 'Contact centre call recording' },
  shapes: [{ schema: voiceRecordReportAiccs, ...voiceRecordReportKeys }],
} satisfies ReceiptType;
