/** What was said in a call, while it lasts. */
import { z } from 'zod';
import type { Known } from '../known.js';
import type { ReceiptType } from '../receipt-type.js';
import { amount, text, wallTime } from './fields.js';

/**
 * One utterance of a click-to-dial call, as text (实时 ASR).
 *
 * @see https://github.com/xuliang0105/dyvms
 */
export type VoiceRTASRReport = Known<z.infer<typeof voiceRTASRReport>>;
export const voiceRTASRReport = z.looseObject({
  /** The call, `n^n`, as the call API answered. */
  call_id: z.string(),
  /** Who speaks, e.g. `B`. */
  role: text,
  /** Id of the speaker. */
  identity: text,
  /** What was said. */
  words: z.string(),
  /** The utterance begins; ms from the start of the session. */
  begin_offset: amount,
  /** The utterance ends; ms from the start of the session. */
  end_offset: amount,
  /** The call began; Beijing wall time. */
  begin_time: wallTime,
  /** The OutId given when calling. */
  out_id: text,
});

export const voiceRTASRReportType = {
  family: 'voice',
  title: { zh: '实时语音识别', en: 'Real-time speech recognition' },
  shapes: [
    {
      schema: voiceRTASRReport,
      source: 'https://github.com/xuliang0105/dyvms',
      time: ['begin_time'],
      subject: ['call_id'],
      // Two results for one beginning end at different offsets.
      identity: ['call_id', 'role', 'begin_offset', 'end_offset'],
      needs: ['begin_offset'],
    },
  ],
} satisfies ReceiptType;
