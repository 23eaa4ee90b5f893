/** What an empty queue costs. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { TestRedis } from '../support/redis.js';
import { configFor, Site, startCloud } from '../support/site.js';

it('asks for no more than a handful of things in an idle minute, two threads on Redis', async () => {
  await using redis = await TestRedis.start();
  await using site = await Site.create();
  await using cloud = await startCloud(0);
  const daemon = await site.daemon(
    configFor(cloud, {
      pipeline: { backend: 'redis', url: redis.url },
      poll: { threads: 2, waitSeconds: 30 },
      shutdown: { pollGrace: 0 },
    }),
  );
  await daemon.untilReady();
  // The minute itself is what is tested; nothing waits for anything here.
  await sleep(60_000);
  const { requests, operations } = cloud.stats;
  // One token, one poll that shows that MNS answers, and a long poll every half minute.
  expect(requests, JSON.stringify(operations)).toBeLessThanOrEqual(8);
  expect(operations.BatchReceiveMessage, JSON.stringify(operations)).toBeGreaterThanOrEqual(2);
  await daemon.untilReady();
  expect(await daemon.end('SIGTERM'), daemon.stderr).toEqual({ code: 0, signal: null });
}, 120_000);
