/** What every kind of sink may say beside its own keys. */
import * as z from 'zod';
import { must, text, whole } from '../rules.js';

export const messageType = text(/^[A-Za-z][A-Za-z0-9]*$/, 'be a message type such as SmsReport').describe(
  'Message type subscribed to in the console, such as SmsReport, SmsUp or VoiceReport',
);

const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()], {
  error: must('be text, a number, true, false or null'),
});

/** What one field must be: this, one of these, or what the operators say, all of them. */
const condition = z.union(
  [
    scalar,
    z.array(scalar).min(1),
    z.strictObject({
      not: z.union([scalar, z.array(scalar).min(1)]).optional(),
      exists: z.boolean().optional(),
      prefix: z.string().optional(),
      gt: z.number().optional(),
      lt: z.number().optional(),
    }),
  ],
  { error: must('be a value, a list of values, or a mapping of not, exists, prefix, gt, lt') },
);

export const where = z.record(
  text(
    /^(data(\.[^.\s]+)+|[a-z]+)$/,
    'be data. and a field of the receipt, or an attribute of the event such as subject',
  ),
  condition,
);

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

/** A path, read relative to the working directory. */
export const filePath = text(/./, 'not be empty');
