/** Tokens that live eight seconds, are revoked and cannot be had: nothing is lost, and nobody is asked in a hot loop. */
import { expect, it } from 'vitest';
import { TestRedis } from '../support/redis.js';
import { configFor, duplicates, QUEUE, Site, startCloud } from '../support/site.js';
import { until } from '../support/until.js';

const TOKEN_LIFE = 8;
/** Sent in waves over the lives of several tokens. */
const WAVE = 600;

it.concurrent.each(['UTC', 'Asia/Shanghai', 'America/New_York'])(
  'drains a queue over short, revoked and refused tokens, in the time zone %s',
  async (zone) => {
    await using redis = await TestRedis.start();
    await using site = await Site.create();
    await using cloud = await startCloud(WAVE, { tokenLife: TOKEN_LIFE, visibilityTimeout: 5 });
    const queue = cloud.queue(QUEUE);
    const config = configFor(cloud, {
      pipeline: { backend: 'redis', url: redis.url },
      poll: { threads: 2, waitSeconds: 5 },
    });
    const startedAt = performance.now();
    const daemon = await site.daemon(config, { TZ: zone });
    const drained = (waves: number) =>
      until(`wave ${waves} to be drained`, () => queue.deleted === waves * WAVE);
    await drained(1);

    // Revoked in the middle of the work, while the token service fails.
    cloud.generate(QUEUE, WAVE);
    await until('work under way', () => queue.deleted > WAVE);
    cloud.failNext('QueryTokenForMnsQueue', 2, { status: 503, code: 'ServiceUnavailable' });
    cloud.revokeTokens();
    await drained(2);
    await daemon.untilReady();

    // Two more lives: refreshed ahead of time, so that no poll is refused.
    const { tokens } = cloud.stats;
    const refused = (await daemon.status()).queues[0]?.counters.poll_errors;
    await until('two more tokens', () => cloud.stats.tokens >= tokens + 2);
    cloud.generate(QUEUE, WAVE);
    await drained(3);
    expect((await daemon.status()).queues[0]?.counters.poll_errors).toBe(refused);

    expect(await daemon.end('SIGTERM'), daemon.stderr).toEqual({ code: 0, signal: null });
    const seconds = (performance.now() - startedAt) / 1000;
    const { requests, operations } = cloud.stats;
    const { QueryTokenForMnsQueue: asked = 0, BatchReceiveMessage: polls = 0 } = operations;
    // A token is asked for after six to seven of its eight seconds, once after the revocation, twice in vain.
    expect(asked).toBeLessThanOrEqual(4 + Math.ceil(seconds / 5));
    // A message needs a sixteenth of a poll and a tenth of a delete, more or less; a hot loop thousands of either.
    expect(polls, JSON.stringify(operations)).toBeLessThan((3 * WAVE) / 16 + 200);
    expect(requests, JSON.stringify(operations)).toBeLessThan((3 * WAVE) / 4 + 500);

    const delivered = await site.delivered();
    expect(delivered).toHaveLength(3 * WAVE);
    expect(duplicates(delivered)).toEqual([]);
    expect(queue.counters()).toMatchObject({ visible: 0, invisible: 0, deleted: 3 * WAVE });
  },
  120_000,
);

it.concurrent('waits without a hot loop for a token service that is gone for longer than a token lives', async () => {
  await using site = await Site.create();
  await using cloud = await startCloud(0, { tokenLife: 5 });
  const daemon = await site.daemon(configFor(cloud));
  await daemon.untilReady();
  const gone = { status: 503, code: 'ServiceUnavailable' };
  cloud.failNext('QueryTokenForMnsQueue', Number.POSITIVE_INFINITY, gone);
  const before = cloud.stats.requests;
  await daemon.untilNotReady(/QueryTokenForMnsQueue .*ServiceUnavailable/);
  cloud.failNext('QueryTokenForMnsQueue', 0, gone);
  cloud.generate(QUEUE, 10);
  await until('the queue to be drained', () => cloud.queue(QUEUE).deleted === 10);
  await daemon.untilReady();
  // A try every second or so for the token, and refused polls that back off.
  expect(cloud.stats.requests - before, JSON.stringify(cloud.stats)).toBeLessThan(80);
  expect(await daemon.end('SIGTERM'), daemon.stderr).toEqual({ code: 0, signal: null });
  expect(await site.delivered()).toHaveLength(10);
}, 120_000);
