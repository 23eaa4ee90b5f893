/** The embedded store on its own directory: what passed through it must not stay in it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { EmbeddedBackend, HandOff, type ReceiptJob } from '../../src/pipeline/index.js';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'receiptd-tidy-'));
});

afterEach(() => rm(directory, { recursive: true, force: true }));

function jobs(round: number): ReceiptJob[] {
  return Array.from({ length: 100 }, (_, n) => ({
    message: {
      messageId: `M${round}-${n}`,
      receiptHandle: 'h',
      enqueueTime: 0,
      dequeueCount: 1,
      visibleUntil: 0,
    },
    content: { undecodable: 'x'.repeat(4_000) },
  }));
}

/** Bytes of the jobs' table after a few rounds of jobs that come and go. */
async function sizeAfterRounds(tidy: boolean): Promise<number> {
  const dataDir = join(directory, String(tidy));
  const backend = await EmbeddedBackend.open(dataDir);
  const queue = backend.queue('Q');
  const handOff = new HandOff(queue, 1);
  for (let round = 0; round < 8; round += 1) {
    await handOff.add(jobs(round));
    for (const { message } of jobs(round)) await queue.remove(message.messageId);
    if (tidy) await backend.tidy();
  }
  await queue.close();
  await backend.close();
  const db = await PGlite.create(join(dataDir, 'pgdata'));
  const { rows } = await db.query<{ bytes: number }>(
    "SELECT pg_total_relation_size('bullmq.job')::int AS bytes",
  );
  await db.close();
  return rows[0]?.bytes ?? 0;
}

it('gives the room of finished jobs back, so that the directory does not grow with what passes through', async () => {
  const [untidied, tidied] = [await sizeAfterRounds(false), await sizeAfterRounds(true)];
  expect(tidied).toBeLessThan(untidied / 2);
});
