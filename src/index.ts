/** The library's surface: run the daemon inside a program, and write typed handlers. */
export type { ConfigInput } from './config/index.js';
export { createReceiptd, Receiptd, type ReceiptdOptions } from './daemon.js';
export { ReceiptdError, UsageError } from './errors.js';
export type { QueueStatus, Status } from './ops/index.js';
export type {
  EventAttributes,
  ReceiptEvent,
  Receipts,
  SmsReport,
  SmsReportDomestic,
  SmsReportIntl,
  SmsUp,
  VoiceReport,
} from './receipts/index.js';
export {
  DeadLetterError,
  type DeliveryContext,
  defineHandlers,
  type Handler,
  type Handlers,
} from './sinks/index.js';
