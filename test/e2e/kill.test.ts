/** Guarantee 1 where it hurts most: `kill -9`, at any instant. */
import { expect, it } from 'vitest';
import type { ConfigInput } from '../../src/config/index.js';
import { TestRedis } from '../support/redis.js';
import { configFor, duplicates, QUEUE, Site, startCloud } from '../support/site.js';
import { until } from '../support/until.js';

const LIMIT = 150_000;

/** Runs the daemon over the full queue, kills it each time so many are deleted, and lets the last one drain it. */
async function drainWithKills(
  receipts: number,
  killAt: readonly number[],
  pipeline: NonNullable<ConfigInput['pipeline']>,
): Promise<{ missing: number; duplicates: number; deadLetters: number }> {
  await using site = await Site.create();
  await using cloud = await startCloud(receipts, { visibilityTimeout: 4 });
  const queue = cloud.queue(QUEUE);
  const sent = queue.messages.map(({ id }) => id);
  const config = configFor(cloud, { pipeline, poll: { threads: 2, waitSeconds: 1 } });
  for (const progress of killAt) {
    const daemon = await site.daemon(config);
    await until(`${progress} deleted`, () => queue.deleted >= progress, LIMIT);
    expect(await daemon.end('SIGKILL')).toEqual({ code: null, signal: 'SIGKILL' });
    expect(queue.deleted).toBeLessThan(receipts);
  }
  const daemon = await site.daemon(config);
  await until('an empty queue', () => queue.deleted === receipts, LIMIT);
  // What a killed process had delivered but not finished is delivered again, also after its message is gone.
  await until('an empty store', async () => (await daemon.status()).queues[0]?.backlog === 0, LIMIT);
  const deadLetters = await daemon.deadLetters();
  expect(await daemon.end('SIGTERM')).toEqual({ code: 0, signal: null });
  expect(queue.counters()).toMatchObject({ sent: receipts, deleted: receipts, visible: 0, invisible: 0 });
  const delivered = await site.delivered();
  const there = new Set(delivered);
  return {
    missing: sent.filter((id) => !there.has(id)).length,
    duplicates: duplicates(delivered).length,
    deadLetters,
  };
}

it('loses none of 12,000 receipts over three kill -9s of two threads on Redis', async ({ annotate }) => {
  await using redis = await TestRedis.start('--appendonly', 'yes');
  const pipeline = { backend: 'redis', url: redis.url, concurrency: 64 } as const;
  const outcome = await drainWithKills(12_000, [1_000, 4_500, 9_000], pipeline);
  await annotate(`duplicates: ${outcome.duplicates}`);
  expect(outcome).toMatchObject({ missing: 0, deadLetters: 0 });
  // Only what was under way at a kill may have reached the file twice.
  expect(outcome.duplicates).toBeLessThanOrEqual(3 * 2 * 64);
}, 240_000);

it('loses none of 2,000 receipts over two kill -9s on the embedded store', async ({ annotate }) => {
  const outcome = await drainWithKills(2_000, [300, 1_200], { backend: 'embedded', concurrency: 64 });
  await annotate(`duplicates: ${outcome.duplicates}`);
  expect(outcome).toMatchObject({ missing: 0, deadLetters: 0 });
  expect(outcome.duplicates).toBeLessThanOrEqual(2 * 64);
}, 240_000);
