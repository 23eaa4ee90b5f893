/** The store goes away under a daemon at work: it says so, waits, and goes on by itself when the store is back. */
import { expect, it } from 'vitest';
import { TestPostgres } from '../support/postgres.js';
import { TestRedis } from '../support/redis.js';
import { configFor, duplicates, QUEUE, Site, startCloud } from '../support/site.js';
import { until } from '../support/until.js';

const CONCURRENCY = 8;

/** ms a delivery takes */
const SLOW = `
  import { appendFileSync } from 'node:fs';
  export default {
    async default(event) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      appendFileSync('receipts.ndjson', JSON.stringify({ id: event.id }) + '\\n');
    },
  };`;

const SERVERS = [
  ['redis that kept its data', 'redis', () => TestRedis.start('--appendonly', 'yes'), /store|Redis|handing/],
  ['redis that comes back empty', 'redis', () => TestRedis.start(), /store|Redis|handing/],
  ['postgres', 'postgres', () => TestPostgres.start(), /store|PostgreSQL|handing/],
] as const;

it.each(SERVERS)(
  'a %s: nothing is lost, nobody has to restart anything',
  async (_name, backend, start, reason) => {
    await using server = await start();
    await using site = await Site.create();
    await using cloud = await startCloud(1_500, { visibilityTimeout: 8 });
    const queue = cloud.queue(QUEUE);
    const ids = queue.messages.map(({ id }) => id);
    await site.write('slow.mjs', SLOW);
    const daemon = await site.daemon(
      configFor(cloud, {
        pipeline: { backend, url: server.url, concurrency: CONCURRENCY, maxInFlight: 256 },
        sinks: [{ type: 'module', path: 'slow.mjs' }],
      }),
    );
    await until('some deliveries', async () => (await site.delivered()).length >= 200);
    await server.down('SIGKILL');
    await daemon.untilNotReady(reason);
    const { received } = queue;
    const said = daemon.stderrLines.length;
    await new Promise((resolve) => setTimeout(resolve, 5_000));
    // What was being received when the store went, and no more.
    expect(queue.received - received).toBeLessThanOrEqual(16 * 8);
    expect(daemon.stderrLines.length - said).toBeLessThan(20);
    expect(daemon.exited).toBeUndefined();
    await server.up();
    await until(
      'all to be delivered',
      async () => new Set(await site.delivered()).size === ids.length,
      90_000,
    );
    await until('all to be deleted', () => queue.deleted === ids.length, 90_000);
    await daemon.untilReady();
    const again = duplicates(await site.delivered()).length;
    // With its data, only what was under way can be delivered twice; without, also what was not deleted yet.
    if (_name === 'redis that comes back empty') expect(again).toBeLessThanOrEqual(256);
    else expect(again).toBeLessThanOrEqual(2 * CONCURRENCY);
    expect((await daemon.status()).slices.restarts).toBe(0);
    expect(await daemon.end('SIGTERM'), daemon.stderr).toEqual({ code: 0, signal: null });
  },
  180_000,
);

it.each([
  ['redis', () => TestRedis.start('--appendonly', 'yes')],
  ['postgres', () => TestPostgres.start()],
] as const)('a daemon waits for a %s that starts after it', async (backend, start) => {
  await using server = await start();
  await using site = await Site.create();
  await using cloud = await startCloud(20);
  await server.down();
  const daemon = await site.daemon(configFor(cloud, { pipeline: { backend, url: server.url } }));
  await daemon.untilNotReady(
    /^pipeline\.url: no (Redis|PostgreSQL) at .*: start it, or correct pipeline\.url/,
  );
  await server.up();
  await until('all to be delivered', async () => (await site.delivered()).length === 20);
  await daemon.untilReady();
  expect(await daemon.end('SIGTERM'), daemon.stderr).toEqual({ code: 0, signal: null });
});
