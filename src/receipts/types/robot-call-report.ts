/** Calls that a robot of the contact centre made, with what was said. */
import { z } from 'zod';
import type { Known } from '../known.js';
import type { ReceiptType } from '../receipt-type.js';
import { amount, epochMs, text } from './fields.js';
import { help } from './sources.js';

/** One node of the dialogue that the call went through. */
export type RobotCallSlot = Known<z.infer<typeof robotCallSlot>>;
export const robotCallSlot = z.looseObject({
  /** Name of the node. */
  nodeName: text,
  /** What happened there, e.g. `recognized`. */
  action: text,
  /** Id or name of the node. */
  source: text,
  /** Id or name of the intention, or id of the branch. */
  value: text,
});

const robotCallOutputFields = {
  /** The nodes of the dialogue that the call went through. */
  slots: z.array(robotCallSlot).optional(),
  /** The intentions that were recognised. */
  intentions: z.array(z.string()).optional(),
  /** Labels, separated by commas. */
  tags: text,
  /** The same by the name that the MNS page has for it. */
  tag: text,
};

const robotCallInfoFields = {
  /** Seconds talked. */
  duration: amount,
  /** The call began; ms since the epoch. */
  startTime: epochMs,
  /** The callee began ringing; ms since the epoch. */
  ringTime: epochMs,
  /** Answered; ms since the epoch. */
  answerTime: epochMs,
  /** Ended; ms since the epoch. */
  endTime: epochMs,
  /** Who was called. */
  calledNo: text,
  /** Who called. */
  callingNo: text,
  /** As VoiceReport's `status_code`: 200000 answered, … */
  code: amount,
  /** Who hung up: 0 the robot, 1 the customer. The table says string, the sample shows a number. */
  direction: amount,
};

const robotCallFields = {
  /** The call, `n^n`. */
  callId: z.string(),
  /** `finish`. */
  type: text,
  /** The robot. */
  robotId: text,
  /** The customer account. */
  partnerId: amount,
};

/** What a robot learnt from a call. */
export type RobotCallOutput = Known<z.infer<typeof robotCallOutput>>;
export const robotCallOutput = z.looseObject(robotCallOutputFields);

/** The record of a robot's call. */
export type RobotCallInfo = Known<z.infer<typeof robotCallInfo>>;
export const robotCallInfo = z.looseObject(robotCallInfoFields);

/** What a robot's call brought. */
export type RobotCallData = Known<z.infer<typeof robotCallData>>;
export const robotCallData = z.looseObject({
  /** What the robot learnt. */
  output: robotCallOutput.optional(),
  /** The record of the call. */
  info: robotCallInfo.optional(),
});

/**
 * A robot of the contact centre finished a call (智能联络中心机器人通话记录). The MNS page lists the same fields without
 * nesting: {@link RobotCallReportAiccsFlat}.
 *
 * @see https://help.aliyun.com/document_detail/383430.html
 */
export type RobotCallReportAiccs = Known<z.infer<typeof robotCallReportAiccs>>;
export const robotCallReportAiccs = z.looseObject({
  ...robotCallFields,
  /** What the call brought. */
  data: robotCallData,
});

/**
 * RobotCallReportAiccs without nesting, as the MNS page may be read.
 *
 * @see https://help.aliyun.com/document_detail/397315.html
 */
export type RobotCallReportAiccsFlat = Known<z.infer<typeof robotCallReportAiccsFlat>>;
export const robotCallReportAiccsFlat = z.looseObject({
  ...robotCallFields,
  ...robotCallOutputFields,
  ...robotCallInfoFields,
});

export const robotCallReportAiccsType = {
  family: 'contact-center',
  title: { zh: '机器人通话记录', en: 'Contact centre robot call' },
  shapes: [
    {
      schema: robotCallReportAiccsFlat,
      source: help('document_detail/397315.html'),
      mark: 'calledNo',
      time: ['endTime', 'answerTime', 'ringTime', 'startTime'],
      subject: ['callId'],
      identity: ['callId', 'type'],
    },
    {
      schema: robotCallReportAiccs,
      source: help('document_detail/383430.html'),
      time: ['data.info.endTime', 'data.info.answerTime', 'data.info.ringTime', 'data.info.startTime'],
      subject: ['callId'],
      identity: ['callId', 'type'],
    },
  ],
} satisfies ReceiptType;
