/**
 * Message types that are known by name only: no page lists their fields. Their receipts are passed on as they are, without
 * a time, a subject or a key of their own, and a handler may read any field as unknown.
 */
import { z } from 'zod';
import type { ReceiptType } from '../receipt-type.js';
import { help } from './sources.js';

const JAVA_DEMO = "comments of the vendor's Java receipt demo";

/**
 * A call of converged communications reached a new state (融合通信呼叫中间状态). Existed in 2019, not listed since 2020; no fields
 * are published.
 *
 * @see https://help.aliyun.com/document_detail/111510.html
 */
export type ArtcTempStatusReport = z.infer<typeof artcTempStatusReport>;
export const artcTempStatusReport = z.looseObject({});

/**
 * A call that a language model made; no fields are published.
 *
 * @see https://help.aliyun.com/en/aiccs/developer-reference/intelligent-contact-robot/
 */
export type LlmSmartCallReport = z.infer<typeof llmSmartCallReport>;
export const llmSmartCallReport = z.looseObject({});

/**
 * What a call over a privacy number costs; in the list of types of the vendor's Java demo, no fields are published.
 *
 * @see comments of the vendor's Java receipt demo
 */
export type SecretBillingCallReport = z.infer<typeof secretBillingCallReport>;
export const secretBillingCallReport = z.looseObject({});

/**
 * What an SMS over a privacy number costs; in the list of types of the vendor's Java demo, no fields are published.
 *
 * @see comments of the vendor's Java receipt demo
 */
export type SecretBillingSmsReport = z.infer<typeof secretBillingSmsReport>;
export const secretBillingSmsReport = z.looseObject({});

/**
 * The recording of the ringing of a call over a privacy number; in the list of types of the vendor's Java demo, no fields
 * are published.
 *
 * @see comments of the vendor's Java receipt demo
 */
export type SecretRingRecording = z.infer<typeof secretRingRecording>;
export const secretRingRecording = z.looseObject({});

/** There is nothing to read a time or an id from. */
const nothing = { time: [], subject: [], identity: [] };

export const artcTempStatusReportType = {
  family: 'converged',
  title: { zh: '融合通信呼叫中间状态', en: 'Converged communications call progress' },
  shapes: [{ schema: artcTempStatusReport, source: help('document_detail/111510.html'), ...nothing }],
} satisfies ReceiptType;

export const llmSmartCallReportType = {
  family: 'contact-center',
  title: { zh: '大模型外呼通话记录', en: 'Language model call' },
  shapes: [
    {
      schema: llmSmartCallReport,
      source: help('en/aiccs/developer-reference/intelligent-contact-robot/'),
      ...nothing,
    },
  ],
} satisfies ReceiptType;

export const secretBillingCallReportType = {
  family: 'privacy',
  title: { zh: '号码隐私通话计费', en: 'Privacy call billing' },
  shapes: [{ schema: secretBillingCallReport, source: JAVA_DEMO, ...nothing }],
} satisfies ReceiptType;

export const secretBillingSmsReportType = {
  family: 'privacy',
  title: { zh: '号码隐私短信计费', en: 'Privacy SMS billing' },
  shapes: [{ schema: secretBillingSmsReport, source: JAVA_DEMO, ...nothing }],
} satisfies ReceiptType;

export const secretRingRecordingType = {
  family: 'privacy',
  title: { zh: '响铃录音', en: 'Privacy call ringing recording' },
  shapes: [{ schema: secretRingRecording, source: JAVA_DEMO, ...nothing }],
} satisfies ReceiptType;
