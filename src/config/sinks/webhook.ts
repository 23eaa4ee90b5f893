import * as z from 'zod';
import { must, oneOf, secretText, text, whole } from '../rules.js';
import { batch, everySink, filePath } from './common.js';

const tls = z.strictObject({
  ca: filePath.optional().describe('PEM file with the authorities to trust instead of the usual ones'),
  cert: filePath.optional().describe("PEM file with receiptd's own certificate, for mutual TLS"),
  key: filePath.optional().describe('PEM file with the key of tls.cert'),
  verify: z
    .boolean({ error: must('be true or false') })
    .default(true)
    .describe("Whether the receiver's certificate is checked"),
});

export const webhook = z
  .strictObject({
    type: z.literal('webhook'),
    url: z
      .string({ error: must('be an http:// or https:// URL') })
      .refine((url) => /^https?:\/\//.test(url) && URL.canParse(url), {
        error: 'must be an http:// or https:// URL',
      })
      .describe('Where events are posted'),
    format: oneOf(['structured', 'batch', 'binary', 'alicom'])
      .default('structured')
      .describe(
        "CloudEvents, one (structured, or binary) or several (batch) a request; alicom posts as the vendor's HTTP batch push does",
      ),
    secrets: z
      .array(secretText())
      .max(2, {
        error: 'must be at most two: the new one first, the old one until receivers know the new one',
      })
      .default([])
      .describe(
        'Standard Webhooks secrets (whsec_…) that requests are signed with; two while they are rotated',
      ),
    headers: z
      .record(text(/^[A-Za-z0-9-]+$/, 'be the name of a header'), secretText())
      .default({})
      .describe('Further headers of each request, such as Authorization'),
    timeout: whole(100, 600_000).default(10_000).describe('How long an answer may take').meta({ unit: 'ms' }),
    concurrency: whole(1, 1024).default(16).describe('Requests at a time, in each thread'),
    rate: whole(0, 100_000)
      .default(0)
      .describe('Requests a second, in each thread; 0 is as many as go')
      .meta({ unit: '/s' }),
    batch: batch(16, 50, 1000).describe('With format batch or alicom'),
    tls: tls.prefault({}).describe('With an https:// URL'),
    ...everySink,
  })
  .describe('HTTP POST');
