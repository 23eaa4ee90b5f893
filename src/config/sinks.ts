import * as z from 'zod';
import { text } from './rules.js';

/** What a queue and a sink are: the list items of the configuration. A new kind of sink is one more member here. */

const messageType = text(/^[A-Za-z][A-Za-z0-9]*$/, 'be a message type such as SmsReport').describe(
  'Message type subscribed to in the console, such as SmsReport, SmsUp or VoiceReport',
);

export const queue = z
  .strictObject({
    messageType,
    queueName: text(
      /^[A-Za-z0-9][A-Za-z0-9-]{0,255}$/,
      'be an MNS queue name (at most 256 letters, digits and hyphens)',
    ).describe('Name of the queue as the console shows it; never derived from the message type'),
  })
  .describe('One queue to drain');

const everySink = {
  types: z
    .array(messageType)
    .min(1, { error: 'must not be empty, leave it out to take every type' })
    .optional()
    .describe('Message types this sink takes; default: all'),
  name: text(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, 'be letters, digits, dots, underscores and hyphens')
    .optional()
    .describe('Name in logs and metrics, unique; default: type:path'),
};

/** A path, read relative to the working directory. */
export const filePath = text(/./, 'not be empty');

export const sink = z.discriminatedUnion('type', [
  z
    .strictObject({
      type: z.literal('ndjson'),
      path: filePath.describe('File to append to, relative to the working directory; - is standard output'),
      ...everySink,
    })
    .describe('One CloudEvent a line'),
  z
    .strictObject({
      type: z.literal('module'),
      path: filePath.describe('ES module with handlers, relative to the working directory'),
      ...everySink,
    })
    .describe('Your own handlers'),
]);

/** What a sink is known by: two of one name would take each other's confirmations for their own. */
export function sinkName({ name, type, path }: z.output<typeof sink>): string {
  return name ?? `${type}:${path}`;
}
