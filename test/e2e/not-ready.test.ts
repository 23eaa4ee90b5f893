/** What somebody new gets wrong and only the cloud or Redis can tell: a false `/readyz` that says what to do. */
import { expect, it } from 'vitest';
import type { ConfigInput } from '../../src/config/index.js';
import type { Emulator } from '../../src/emulator/index.js';
import type { Daemon } from '../support/daemon.js';
import { TestRedis } from '../support/redis.js';
import { configFor, duplicates, QUEUE, Site, startCloud } from '../support/site.js';
import { until } from '../support/until.js';

const SECRET = 'S3cretOfSomebody';

interface LogLine {
  level: number;
  msg: string;
}

/** What it has warned of so far; every line it wrote must be JSON, so no stack trace is among them. */
function warnings(daemon: Daemon): string[] {
  const lines = daemon.stderrLines.map((line) => JSON.parse(line) as LogLine);
  return lines.filter(({ level }) => level >= 40).map(({ msg }) => msg);
}

interface Mistake {
  name: string;
  config: (cloud: Emulator) => Partial<ConfigInput>;
  reason: RegExp;
  /** Has it failed some more? */
  failedMore: (cloud: Emulator, daemon: Daemon) => Promise<boolean>;
}

const tokenFailures = async (_: Emulator, daemon: Daemon) =>
  ((await daemon.status()).queues[0]?.token.failures ?? 0) >= 3;
const pollFailures = async (_: Emulator, daemon: Daemon) =>
  ((await daemon.status()).queues[0]?.counters.poll_errors ?? 0) >= 3;

const MISTAKES: readonly Mistake[] = [
  {
    name: 'a wrong secret',
    config: (cloud) => ({ credentials: { accessKeyId: cloud.accessKeyId, accessKeySecret: SECRET } }),
    reason:
      /QueryTokenForMnsQueue for SmsReport \(.*\): SignatureDoesNotMatch.*ALIBABA_CLOUD_ACCESS_KEY_SECRET/,
    failedMore: tokenFailures,
  },
  {
    name: 'an unknown AccessKey',
    config: () => ({ credentials: { accessKeyId: 'LTAInobody', accessKeySecret: SECRET } }),
    reason: /QueryTokenForMnsQueue .*InvalidAccessKeyId.*ALIBABA_CLOUD_ACCESS_KEY_ID/,
    failedMore: tokenFailures,
  },
  {
    name: 'a token service that cannot be reached',
    config: (cloud) => ({ endpoints: { dybaseapi: 'http://127.0.0.1:1', mns: cloud.url } }),
    reason: /QueryTokenForMnsQueue .*cannot reach http:\/\/127\.0\.0\.1:1 .*endpoints\.dybaseapi/,
    failedMore: tokenFailures,
  },
  {
    name: 'an MNS that cannot be reached',
    config: (cloud) => ({ endpoints: { dybaseapi: cloud.url, mns: 'http://127.0.0.1:1' } }),
    reason: /BatchReceiveMessage .*cannot reach http:\/\/127\.0\.0\.1:1.*endpoints\.mns/,
    failedMore: pollFailures,
  },
  {
    name: 'a queue that does not exist',
    config: () => ({ queues: [{ messageType: 'SmsReport', queueName: 'Alicom-Queue-1-SmsReport' }] }),
    reason: /Alicom-Queue-1-SmsReport.*QueueNotExist.*queues\[\]\.queueName/,
    failedMore: pollFailures,
  },
  {
    name: 'a message type that is not of the queue',
    config: () => ({ queues: [{ messageType: 'SmsUp', queueName: QUEUE }] }),
    reason: /AccessDenied.*messageType and queueName must belong together/,
    failedMore: pollFailures,
  },
];

it.each(MISTAKES)('tells of $name in /readyz, and in the log without repeating itself', async (mistake) => {
  await using site = await Site.create();
  await using cloud = await startCloud(1);
  const daemon = await site.daemon({ ...configFor(cloud), ...mistake.config(cloud) });
  const reasons = await daemon.untilNotReady(mistake.reason);
  expect(reasons.filter((line) => line !== 'starting')).toHaveLength(1);
  await until('more failures', () => mistake.failedMore(cloud, daemon));
  await daemon.untilNotReady(mistake.reason);
  expect(warnings(daemon)).toContainEqual(expect.stringMatching(mistake.reason));
  expect(await daemon.end('SIGTERM'), daemon.stderr).toEqual({ code: 0, signal: null });
  // Once what is wrong, and that a token was refused; the latter two again after a while.
  expect(warnings(daemon).length, daemon.stderr).toBeLessThanOrEqual(
    mistake.failedMore === tokenFailures ? 1 : 4,
  );
  expect(daemon.stderr + JSON.stringify(reasons)).not.toContain(SECRET);
  expect(daemon.stderr).not.toContain(cloud.accessKeySecret);
});

it('waits for a Redis that is down, and works by itself when it is there', async () => {
  await using site = await Site.create();
  await using cloud = await startCloud(100);
  await using redis = await TestRedis.start();
  await redis.down();
  const daemon = await site.daemon(configFor(cloud, { pipeline: { backend: 'redis', url: redis.url } }));
  const [reason] = await daemon.untilNotReady(
    /pipeline\.url: no Redis at 127\.0\.0\.1:\d+ .*start it, or correct pipeline\.url/,
  );
  expect(reason).toContain(`${redis.port}`);
  expect(cloud.queue(QUEUE).received).toBe(0);
  await redis.up();
  await daemon.untilReady();
  await until('an empty queue', () => cloud.queue(QUEUE).deleted === 100);
  expect(await daemon.end('SIGTERM')).toEqual({ code: 0, signal: null });
  const delivered = await site.delivered();
  expect(delivered).toHaveLength(100);
});

it('stops receiving when its Redis goes away, says so, and goes on when it is back', async () => {
  await using redis = await TestRedis.start('--appendonly', 'yes');
  await using site = await Site.create();
  await using cloud = await startCloud(200, { visibilityTimeout: 5 });
  const queue = cloud.queue(QUEUE);
  const daemon = await site.daemon(configFor(cloud, { pipeline: { backend: 'redis', url: redis.url } }));
  await until('an empty queue', () => queue.deleted === 200);
  await daemon.untilReady();
  await redis.down('SIGKILL');
  cloud.generate(QUEUE, 3_000);
  await daemon.untilNotReady(/./);
  // At most what its polls under way bring: MNS keeps the backlog.
  expect(queue.received).toBeLessThan(200 + 1_024);
  await redis.up();
  await daemon.untilReady();
  await until('an empty queue', () => queue.deleted === 3_200);
  expect(await daemon.end('SIGTERM'), daemon.stderr).toEqual({ code: 0, signal: null });
  const delivered = await site.delivered();
  expect(new Set(delivered).size).toBe(3_200);
  expect(duplicates(delivered).length).toBeLessThanOrEqual(2 * 64);
});
