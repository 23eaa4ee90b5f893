/** Privacy numbers (号码隐私保护): a call begins, rings, is answered. A is the protected party, X the number between. */
import { z } from 'zod';
import type { Known } from '../known.js';
import type { ReceiptType } from '../receipt-type.js';
import { amount, text, wallTime } from './fields.js';
import { help } from './sources.js';

/** What all reports about a call over a privacy number begin with. */
export const secretCallFields = {
  /** The number pool, `FC…`. */
  pool_key: text,
  /** The binding of A, X and B. A string in 2017's bodies and in HTTP samples. */
  sub_id: amount,
  /** The call, at most 100 characters. */
  call_id: z.string(),
  /** A, the protected party. */
  phone_no: text,
  /** X, the number between. */
  secret_no: text,
  /** B (or N, G): the other party. */
  peer_no: text,
  /** 0 A called B, 1 B called A, 4 intercepted; in 2018 (dypls) also 2 SMS sent, 3 SMS received, 5 SMS intercepted. */
  call_type: amount,
  /** The caller dialled; Beijing wall time. */
  call_time: wallTime,
  /** The OutId given with the binding. Optional. */
  out_id: text,
  /** City of X; HTTP. */
  city: text,
};

/** What the first and the last report about a call have beside {@link secretCallFields}. */
export const secretControlFields = {
  /** The number that the callee saw calling. */
  called_display_no: text,
  /** What the platform did with the call, e.g. `OK`, `NO_SUBS_EXIST`. Optional. */
  control_msg: text,
  /** `CONTINUE`, `IVR`, …; HTTP. */
  control_type: text,
  /** Why it was not connected: 0 it was, 1 blacklist, 2 no binding, 3 restricted, 4 other. Optional. */
  unconnected_cause: amount,
  /** The number pool; HTTP. */
  partner_key: text,
  /** Id of the record; HTTP. */
  id: amount,
};

/**
 * Somebody dialled a privacy number (呼叫发起).
 *
 * @see https://help.aliyun.com/document_detail/109200.htm
 * @see https://help.aliyun.com/document_detail/305595.htm
 * @see https://github.com/chuangyeshuo/dypls
 */
export type SecretStartReport = Known<z.infer<typeof secretStartReport>>;
export const secretStartReport = z.looseObject({
  ...secretCallFields,
  ...secretControlFields,
  /** X, the number between. */
  secret_no: z.string(),
});

const secretRingFields = {
  ...secretCallFields,
  /** The extension that was dialled after X. */
  extension: text,
};

/**
 * The callee of a call over a privacy number began ringing (响铃). Some carriers only.
 *
 * @see https://help.aliyun.com/document_detail/109198.htm
 */
export type SecretRingReport = Known<z.infer<typeof secretRingReport>>;
export const secretRingReport = z.looseObject({
  ...secretRingFields,
  /** The callee began ringing; Beijing wall time. */
  ring_time: z.string(),
});

/**
 * The callee of a call over a privacy number answered (接听). Some carriers only.
 *
 * @see https://help.aliyun.com/document_detail/109198.htm
 */
export type SecretPickUpReport = Known<z.infer<typeof secretPickUpReport>>;
export const secretPickUpReport = z.looseObject({
  ...secretRingFields,
  /** The callee began ringing; Beijing wall time. */
  ring_time: wallTime,
  /** The same, as the MNS page spells it once. */
  ring_Time: wallTime,
  /** Answered; Beijing wall time. */
  start_time: z.string(),
});

const secretCallKeys = { subject: ['call_id'], identity: ['call_id'] };

export const secretStartReportType = {
  family: 'privacy',
  title: { zh: '呼叫发起', en: 'Privacy call begins' },
  shapes: [
    {
      schema: secretStartReport,
      source: `${help('document_detail/109200.htm', 'document_detail/305595.htm')}, https://github.com/chuangyeshuo/dypls`,
      time: ['call_time'],
      ...secretCallKeys,
    },
  ],
} satisfies ReceiptType;

export const secretRingReportType = {
  family: 'privacy',
  title: { zh: '响铃', en: 'Privacy call rings' },
  shapes: [
    {
      schema: secretRingReport,
      source: help('document_detail/109198.htm'),
      time: ['ring_time', 'call_time'],
      ...secretCallKeys,
    },
  ],
} satisfies ReceiptType;

export const secretPickUpReportType = {
  family: 'privacy',
  title: { zh: '接听', en: 'Privacy call is answered' },
  shapes: [
    {
      schema: secretPickUpReport,
      source: help('document_detail/109198.htm'),
      time: ['start_time', 'ring_time', 'ring_Time', 'call_time'],
      ...secretCallKeys,
    },
  ],
} satisfies ReceiptType;
