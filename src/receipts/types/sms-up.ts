import { z } from 'zod';

/** 上行短信: an SMS that a person sent back. Source: help.aliyun.com document 101646. */
export const smsUp = z.looseObject({
  /** Who wrote. */
  phone_number: z.string(),
  /** `yyyy-MM-dd HH:mm:ss`, Beijing time; `yyyyMMddHHmmss` in 2017's form. */
  send_time: z.string(),
  /** What they wrote. */
  content: z.string(),
  /** The extension number they wrote to. */
  dest_code: z.string().optional(),
  /** Id of the message. Published as a number or a string; beyond 2^53 it arrives here as a string of digits. */
  sequence_id: z.union([z.number(), z.string()]).optional(),
});

export type SmsUp = z.infer<typeof smsUp>;
