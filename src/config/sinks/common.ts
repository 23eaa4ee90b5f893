/** What every kind of sink may say beside its own keys. */
import * as z from 'zod';
import type { EventAttributes } from '../../receipts/index.js';
import { nearest } from '../nearest.js';
import { must, text, whole } from '../rules.js';

export const messageType = text(/^[A-Za-z][A-Za-z0-9]*$/, 'be a message type such as SmsReport').describe(
  'Message type subscribed to in the console, such as SmsReport, SmsUp or VoiceReport',
);

const LONG_NUMBER = { error: 'has more than 15 digits: put it in quotes' };
const EMPTY_LIST = { error: 'must not be an empty list' };

const scalar = z.union(
  [
    z.string(),
    z.boolean(),
    // YAML has rounded a longer one already.
    z.number().refine((value) => !Number.isInteger(value) || Number.isSafeInteger(value), LONG_NUMBER),
  ],
  { error: must('be text, a number, true or false') },
);
const scalars = z.array(scalar).min(1, EMPTY_LIST);

const operators = z
  .strictObject({
    not: z.union([scalar, scalars]).optional(),
    exists: z.boolean().optional(),
    prefix: text(/./s, 'not be empty').optional(),
    gt: z.number().optional(),
    lt: z.number().optional(),
  })
  .refine((given) => Object.values(given).some((value) => value !== undefined), {
    error: 'must have one of not, exists, prefix, gt, lt',
  });

/** What one field must be: this, one of these, or what the operators say, all of them. */
const condition = z.union([scalar, scalars, operators], {
  error: must(
    'be a value, a list of values, or a mapping of not (either), exists (true or false), prefix (text), gt and lt (numbers)',
  ),
});

const ATTRIBUTES: Readonly<Record<keyof EventAttributes, true>> = {
  specversion: true,
  id: true,
  source: true,
  type: true,
  subject: true,
  idempotencykey: true,
  time: true,
  datacontenttype: true,
  messagetype: true,
  queuename: true,
  dequeuecount: true,
  enqueuedat: true,
};

const where = z.record(z.string(), condition).superRefine((fields, issues) => {
  for (const field of Object.keys(fields)) {
    const message = isField(field) ? undefined : unknownField(field);
    if (message !== undefined) issues.addIssue({ code: 'custom', path: [field], message });
  }
});

function isField(name: string): boolean {
  return Object.hasOwn(ATTRIBUTES, name) || /^data(\.[^.\s]+)+$/.test(name);
}

function unknownField(name: string): string {
  const meant =
    nearest(name, Object.keys(ATTRIBUTES)) ?? (/^[^.\s]+$/.test(name) ? `data.${name}` : undefined);
  const hint = meant === undefined || meant === 'data.data' ? '' : `, did you mean ${meant}?`;
  return `must be data. and a field of the receipt, or an attribute of the event such as subject${hint}`;
}

export const everySink = {
  types: z
    .array(messageType)
    .min(1, { error: 'must not be empty, leave it out to take every type' })
    .optional()
    .describe('Message types this sink takes; default: all'),
  where: where
    .optional()
    .describe(
      'Events this sink takes, by field: a value, a list of values, or not, exists, prefix, gt, lt; all must hold',
    ),
  name: text(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, 'be letters, digits, dots, underscores and hyphens')
    .optional()
    .describe('Name in logs and metrics, unique; default: the type and where it goes'),
};

/** Events that go out together; for sinks that send several at a time. */
export function batch(size: number, linger: number, most: number) {
  return z
    .strictObject({
      size: whole(1, most)
        .default(size)
        .describe('Events that go out together, at most')
        .meta({ unit: 'events' }),
      linger: whole(0, 60_000)
        .default(linger)
        .describe('How long an event may wait for others to go with')
        .meta({ unit: 'ms' }),
    })
    .prefault({});
}
