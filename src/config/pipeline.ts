/** The store between receiving and delivering, and what in it recognises receipts that come again. */
import * as z from 'zod';
import { redis, redisIssues } from './redis.js';
import { filePath, oneOf, text, whenSound, whole } from './rules.js';

const EXAMPLES = { redis: 'redis://localhost:6379', postgres: 'postgres://localhost/receiptd' };

export const pipeline = z
  .strictObject({
    backend: oneOf(['embedded', 'redis', 'postgres'])
      .default('embedded')
      .describe(
        "Where events wait for their delivery: in receiptd's own directory, in Redis, or in PostgreSQL",
      ),
    dataDir: filePath
      .default('./data')
      .describe('Directory of the embedded backend, relative to the working directory'),
    url: z
      .string({ error: 'must be text' })
      .refine((url) => url === '' || (/^(rediss?|postgres(ql)?):\/\/./.test(url) && URL.canParse(url)), {
        error: 'must be a redis://, rediss:// or postgres:// URL',
      })
      .default('')
      .describe('Of the redis backend redis:// or rediss://, of the postgres backend postgres://'),
    redis: redis.prefault({}).describe('Of the redis backend, what the URL does not say'),
    prefix: text(/^\S+$/, 'be text without spaces')
      .default('receiptd')
      .describe('What every Redis key starts with; the schema of the postgres backend'),
    concurrency: whole(1, 1024)
      .default(64)
      .describe('Deliveries at a time, of one queue in each thread')
      .meta({ unit: 'events' }),
    // MNS throttles a consumer with 5,000 messages received and not deleted.
    maxInFlight: whole(16, 4999)
      .default(1024)
      .describe('Messages of one queue received and not yet acknowledged; polling pauses there')
      .meta({ unit: 'messages' }),
    attempts: whole(1, 100).default(8).describe('Deliveries tried before an event becomes a dead letter'),
    ackOn: oneOf(['delivered', 'enqueued'])
      .default('delivered')
      .describe(
        'When a message is deleted from its queue: once it is delivered, or as soon as the store has it safely',
      ),
  })
  .superRefine(
    ({ backend, url }, issues) => {
      const refuse = (message: string) => issues.addIssue({ code: 'custom', path: ['url'], message });
      const fits = url.startsWith('redis') ? 'redis' : 'postgres';
      // Otherwise a forgotten backend would put receipts into a local directory without a word.
      if (backend === 'embedded' && url)
        refuse(`is only for backend ${fits}, set pipeline.backend: ${fits} as well`);
      else if (backend !== 'embedded' && !url)
        refuse(`is required with backend ${backend}, such as ${EXAMPLES[backend]}`);
      else if (backend !== 'embedded' && fits !== backend)
        refuse(`must be the URL of backend ${backend}, such as ${EXAMPLES[backend]}`);
    },
    whenSound('backend', 'url'),
  )
  .superRefine(
    ({ backend, url, redis: keys }, issues) => {
      for (const issue of redisIssues(backend, url, keys)) issues.addIssue({ code: 'custom', ...issue });
    },
    whenSound('backend', 'url', 'redis'),
  )
  .superRefine(
    ({ backend, ackOn }, issues) => {
      if (backend === 'embedded' && ackOn === 'enqueued')
        issues.addIssue({
          code: 'custom',
          path: ['ackOn'],
          message:
            'enqueued needs a store that survives the loss of power: backend redis with AOF, or postgres',
        });
    },
    whenSound('backend', 'ackOn'),
  );

export const dedupe = z
  .strictObject({
    by: oneOf(['id', 'idempotencykey'])
      .default('id')
      .describe(
        'What makes an event a duplicate: the id of its message, or the idempotency key of its receipt',
      ),
    window: whole(0, 30 * 24 * 3_600_000)
      .default(0)
      .describe(
        'How long a delivered event is remembered after its message is gone; 0 is no longer than that',
      )
      .meta({ unit: 'ms' }),
  })
  .superRefine(
    ({ by, window }, issues) => {
      if (by === 'idempotencykey' && window === 0)
        issues.addIssue({
          code: 'custom',
          path: ['window'],
          message: 'is required with by idempotencykey, such as 86400000 for a day',
        });
    },
    whenSound('by', 'window'),
  );
