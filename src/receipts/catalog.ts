/**
 * The message types receiptd knows: their schema, and which field tells when the receipt happened. A type that is
 * not here flows through untyped.
 */
import type { z } from 'zod';
import { type SmsReport, smsReport } from './types/sms-report.js';
import { type SmsUp, smsUp } from './types/sms-up.js';
import { type VoiceReport, voiceReport } from './types/voice-report.js';

/** Message type → the type of its receipts. `defineHandlers` gets its types from here. */
export interface Receipts {
  SmsReport: SmsReport;
  SmsUp: SmsUp;
  VoiceReport: VoiceReport;
}

interface CatalogEntry {
  schema: z.ZodType;
  /** Fields that may hold the receipt's own time, best first; empty and unreadable ones are passed over. */
  timeFields: readonly string[];
}

export const catalog: Readonly<Record<string, CatalogEntry>> = {
  SmsReport: { schema: smsReport, timeFields: ['report_time', 'send_time', 'ReceiveDate', 'SendDate'] },
  SmsUp: { schema: smsUp, timeFields: ['send_time'] },
  VoiceReport: { schema: voiceReport, timeFields: ['end_time', 'start_time', 'originate_time'] },
};
