/** Fetching and delivering in processes of their own, on one store: each dies, or is away, without the other losing anything. */
import { expect, it, vi } from 'vitest';
import type { ConfigInput } from '../../src/config/index.js';
import type { Status } from '../../src/ops/index.js';
import type { Daemon } from '../support/daemon.js';
import { TestPostgres } from '../support/postgres.js';
import { TestRedis } from '../support/redis.js';
import { configFor, duplicates, QUEUE, Site, startCloud } from '../support/site.js';
import { until } from '../support/until.js';

type Role = NonNullable<ConfigInput['role']>;

const LIMIT = 150_000;

/** Of so many processes each; all write the same file. */
function daemons(site: Site, config: ConfigInput, role: Role, count: number): Promise<Daemon[]> {
  // One after the other: they share the file of their configuration.
  return Array.from({ length: count }).reduce<Promise<Daemon[]>>(async (before) => {
    const made = [...(await before), await site.daemon(config, { RECEIPTD_ROLE: role })];
    await until('it to have read its configuration', () => made.at(-1)?.readiness());
    return made;
  }, Promise.resolve([]));
}

type Counts = Partial<Status['queues'][number]['counters']>;

/** What a slice has counted is told half a second later. */
function untilCounted(daemon: Daemon, expected: Counts): Promise<unknown> {
  return vi.waitFor(async () => {
    expect((await daemon.status()).queues[0]?.counters).toMatchObject(expected);
  }, 20_000);
}

async function endAll(all: readonly Daemon[]): Promise<void> {
  for (const daemon of all)
    expect(await daemon.end('SIGTERM'), daemon.stderr).toEqual({ code: 0, signal: null });
}

it('loses nothing when one of two pollers and one of two deliverers is killed', { timeout: 240_000 }, async ({
  annotate,
}) => {
  const receipts = 6_000;
  await using redis = await TestRedis.start('--appendonly', 'yes');
  await using site = await Site.create();
  await using cloud = await startCloud(receipts, { visibilityTimeout: 5 });
  const queue = cloud.queue(QUEUE);
  const sent = queue.messages.map(({ id }) => id);
  const config = configFor(cloud, {
    pipeline: { backend: 'redis', url: redis.url, concurrency: 16, maxInFlight: 256 },
    poll: { threads: 1, waitSeconds: 1 },
  });
  const [poller, otherPoller] = await daemons(site, config, 'poll', 2);
  const [deliverer, otherDeliverer] = await daemons(site, config, 'deliver', 2);
  if (!poller || !otherPoller || !deliverer || !otherDeliverer) throw new Error('none');
  await until('work under way', () => queue.deleted >= 500, LIMIT);
  await deliverer.end('SIGKILL');
  await until('the other one to go on', () => queue.deleted >= 1_500, LIMIT);
  await poller.end('SIGKILL');
  await until('an empty queue', () => queue.deleted === receipts, LIMIT);
  const backlog = async () => (await otherDeliverer.status()).queues[0]?.backlog;
  await until('an empty store', async () => (await backlog()) === 0, LIMIT);
  // Each does its own part only.
  await untilCounted(otherPoller, { delivered: 0 });
  await untilCounted(otherDeliverer, { received: 0, handed_off: 0 });
  expect(await otherPoller.status()).toMatchObject({ role: 'poll', ready: true, sinks: [] });
  expect(await otherDeliverer.status()).toMatchObject({ role: 'deliver', ready: true });
  await endAll([otherPoller, otherDeliverer]);
  const delivered = await site.delivered();
  const there = new Set(delivered);
  expect(sent.filter((id) => !there.has(id))).toEqual([]);
  await annotate(`duplicates: ${duplicates(delivered).length}`);
  // Only what the killed deliverer had under way may have reached the file twice.
  expect(duplicates(delivered).length).toBeLessThanOrEqual(16);
});

it('leaves the backlog to MNS while nobody delivers, and drains it when somebody does', {
  timeout: 120_000,
}, async () => {
  const receipts = 1_200;
  const maxInFlight = 64;
  await using redis = await TestRedis.start();
  await using site = await Site.create();
  await using cloud = await startCloud(receipts, { visibilityTimeout: 3 });
  const queue = cloud.queue(QUEUE);
  const config = configFor(cloud, {
    pipeline: { backend: 'redis', url: redis.url, maxInFlight },
    poll: { threads: 1, waitSeconds: 1 },
  });
  const pollers = await daemons(site, config, 'poll', 2);
  const [poller] = pollers;
  const backlog = async () => (await poller?.status())?.queues[0]?.backlog ?? 0;
  await until('a full store', async () => (await backlog()) >= maxInFlight / 2);
  // Handles become void meanwhile, and the messages visible again: nobody receives them.
  await until('them to be visible again', () => queue.visible === receipts);
  expect(await backlog()).toBeLessThanOrEqual(2 * maxInFlight);
  expect(queue.received).toBeLessThanOrEqual(2 * maxInFlight);
  expect(queue.deleted).toBe(0);
  for (const one of pollers) await one.untilReady();

  const deliverers = await daemons(site, config, 'deliver', 2);
  await until('the queue to be drained', () => queue.deleted === receipts);
  for (const one of deliverers) await one.untilReady();
  await endAll([...deliverers, ...pollers]);
  const delivered = await site.delivered();
  expect(delivered).toHaveLength(receipts);
  expect(duplicates(delivered)).toEqual([]);
});

/** Refuses what it gets first for ever, by a dead letter. */
const PICKY = `
  let refused = false;
  export default {
    default() {
      if (refused) return;
      refused = true;
      throw Object.assign(new Error('no such order'), { code: 'DEAD_LETTER' });
    },
  };`;

it('makes and deletes dead letters where it delivers, on postgres', { timeout: 120_000 }, async () => {
  await using postgres = await TestPostgres.start();
  await using site = await Site.create();
  await using cloud = await startCloud(300);
  const queue = cloud.queue(QUEUE);
  await site.write('picky.mjs', PICKY);
  const config = configFor(cloud, {
    pipeline: { backend: 'postgres', url: postgres.url },
    poll: { threads: 1, waitSeconds: 1 },
    sinks: [
      { type: 'module', path: 'picky.mjs', name: 'picky' },
      { type: 'ndjson', path: 'receipts.ndjson' },
    ],
  });
  const [poller] = await daemons(site, config, 'poll', 1);
  const [deliverer] = await daemons(site, config, 'deliver', 1);
  if (!poller || !deliverer) throw new Error('none');
  await until('the queue to be drained', () => queue.deleted === 300);
  await untilCounted(deliverer, { received: 0, delivered: 299, dead: 1 });
  await untilCounted(poller, { received: 300, delivered: 0, dead: 0, acknowledged: 0 });
  // Either tells of them.
  expect(await poller.deadLetters()).toBe(1);
  expect(await deliverer.deadLetters()).toBe(1);
  const shown = await site.run(['status', '--url', poller.opsUrl]);
  expect(shown.stdout).toMatch(/, role poll, 1 thread\(s\)/);
  await endAll([poller, deliverer]);
});

it('receives no more than fits while nothing can be deleted', { timeout: 120_000 }, async () => {
  const maxInFlight = 64;
  await using redis = await TestRedis.start();
  await using site = await Site.create();
  await using cloud = await startCloud(600, { visibilityTimeout: 120 });
  const queue = cloud.queue(QUEUE);
  const config = configFor(cloud, {
    pipeline: { backend: 'redis', url: redis.url, maxInFlight, concurrency: 4 },
    poll: { threads: 1, waitSeconds: 1 },
  });
  cloud.addFaults(['BatchDeleteMessage=error/503/ServiceUnavailable']);
  const all = [
    ...(await daemons(site, config, 'poll', 1)),
    ...(await daemons(site, config, 'deliver', 1)),
  ] as const;
  const deliverer = all[1];
  const seen = async () => (await deliverer?.status())?.queues[0];
  // What is delivered and not deleted, beside a store that fills up again.
  await until('a full store', async () => {
    const { backlog = 0, inFlight = 0 } = (await seen()) ?? {};
    return backlog >= maxInFlight / 2 && inFlight - backlog >= maxInFlight;
  });
  expect((await site.delivered()).length).toBeLessThanOrEqual(maxInFlight + 4);
  expect(queue.received).toBeLessThanOrEqual(2 * maxInFlight + 16);
  cloud.clearFaults();
  await until('the queue to be drained', () => queue.deleted === 600);
  await endAll(all);
  const delivered = await site.delivered();
  expect(delivered).toHaveLength(600);
  expect(duplicates(delivered)).toEqual([]);
});

it('deletes where it polls when ackOn is enqueued', { timeout: 120_000 }, async () => {
  await using redis = await TestRedis.start('--appendonly', 'yes', '--appendfsync', 'always');
  await using site = await Site.create();
  await using cloud = await startCloud(300);
  const queue = cloud.queue(QUEUE);
  const config = configFor(cloud, {
    pipeline: { backend: 'redis', url: redis.url, ackOn: 'enqueued' },
    poll: { threads: 1, waitSeconds: 1 },
  });
  const [poller] = await daemons(site, config, 'poll', 1);
  if (!poller) throw new Error('none');
  await until('the queue to be empty', () => queue.deleted === 300);
  expect(await site.delivered()).toEqual([]);
  const [deliverer] = await daemons(site, config, 'deliver', 1);
  if (!deliverer) throw new Error('none');
  await until('all to be delivered', async () => (await site.delivered()).length === 300);
  await untilCounted(deliverer, { acknowledged: 0 });
  await untilCounted(poller, { acknowledged: 300 });
  await endAll([poller, deliverer]);
});

it('refuses to poll for an embedded store', async () => {
  await using site = await Site.create();
  await using cloud = await startCloud(0);
  const daemon = await site.daemon(configFor(cloud), { RECEIPTD_ROLE: 'poll' });
  expect(await daemon.end()).toEqual({ code: 2, signal: null });
  expect(daemon.stderr).toMatch(
    /^error: role: poll needs a store that other processes share: .* \(RECEIPTD_ROLE\)$/m,
  );
});
