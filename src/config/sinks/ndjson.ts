import * as z from 'zod';
import { must, whole } from '../rules.js';
import { everySink, filePath } from './common.js';

export const ndjson = z
  .strictObject({
    type: z.literal('ndjson'),
    path: filePath.describe('File to append to, relative to the working directory; - is standard output'),
    maxBytes: whole(0, 1024 ** 4)
      .default(0)
      .describe('Size at which the file is put aside and a new one started; 0 is never')
      .meta({ unit: 'bytes' }),
    // setTimeout takes no more than 2^31 - 1 ms, which is 24 days.
    maxAge: whole(0, 7 * 24 * 3_600_000)
      .default(0)
      .describe('Time from its first event at which the file is put aside; 0 is never')
      .meta({ unit: 'ms' }),
    gzip: z
      .boolean({ error: must('be true or false') })
      .default(false)
      .describe('Whether files that were put aside are compressed'),
    ...everySink,
  })
  .describe('One CloudEvent a line');
