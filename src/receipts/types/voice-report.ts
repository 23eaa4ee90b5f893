/** Records of finished calls: voice service and contact centre. */
import { z } from 'zod';
import type { Known } from '../known.js';
import type { ReceiptType } from '../receipt-type.js';
import { amount, text, wallTime } from './fields.js';
import { help } from './sources.js';

const voiceReportFields = {
  /** The call, `n^n`, as the call API answered. */
  call_id: z.string(),
  /** Handed to the carrier; Beijing wall time. Page voicereport-7, not in older bodies. */
  originate_time: wallTime,
  /** The callee began ringing; Beijing wall time, empty if it never rang. Page voicereport-7, not in older bodies. */
  ring_time: wallTime,
  /** Answered; Beijing wall time, empty if not. */
  start_time: wallTime,
  /** Ended; Beijing wall time. In 2017 (page 55499) empty if unanswered. */
  end_time: wallTime,
  /** Who called. Since 2019, not on page 55499. */
  caller: text,
  /** Who was called. Since 2019, not on page 55499. */
  callee: text,
  /** Seconds talked, `"0"` if unanswered; one sample prints `10秒`. */
  duration: amount,
  /** `200000` answered, `200002` busy, `200003` no answer, `200004` not in service, `200005` unreachable or rejected, … */
  status_code: z.string(),
  /** What the ringing said, as a status code; only with early media detection. Since 2019, not on page 55499. */
  early_media_code: text,
  /** `ANSWERED`, `USER_BUSY`, `NO_ANSWER`, `POWERED_OFF`, … Pages voicereport-1, -3 and -4. */
  smart_status_code: text,
  /** `用户` (the callee) or `机器` (the platform) hung up; `aleg` or `bleg` in two-leg calls. Since 2019, not on page 55499. */
  hangup_direction: text,
  /** The status in words. */
  status_msg: text,
  /** The OutId given when calling; of robot tasks `ALICOM_SMART_SAAS^{batchTaskId}^{n}`. */
  out_id: text,
  /** Keys that were pressed. */
  dtmf: text,
  /** `voice`, `asr` or `smart_transfer`. Since 2019, not on page 55499. */
  voice_type: text,
  /** Id of the robot's script. Page voicereport-7. */
  dialog_id: text,
  /** `LOCAL`, `PROVINCE`, `DOMESTIC`, `INTERNATIONAL`; deprecated, now `UNKNOWN`. */
  toll_type: text,
  /** Leg A of a two-leg call was handed to the carrier; Beijing wall time. Page voicereport-3. */
  a_originate_time: wallTime,
  /** A began ringing; Beijing wall time. Page voicereport-3. */
  a_ring_time: wallTime,
  /** A answered; Beijing wall time. Page voicereport-3. */
  a_start_time: wallTime,
  /** A hung up; Beijing wall time. Page voicereport-3. */
  a_end_time: wallTime,
  /** Seconds on leg A. Page voicereport-3. */
  a_duration: amount,
  /** Leg B, of a two-leg call or a transfer, was handed to the carrier; Beijing wall time. Pages voicereport-1, -3, -4. */
  b_originate_time: wallTime,
  /** B began ringing; Beijing wall time. Pages voicereport-1, -3 and -4. */
  b_ring_time: wallTime,
  /** B answered; Beijing wall time. Pages voicereport-1, -3 and -4. */
  b_start_time: wallTime,
  /** B hung up; Beijing wall time. Pages voicereport-1, -3 and -4. */
  b_end_time: wallTime,
  /** Seconds on leg B; a number in one sample. Pages voicereport-1, -3 and -4. */
  b_duration: amount,
  /** The number that A saw calling. Page voicereport-3. */
  caller_show_num: text,
  /** The number that B saw calling. Page voicereport-3. */
  callee_show_num: text,
  /** Of an inbound call: the extension or extra data. Page voicereport-1. */
  extend: text,
  /** Why the leg of a parallel transfer ended. Newer pages. */
  parallel_leg_hangup_cause: text,
};

/**
 * The record of one finished call (呼叫记录).
 *
 * @see https://help.aliyun.com/document_detail/112505.htm
 * @see https://help.aliyun.com/zh/vms/voicereport-7
 * @see https://help.aliyun.com/zh/vms/developer-reference/voicereport-1
 * @see https://help.aliyun.com/zh/vms/developer-reference/voicereport-3
 * @see https://help.aliyun.com/zh/vms/developer-reference/voicereport-4
 * @see https://help.aliyun.com/document_detail/55499.html
 */
export type VoiceReport = Known<z.infer<typeof voiceReport>>;
export const voiceReport = z.looseObject(voiceReportFields);

/**
 * The record of one finished call of the contact centre (智能联络中心呼叫记录). Fields as in {@link VoiceReport};
 * `smart_status_code` may also be `OTHERS` or `INTELLIGENT_ANSWER`.
 *
 * @see https://help.aliyun.com/en/aiccs/developer-reference/voicereportaiccs
 */
export type VoiceReportAiccs = Known<z.infer<typeof voiceReportAiccs>>;
export const voiceReportAiccs = z.looseObject(voiceReportFields);

const voiceReportKeys = {
  time: ['end_time', 'b_end_time', 'a_end_time', 'start_time', 'ring_time', 'originate_time'],
  subject: ['call_id'],
  identity: ['call_id'],
};

export const voiceReportType = {
  family: 'voice',
  title: { zh: '呼叫记录', en: 'Call record' },
  shapes: [
    {
      schema: voiceReport,
      source: help(
        'document_detail/112505.htm',
        'zh/vms/voicereport-7',
        'zh/vms/developer-reference/voicereport-1',
        'zh/vms/developer-reference/voicereport-3',
        'zh/vms/developer-reference/voicereport-4',
        'document_detail/55499.html',
      ),
      ...voiceReportKeys,
    },
  ],
} satisfies ReceiptType;

export const voiceReportAiccsType = {
  family: 'contact-center',
  title: { zh: '智能联络中心呼叫记录', en: 'Contact centre call record' },
  shapes: [
    {
      schema: voiceReportAiccs,
      source: help('en/aiccs/developer-reference/voicereportaiccs'),
      ...voiceReportKeys,
    },
  ],
} satisfies ReceiptType;
