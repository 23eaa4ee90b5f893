/**
 * What a message type says about itself. Everything that depends on the type (checking a receipt, the event's `time`,
 * `subject` and `idempotencykey`, the reference in docs/) is read from here, so a new type is one more file in `types/`.
 */
import type { z } from 'zod';

/** A field of a receipt, nested ones with dots: `call_id`, `data.info.endTime`. */
export type FieldPath = string;

/** One set of fields that a message type has been published with. */
export interface ReceiptShape<Schema extends z.ZodObject = z.ZodObject> {
  schema: Schema;
  /** Where it is documented. */
  source: string;
  /** The field by whose presence this shape is told from the ones after it; none on the last, which is the default. */
  mark?: FieldPath;
  /** Fields that may hold the receipt's own time, best first; empty and unreadable ones are passed over. */
  time: readonly FieldPath[];
  /** Fields that may name what the receipt is about (call id, biz id), best first. */
  subject: readonly FieldPath[];
  /**
   * Fields that together tell two receipts apart, whatever message brings them; missing ones count as empty. A receipt
   * without a subject has none.
   */
  identity: readonly FieldPath[];
  /** Fields of the identity without which there is none. */
  needs?: readonly FieldPath[];
}

export type ReceiptFamily = 'sms' | 'voice' | 'converged' | 'contact-center' | 'privacy' | 'flow' | 'chatapp';

export interface ReceiptType<
  Shapes extends readonly [ReceiptShape, ...ReceiptShape[]] = readonly [ReceiptShape, ...ReceiptShape[]],
> {
  family: ReceiptFamily;
  /** The type's name to people. */
  title: { zh: string; en: string };
  shapes: Shapes;
}

/** What stands at the path; undefined when nothing does. */
export function fieldAt(receipt: object, path: FieldPath): unknown {
  let value: unknown = receipt;
  for (const name of path.includes('.') ? path.split('.') : [path]) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as Record<string, unknown>)[name];
  }
  return value;
}

/** The shape that a receipt is held against: the first whose mark is there, else the last. */
export function shapeOf(receipt: object, { shapes }: ReceiptType): ReceiptShape {
  const [first] = shapes;
  return shapes.find(({ mark }) => mark === undefined || fieldAt(receipt, mark) !== undefined) ?? first;
}
