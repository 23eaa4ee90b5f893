/** The library's surface: run the daemon inside a program, write typed handlers, read receipts. */
export type { ConfigInput } from './config/index.js';
export { createReceiptd, Receiptd } from './daemon.js';
export { ReceiptdError, UsageError } from './errors.js';
export type { HistoryPoint, QueueStatus, Status } from './ops/index.js';
export type { ReceiptdOptions } from './options.js';
export type * from './receipts/index.js';
/** `receiptTypes`: message type → its zod schemas, names and the fields that time, subject and key are read from. */
export { catalog as receiptTypes, normalize, normalizedTypes, reasonOf } from './receipts/index.js';
export {
  DeadLetterError,
  type DeliveryContext,
  deadLetter,
  defineHandlers,
  type Handler,
  type HandlerContext,
  type Handlers,
  phoneHash,
  RetryLaterError,
  retryAfter,
} from './sinks/index.js';
export type { RecentEvent, RecentQuery } from './stats.js';
