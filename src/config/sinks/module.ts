import * as z from 'zod';
import { filePath, whole } from '../rules.js';
import { everySink } from './common.js';

export const module = z
  .strictObject({
    type: z.literal('module'),
    path: filePath.describe('ES module with handlers, relative to the working directory'),
    timeout: whole(0, 3_600_000)
      .default(30_000)
      .describe(
        'How long a handler may take; then its signal aborts and the event is tried again; 0 is for ever',
      )
      .meta({ unit: 'ms' }),
    ...everySink,
  })
  .describe('Your own handlers');
