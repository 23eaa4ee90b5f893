/** `receiptd run --once`, as a job that runs now and then: drains, tells what came of it, and exits. */
import { expect, it } from 'vitest';
import type { Child } from '../support/child.js';
import { TestRedis } from '../support/redis.js';
import { configFor, duplicates, QUEUE, Site, startCloud } from '../support/site.js';
import { until } from '../support/until.js';

/** The line that sums it up. */
function summary({ stderrLines }: Child): unknown {
  const line = stderrLines.find((text) => /"msg":"once: (not )?drained/.test(text));
  return line === undefined ? undefined : JSON.parse(line);
}

it('ends when there is nothing to do', async () => {
  await using site = await Site.create();
  await using cloud = await startCloud(0);
  await site.configure({ ...configFor(cloud, { poll: { waitSeconds: 30 } }), ops: { port: 0 } });
  const child = await site.run(['run', '--once']);
  expect(child.exited, child.stderr).toEqual({ code: 0, signal: null });
  expect(summary(child)).toMatchObject({ received: 0, delivered: 0, dead: 0, acknowledged: 0 });
});

it.each(['embedded', 'redis'] as const)('drains 500 receipts: %s', { timeout: 120_000 }, async (backend) => {
  await using redis = await TestRedis.start();
  await using site = await Site.create();
  await using cloud = await startCloud(500);
  const pipeline = backend === 'redis' ? { backend, url: redis.url } : { backend };
  await site.configure({ ...configFor(cloud, { pipeline }), ops: { port: 0 } });
  const child = await site.run(['run', '--once']);
  expect(child.exited, child.stderr).toEqual({ code: 0, signal: null });
  expect(summary(child)).toMatchObject({ received: 500, delivered: 500, dead: 0, acknowledged: 500 });
  expect(cloud.queue(QUEUE).counters()).toMatchObject({ deleted: 500, visible: 0, invisible: 0 });
  expect(duplicates(await site.delivered())).toEqual([]);
  expect(await site.delivered()).toHaveLength(500);
});

/** Fails the first try of every event, and one event for good. */
const FLAKY = `
  const tried = new Set();
  let bad;
  export default {
    default({ id }) {
      bad ??= id;
      if (id === bad) throw Object.assign(new Error('no such order'), { code: 'DEAD_LETTER' });
      if (tried.has(id)) return;
      tried.add(id);
      throw Object.assign(new Error('not now'), { code: 'RETRY_LATER', delay: 1000 });
    },
  };`;

it('waits for retries, and exits with 1 when there are dead letters', { timeout: 120_000 }, async () => {
  await using redis = await TestRedis.start();
  await using site = await Site.create();
  await using cloud = await startCloud(20);
  await site.write('flaky.mjs', FLAKY);
  const sinks = [{ type: 'module' as const, path: 'flaky.mjs', name: 'flaky' }];
  await site.configure({
    ...configFor(cloud, { sinks, poll: { threads: 1 }, pipeline: { backend: 'redis', url: redis.url } }),
    ops: { port: 0 },
  });
  const child = await site.run(['run', '--once']);
  expect(child.exited, child.stderr).toEqual({ code: 1, signal: null });
  expect(child.stderr).toMatch(/once: 1 message\(s\) became dead letters, kept in the store/);
  expect(summary(child)).toMatchObject({ received: 20, delivered: 19, dead: 1, acknowledged: 20 });
});

const FAILING = `export default { default() { throw new Error('the database is away'); } };`;

it('gives up on a sink that stays down, with 1 and all of it left', { timeout: 120_000 }, async () => {
  await using redis = await TestRedis.start();
  await using site = await Site.create();
  await using cloud = await startCloud(50, { visibilityTimeout: 120 });
  await site.write('failing.mjs', FAILING);
  const sinks = [{ type: 'module' as const, path: 'failing.mjs', name: 'failing' }];
  await site.configure({
    ...configFor(cloud, { sinks, poll: { threads: 1 }, pipeline: { backend: 'redis', url: redis.url } }),
    ops: { port: 0 },
  });
  const child = await site.run(['run', '--once', '--give-up-after', '8s']);
  expect(child.exited, child.stderr).toEqual({ code: 1, signal: null });
  expect(child.stderr).toMatch(/once: nothing has moved on for 8 s, giving up: .*sink failing is down/);
  expect(summary(child)).toMatchObject({ msg: expect.stringMatching(/^once: not drained/), delivered: 0 });
  expect(cloud.queue(QUEUE).deleted).toBe(0);
});

it('gives up on a token that is refused for good, and on a store that is away', {
  timeout: 120_000,
}, async () => {
  await using redis = await TestRedis.start();
  await using site = await Site.create();
  await using cloud = await startCloud(5);
  const wrong = {
    credentials: { accessKeyId: 'unknown', accessKeySecret: 'x' },
    pipeline: { backend: 'redis' as const, url: redis.url },
  };
  await site.configure({ ...configFor(cloud, wrong), ops: { port: 0 } });
  const token = await site.run(['run', '--once', '--give-up-after', '3s']);
  expect(token.exited, token.stderr).toEqual({ code: 1, signal: null });
  expect(token.stderr).toMatch(/once: nothing has moved on for 3 s, giving up: .*InvalidAccessKeyId/);
  const away = { pipeline: { backend: 'redis' as const, url: 'redis://127.0.0.1:1' } };
  await site.configure({ ...configFor(cloud, away), ops: { port: 0 } });
  const store = await site.run(['run', '--once', '--give-up-after', '12s']);
  expect(store.exited, store.stderr).toEqual({ code: 1, signal: null });
  expect(store.stderr).toMatch(/giving up: .*no Redis at 127\.0\.0\.1:1/);
});

it('is not done when a signal ends it, and exits with 1 after draining', { timeout: 120_000 }, async () => {
  await using redis = await TestRedis.start();
  await using site = await Site.create();
  await using cloud = await startCloud(1_000);
  const queue = cloud.queue(QUEUE);
  const daemon = await site.daemon(
    configFor(cloud, { pipeline: { backend: 'redis', url: redis.url, maxInFlight: 64 } }),
    {},
    ['--once'],
  );
  await until('work under way', () => queue.deleted >= 50);
  expect(await daemon.end('SIGTERM'), daemon.stderr).toEqual({ code: 1, signal: null });
  expect(queue.deleted).toBeLessThan(1_000);
  expect(summary(daemon)).toMatchObject({ msg: expect.stringMatching(/^once: not drained/) });
  const deleted = new Set(queue.deletedIds);
  expect((await site.delivered()).filter((id) => !deleted.has(id))).toEqual([]);
});

it('ends in each role when its own part is done', { timeout: 120_000 }, async () => {
  await using redis = await TestRedis.start();
  await using site = await Site.create();
  await using cloud = await startCloud(100);
  const pipeline = { backend: 'redis' as const, url: redis.url };
  await site.configure({ ...configFor(cloud, { pipeline }), ops: { port: 0 } });
  const poll = await site.run(['run', '--once'], { RECEIPTD_ROLE: 'poll' });
  expect(poll.exited, poll.stderr).toEqual({ code: 0, signal: null });
  expect(summary(poll)).toMatchObject({ received: 100, delivered: 0, acknowledged: 0 });
  const deliver = await site.run(['run', '--once'], { RECEIPTD_ROLE: 'deliver' });
  expect(deliver.exited, deliver.stderr).toEqual({ code: 0, signal: null });
  expect(summary(deliver)).toMatchObject({ received: 0, delivered: 100, acknowledged: 100 });
  expect(cloud.queue(QUEUE).deleted).toBe(100);
});
