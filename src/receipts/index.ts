/** Receipts: schemas and types of the message types, decode, the event, and the normalized view of it. */
export { type BusinessKeys, businessKeys } from './business-keys.js';
export { catalog, isKnownType, type MessageType, type Receipts } from './catalog.js';
export { type Decoded, type Drift, decode, type MessageOrigin, type RawMessage } from './decode.js';
export { type EventAttributes, type EventRecord, type ReceiptEvent, toEvent, toLine } from './event.js';
export { believedMessageType, guessMessageType } from './guess.js';
export { Fields } from './normalize/fields.js';
export * from './normalize/index.js';
export { parseReceipt } from './parse.js';
export { bareNumber } from './phone-number.js';
export type { FieldPath, ReceiptFamily, ReceiptShape, ReceiptType } from './receipt-type.js';
export type * from './types/index.js';
