/** Calls of converged communications (融合通信): between apps, or between an app and a phone. */
import { z } from 'zod';
import type { Known } from '../known.js';
import type { ReceiptType } from '../receipt-type.js';
import { amount, text, wallTime } from './fields.js';
import { help } from './sources.js';

/** One leg of a call of converged communications. */
export type ArtcCdrLeg = Known<z.infer<typeof artcCdrLeg>>;
export const artcCdrLeg = z.looseObject({
  /** User id or number that called. */
  caller: text,
  /** User id or number that was called. */
  callee: text,
  /** The leg began; Beijing wall time. */
  startTime: wallTime,
  /** The leg ended; Beijing wall time, empty if unanswered. */
  endTime: wallTime,
  /** Seconds, `"0"` if unanswered. */
  duration: amount,
});

/** The legs of a call of converged communications. */
export type ArtcCdrDetail = Known<z.infer<typeof artcCdrDetail>>;
export const artcCdrDetail = z.looseObject({
  /** The incoming leg. */
  callInInfo: artcCdrLeg.optional(),
  /** The outgoing legs. */
  callOutInfo: z.array(artcCdrLeg).optional(),
});

const artcCallFields = {
  /** The call began; Beijing wall time. */
  startTime: wallTime,
  /** The call ended; Beijing wall time, empty if unanswered. */
  endTime: wallTime,
  /** Seconds, `"0"` if unanswered. */
  duration: amount,
  /** User id that called. */
  caller: text,
  /** User id that was called. */
  callee: text,
  /** `voip2voip`, `video2video`, … */
  alicomRtcType: text,
  /** What the caller gave with the call. */
  extend: text,
};

/**
 * The record of a call of converged communications (融合通信话单), since 2020. Older bodies have the fields of
 * {@link ArtcCdrReport2019}.
 *
 * @see https://help.aliyun.com/document_detail/171174.html
 */
export type ArtcCdrReport = Known<z.infer<typeof artcCdrReport>>;
export const artcCdrReport = z.looseObject({
  /** The call; one channel a call. */
  channelId: z.string(),
  ...artcCallFields,
  /** The legs of the call. */
  detail: artcCdrDetail.optional(),
});

/**
 * ArtcCdrReport of 2019: of two people, or of one who took part in a conference.
 *
 * @see https://help.aliyun.com/document_detail/111510.html
 */
export type ArtcCdrReport2019 = Known<z.infer<typeof artcCdrReport2019>>;
export const artcCdrReport2019 = z.looseObject({
  /** The caller's call id. */
  uuid: z.string(),
  ...artcCallFields,
  /** Of a conference: who took part; `caller` and `callee` are missing then. */
  userId: text,
  /** The room where they met. */
  roomId: text,
});

export const artcCdrReportType = {
  family: 'converged',
  title: { zh: '融合通信话单', en: 'Converged communications call record' },
  shapes: [
    {
      schema: artcCdrReport2019,
      source: help('document_detail/111510.html'),
      mark: 'uuid',
      time: ['endTime', 'startTime'],
      subject: ['uuid'],
      // People of a conference may share a uuid, and come again.
      identity: ['uuid', 'userId', 'startTime'],
    },
    {
      schema: artcCdrReport,
      source: help('document_detail/171174.html'),
      time: ['endTime', 'startTime'],
      subject: ['channelId'],
      identity: ['channelId'],
    },
  ],
} satisfies ReceiptType;
