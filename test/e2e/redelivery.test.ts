/** Guarantee 2 with the whole daemon: what comes again is acknowledged again, not delivered again. */
import { Redis } from 'ioredis';
import { expect, it } from 'vitest';
import type { Daemon } from '../support/daemon.js';
import { TestRedis } from '../support/redis.js';
import { configFor, duplicates, QUEUE, Site, startCloud } from '../support/site.js';
import { until } from '../support/until.js';

const RECEIPTS = 32;

async function metric(daemon: Daemon, name: string): Promise<number> {
  const text = await (await fetch(`${daemon.opsUrl}/metrics`)).text();
  const lines = text.split('\n').filter((line) => line.startsWith(`${name}{`));
  return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}

it('delivers each message once while MNS deletes nothing, or only half, and keeps no mark in the end', async () => {
  await using redis = await TestRedis.start();
  await using site = await Site.create();
  const faults = ['BatchDeleteMessage=error/500/InternalError'];
  await using cloud = await startCloud(RECEIPTS, { visibilityTimeout: 2, faults });
  const queue = cloud.queue(QUEUE);
  const sent = queue.messages.map(({ id }) => id);
  const daemon = await site.daemon(configFor(cloud, { pipeline: { backend: 'redis', url: redis.url } }));
  await until('all of it once, and some again', () => queue.received > RECEIPTS + 3);
  await until('redeliveries', async () => (await metric(daemon, 'receiptd_duplicates_total')) > 3);
  expect(queue.deleted).toBe(0);
  const client = new Redis(redis.url);
  const marks = () => client.zcard(`receiptd:{${QUEUE}}:receiptd:delivered`);
  expect(await marks()).toBe(RECEIPTS);

  cloud.clearFaults();
  cloud.addFaults(['BatchDeleteMessage=half:0.5']);
  await until('an empty queue', () => queue.deleted === RECEIPTS);
  const delivered = await site.delivered();
  expect(delivered.toSorted()).toEqual(sent.toSorted());
  await until('no marks', async () => (await marks()) === 0);
  expect(await daemon.end('SIGTERM'), daemon.stderr).toEqual({ code: 0, signal: null });
  // Neither jobs nor marks: what is left is BullMQ's own, of a fixed size.
  const left = (await client.keys('*')).map((key) => key.slice(key.lastIndexOf(':') + 1));
  expect(left.filter((key) => !['meta', 'events', 'stalled-check', 'marker', 'id'].includes(key))).toEqual(
    [],
  );
  client.disconnect();
});

it('delivers one of the messages that bring the same receipt, however often MNS hands each out', async () => {
  await using redis = await TestRedis.start();
  await using site = await Site.create();
  const faults = ['BatchReceiveMessage=duplicate'];
  await using cloud = await startCloud(0, { visibilityTimeout: 4, faults });
  const queue = cloud.queue(QUEUE);
  const receipt = (n: number) => ({
    phone_number: `1380000${1000 + n}`,
    send_time: '2025-01-01 00:00:00',
    report_time: '2025-01-01 00:00:05',
    success: true,
    err_code: 'DELIVERED',
    err_msg: '',
    sms_size: '1',
    biz_id: `biz-${n}`,
    out_id: `out-${n}`,
  });
  for (let round = 0; round < 3; round += 1) for (let n = 0; n < 40; n += 1) cloud.send(QUEUE, receipt(n));
  const daemon = await site.daemon(
    configFor(cloud, {
      pipeline: { backend: 'redis', url: redis.url },
      dedupe: { by: 'idempotencykey', window: 3_600_000 },
    }),
  );
  await until('an empty queue', () => queue.deleted === 120);
  await until('an empty store', async () => (await daemon.status()).queues[0]?.backlog === 0);
  const delivered = await site.delivered();
  expect(delivered).toHaveLength(40);
  expect(duplicates(delivered)).toEqual([]);
  const { counters } = (await daemon.status()).queues[0] ?? {};
  expect(counters).toMatchObject({ delivered: 40, dead: 0, retried: 0 });
  // Of each message at least once, two thirds of which bring nothing new.
  expect(counters?.duplicates).toBeGreaterThanOrEqual(80);
  expect(await daemon.end('SIGTERM'), daemon.stderr).toEqual({ code: 0, signal: null });
});
