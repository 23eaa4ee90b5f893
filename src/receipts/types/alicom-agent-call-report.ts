/** Calls of the communication agent (通信智能体) of the contact centre. */
import { z } from 'zod';
import type { Known } from '../known.js';
import type { ReceiptType } from '../receipt-type.js';
import { amount, text } from './fields.js';
import { help } from './sources.js';

/** Wall time of Beijing; null, too, when the thing did not happen. */
const timeOrNull = z.string().nullable().optional();
const amountOrNull = amount.nullable();

/**
 * A communication agent finished a call (通信智能体通话记录). The page is cut off after the fields of leg B; there are more.
 *
 * @see https://help.aliyun.com/en/aiccs/developer-reference/alicomagentcallreport-1
 */
export type AlicomAgentCallReport = Known<z.infer<typeof alicomAgentCallReport>>;
export const alicomAgentCallReport = z.looseObject({
  /** The task that the call belongs to. */
  taskId: text,
  /** The call within its task. */
  detailId: text,
  /** The batch within the task. */
  batchId: text,
  /** The call, `n^n`. */
  callId: z.string(),
  /** The OutId given with the task. */
  outId: text,
  /** Handed to the carrier; Beijing wall time. */
  originateTime: timeOrNull,
  /** The callee began ringing; Beijing wall time. */
  ringTime: timeOrNull,
  /** Answered; Beijing wall time, null if not. */
  startTime: timeOrNull,
  /** Ended; Beijing wall time. */
  endTime: timeOrNull,
  /** Seconds talked. */
  duration: amountOrNull,
  /** As VoiceReport's `status_code`: `200000` answered, … */
  statusCode: text,
  /** As VoiceReport's `smart_status_code`: `ANSWERED`, … */
  smartStatusCode: text,
  /** The status in words. */
  statusMsg: text,
  /** The number that the callee saw calling. */
  caller: text,
  /** The number that really called. */
  realCaller: text,
  /** Who was called. */
  callee: text,
  /** Who hung up. */
  hangupDirection: text,
  /** Leg B (a transfer) was handed to the carrier; Beijing wall time. */
  bOriginateTime: timeOrNull,
  /** B began ringing; Beijing wall time. */
  bRingTime: timeOrNull,
  /** B answered; Beijing wall time. */
  bStartTime: timeOrNull,
  /** B hung up; Beijing wall time. */
  bEndTime: timeOrNull,
  /** Seconds on leg B. */
  bDuration: amountOrNull,
});

export const alicomAgentCallReportType = {
  family: 'contact-center',
  title: { zh: '通信智能体通话记录', en: 'Communication agent call' },
  shapes: [
    {
      schema: alicomAgentCallReport,
      source: help('en/aiccs/developer-reference/alicomagentcallreport-1'),
      time: ['endTime', 'bEndTime', 'startTime', 'ringTime', 'originateTime'],
      subject: ['callId'],
      identity: ['callId', 'detailId'],
    },
  ],
} satisfies ReceiptType;
