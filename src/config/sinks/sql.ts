import * as z from 'zod';
import { must, oneOf, secretText, text, whole } from '../rules.js';
import { batch, everySink } from './common.js';

export const sql = z
  .strictObject({
    type: z.literal('sql'),
    url: z
      .string({ error: must('be a postgres:// or mysql:// URL') })
      .refine((url) => /^(postgres(ql)?|mysql|mariadb):\/\/./.test(url) && URL.canParse(url), {
        error: 'must be a postgres:// or mysql:// URL',
      })
      .describe('Database: postgres://, mysql:// or mariadb://'),
    table: text(
      // Names of its indexes and of the migrations' tables begin with it; PostgreSQL cuts names at 63 characters.
      /^([A-Za-z_][A-Za-z0-9_]{0,62}\.)?[A-Za-z_][A-Za-z0-9_]{0,39}$/,
      'be the name of a table of at most 40 letters, digits and underscores, with or without its schema',
    )
      .default('receiptd_events')
      .describe('Table that `receiptd sql migrate` makes'),
    unique: oneOf(['id', 'idempotencykey'])
      .default('id')
      .describe(
        'What makes an event the same as one that is there: its id, or its idempotency key if it has one',
      ),
    phoneKey: secretText()
      .default('')
      .describe('Key of the phone hash (HMAC-SHA-256); empty hashes without a key'),
    connections: whole(1, 100).default(4).describe('Connections to the database, in each thread'),
    timeout: whole(100, 600_000)
      .default(10_000)
      .describe('How long connecting may take, and a statement')
      .meta({ unit: 'ms' }),
    batch: batch(64, 20, 1000),
    ...everySink,
  })
  .describe('A table of PostgreSQL, MySQL or MariaDB');
