/** Privacy numbers: a recording can be fetched, and what was said in it. */
import { z } from 'zod';
import type { Known } from '../known.js';
import type { ReceiptType } from '../receipt-type.js';
import { amount, stringOrNumber, text } from './fields.js';
import { help } from './sources.js';

/**
 * The recording of a call over a privacy number exists (录音状态). QueryRecordFileDownloadUrl gives it.
 *
 * @see https://help.aliyun.com/document_detail/109198.htm
 * @see https://github.com/chuangyeshuo/dypls
 */
export type SecretRecording = Known<z.infer<typeof secretRecording>>;
export const secretRecording = z.looseObject({
  /** The number pool, `FC…`. */
  pool_key: text,
  /** The binding of A, X and B; by MNS and on the older HTTP page. */
  subs_id: amount,
  /** The binding of A, X and B; by HTTP. */
  sub_id: amount,
  /** The call, as in SecretReport. */
  call_id: z.string(),
  /** The caller dialled; ms since the epoch, a string by MNS and a number by HTTP, in 2018 Beijing wall time. */
  call_time: stringOrNumber,
  /** The OutId given with the binding. Optional. */
  out_id: text,
});

/** One sentence of a recording. */
export type SecretAsrSentence = Known<z.infer<typeof secretAsrSentence>>;
export const secretAsrSentence = z.looseObject({
  /** It begins; ms from the start of the recording. */
  beginTime: amount,
  /** It ends; ms from the start of the recording. */
  endTime: amount,
  /** The channel of the recording that it is on. */
  channelId: amount,
  /** Emotion, from `1` to `10`. */
  emotionValue: amount,
  /** Silence; seconds. */
  silenceDuration: amount,
  /** Speed of the speech. */
  speechRate: amount,
  /** What was said. */
  text,
});

/**
 * The text of a recording of a call over a privacy number (录音 ASR).
 *
 * @see https://help.aliyun.com/document_detail/109198.htm
 */
export type SecretAsrReport = Known<z.infer<typeof secretAsrReport>>;
export const secretAsrReport = z.looseObject({
  /** The call, as in SecretReport. */
  callId: z.string(),
  /** Length of the recording; ms. */
  bizDuration: amount,
  /** The number pool, `FC…`. */
  partnerKey: text,
  /** X, the number between. */
  secretNo: text,
  /** `21050000` = recognised. */
  statusCode: amount,
  /** What was said, in order. */
  sentences: z.array(secretAsrSentence).optional(),
});

export const secretRecordingType = {
  family: 'privacy',
  title: { zh: '录音状态', en: 'Privacy call recording' },
  shapes: [
    {
      schema: secretRecording,
      source: `${help('document_detail/109198.htm')}, https://github.com/chuangyeshuo/dypls`,
      time: ['call_time'],
      subject: ['call_id'],
      identity: ['call_id'],
    },
  ],
} satisfies ReceiptType;

export const secretAsrReportType = {
  family: 'privacy',
  title: { zh: '录音 ASR', en: 'Privacy call transcript' },
  shapes: [
    {
      schema: secretAsrReport,
      source: help('document_detail/109198.htm'),
      time: [],
      subject: ['callId'],
      identity: ['callId'],
    },
  ],
} satisfies ReceiptType;
