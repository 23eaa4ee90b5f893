/**
 * The kinds of fields that receipts are made of. Fields are optional unless a receipt makes no sense without them: a
 * schema is there to notice that Alibaba Cloud changed something, not to refuse a receipt.
 */
import { z } from 'zod';

/** A number. The same field is printed as a number on one page and as a string of digits on the next. */
export const stringOrNumber = z.union([z.string(), z.number()]);

export const text = z.string().optional();
/** Wall time of Beijing, `yyyy-MM-dd HH:mm:ss`; empty when the thing did not happen. */
export const wallTime = z.string().optional();
/** ms since the epoch. */
export const epochMs = stringOrNumber.optional();
export const amount = stringOrNumber.optional();
