/** Three processes on one Redis and one output are replaced one after another while receipts keep coming. */
import { expect, it } from 'vitest';
import type { Daemon } from '../support/daemon.js';
import { TestRedis } from '../support/redis.js';
import { configFor, duplicates, QUEUE, Site, startCloud } from '../support/site.js';
import { until } from '../support/until.js';

const PROCESSES = 3;
/** Receipts that come at a time, whenever so few are left. */
const FLOOD = 50;
const EVERY_MS = 50;

it('a rolling restart of three processes under load loses nothing, and writes nothing twice', async ({
  annotate,
}) => {
  await using redis = await TestRedis.start('--appendonly', 'yes');
  await using site = await Site.create();
  await using cloud = await startCloud(500);
  const queue = cloud.queue(QUEUE);
  const config = configFor(cloud, {
    pipeline: { backend: 'redis', url: redis.url },
    poll: { threads: 1, waitSeconds: 1 },
  });
  const start = async (): Promise<Daemon> => {
    const daemon = await site.daemon(config);
    await daemon.untilReady();
    return daemon;
  };
  const daemons: Daemon[] = [];
  while (daemons.length < PROCESSES) daemons.push(await start());
  const flood = setInterval(() => {
    if (queue.counters().visible < FLOOD) cloud.generate(QUEUE, FLOOD);
  }, EVERY_MS);
  try {
    for (const [index, old] of daemons.entries()) {
      const { deleted } = queue;
      await until('more to be delivered', () => queue.deleted >= deleted + 10 * FLOOD);
      expect(await old.end('SIGTERM'), old.stderr).toEqual({ code: 0, signal: null });
      daemons[index] = await start();
    }
  } finally {
    clearInterval(flood);
  }
  const { sent } = queue.counters();
  await until('all to be deleted', () => queue.deleted === sent, 60_000);
  const delivered = await site.delivered();
  await annotate(`${sent} receipts`);
  expect(new Set(delivered).size).toBe(sent);
  expect(duplicates(delivered)).toEqual([]);
  for (const daemon of daemons)
    expect(await daemon.end('SIGTERM'), daemon.stderr).toEqual({ code: 0, signal: null });
}, 240_000);
