/** Receipts: schemas and types of the message types, decode, and the event. */
export type { Receipts } from './catalog.js';
export { type Decoded, decode, type MessageOrigin, type RawMessage } from './decode.js';
export { type EventAttributes, type EventRecord, type ReceiptEvent, toEvent, toLine } from './event.js';
export type { SmsReport, SmsReportDomestic, SmsReportIntl } from './types/sms-report.js';
export type { SmsUp } from './types/sms-up.js';
export type { VoiceReport } from './types/voice-report.js';
