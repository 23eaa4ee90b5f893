import { z } from 'zod';

const time = z.string().optional();
const seconds = z.union([z.string(), z.number()]).optional();

/**
 * 呼叫记录: the record of one finished call. Times are `yyyy-MM-dd HH:mm:ss` in Beijing time, empty when the
 * thing did not happen; durations are seconds.
 * Source: help.aliyun.com document 112505 and the per-product pages voicereport-1, -3, -4.
 */
export const voiceReport = z.looseObject({
  /** `n^n`, as the call API answered. */
  call_id: z.string(),
  /** Handed to the carrier. */
  originate_time: time,
  /** The callee began ringing. */
  ring_time: time,
  /** Answered. */
  start_time: time,
  /** Ended. */
  end_time: time,
  caller: z.string().optional(),
  callee: z.string().optional(),
  /** Seconds talked, `"0"` when not answered. */
  duration: seconds,
  /** `200000` answered, `200002` busy, `200003` no answer, `200005` rejected, `200010` powered off, … */
  status_code: z.string(),
  /** `ANSWERED`, `USER_BUSY`, `NO_ANSWER`, … */
  smart_status_code: z.string().optional(),
  /** The status as text. */
  status_msg: z.string().optional(),
  /** `用户` (the callee) or `机器` (the platform) hung up. */
  hangup_direction: z.string().optional(),
  /** The OutId given when calling. */
  out_id: z.string().optional(),
  /** Keys that were pressed. */
  dtmf: z.string().optional(),
  /** `voice`, `asr` or `smart_transfer`. */
  voice_type: z.string().optional(),
  /** `LOCAL`, `PROVINCE`, `DOMESTIC`, `INTERNATIONAL`; deprecated, now `UNKNOWN`. */
  toll_type: z.string().optional(),
  /** Leg A of a two-leg call. */
  a_originate_time: time,
  a_ring_time: time,
  a_start_time: time,
  a_end_time: time,
  a_duration: seconds,
  /** Leg B of a two-leg call or a transfer. */
  b_originate_time: time,
  b_ring_time: time,
  b_start_time: time,
  b_end_time: time,
  b_duration: seconds,
});

export type VoiceReport = z.infer<typeof voiceReport>;
