/** Where traces go, and how many. */
import * as z from 'zod';
import { must, secretText, text } from './rules.js';

const headers = z.record(
  z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/),
  secretText().regex(/^[\t\x20-\x7e]*$/, { error: 'must be printable ASCII in one line' }),
  {
    error: ({ code }) =>
      code === 'invalid_key' ? 'is no name of a header' : 'must be a mapping of headers to their values',
  },
);

export const tracing = z.strictObject({
  endpoint: z
    .string({ error: 'must be text' })
    .refine((url) => url === '' || (/^https?:\/\//i.test(url) && URL.canParse(url)), {
      error: 'must be an http:// or https:// URL',
    })
    .default('')
    .describe('OTLP/HTTP endpoint of a collector, to which /v1/traces is added; empty traces nothing'),
  serviceName: text(/\S/, 'not be empty')
    .default('receiptd')
    .describe('What this receiptd is called in traces (service.name)'),
  sampleRatio: z
    .number({ error: must('be a number between 0 and 1') })
    .min(0, { error: must('be between 0 and 1') })
    .max(1, { error: must('be between 0 and 1') })
    .default(1)
    .describe('Part of the polls that are traced, with all that becomes of their messages'),
  headers: headers
    .default({})
    .describe('Further headers of each request to the endpoint, such as Authorization'),
});
