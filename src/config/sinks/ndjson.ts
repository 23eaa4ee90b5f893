import * as z from 'zod';
import { filePath, must, whole } from '../rules.js';
import { everySink } from './common.js';

export const ndjson = z
  .strictObject({
    type: z.literal('ndjson'),
    path: filePath.describe('File to append to, relative to the working directory; - is standard output'),
    maxBytes: whole(0, 1024 ** 4)
      .default(0)
      .describe(
        'Size that the file may have; it is put aside and a new one started before it has more; 0 is any',
      )
      .meta({ unit: 'bytes' }),
    // setTimeout takes no more than 2^31 - 1 ms, which is 24 days.
    maxAge: whole(0, 7 * 24 * 3_600_000)
      .default(0)
      .describe('Time from its first event at which the file is put aside; 0 is never')
      .meta({ unit: 'ms' }),
    gzip: z
      .boolean({ error: must('be true or false') })
      .default(false)
      .describe('Whether files that were put aside are compressed, a few seconds later'),
    ...everySink,
  })
  .superRefine(({ path, maxBytes, maxAge, gzip }, issues) => {
    const rotated = maxBytes > 0 ? 'maxBytes' : maxAge > 0 ? 'maxAge' : undefined;
    if (path === '-' && rotated !== undefined)
      issues.addIssue({
        code: 'custom',
        path: [rotated],
        message: 'is for files, and standard output (path: -) is none: leave it out',
      });
    if (gzip && rotated === undefined)
      issues.addIssue({
        code: 'custom',
        path: ['gzip'],
        message: 'compresses files that were put aside: set maxBytes or maxAge too',
      });
  })
  .describe('One CloudEvent a line');
