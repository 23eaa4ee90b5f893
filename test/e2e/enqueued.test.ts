/** `ackOn: enqueued`: MNS is drained into the store, which then is the only place that has the receipts. */
import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import type { ConfigInput } from '../../src/config/index.js';
import { TestPostgres } from '../support/postgres.js';
import { TestRedis } from '../support/redis.js';
import { configFor, duplicates, QUEUE, Site, startCloud } from '../support/site.js';
import { until } from '../support/until.js';

const IN_FLIGHT = 128;

/** Fails until a file called `up` is there, then writes down what it gets. */
const FAILING = `
  import { appendFileSync, existsSync } from 'node:fs';
  export default {
    default(event) {
      if (!existsSync('up')) throw new Error('the database is away');
      appendFileSync('handled', event.id + '\\n');
    },
  };`;

const SERVERS = [
  ['redis', () => TestRedis.start('--appendonly', 'yes', '--appendfsync', 'always')],
  ['postgres', () => TestPostgres.start()],
] as const;

function pipeline(backend: 'redis' | 'postgres', url: string): NonNullable<ConfigInput['pipeline']> {
  // Few deliveries at a time: what a killed process has under way is only taken up when its locks have run out.
  return { backend, url, ackOn: 'enqueued', maxInFlight: IN_FLIGHT, concurrency: 8 };
}

async function handled(site: Site): Promise<string[]> {
  return (await readFile(site.path('handled'), 'utf8').catch(() => '')).split('\n').filter(Boolean);
}

it.each(SERVERS)(
  'over %s fills the store up to maxInFlight while the sink is down, and loses nothing to kills of everything',
  async (backend, start) => {
    await using server = await start();
    await using site = await Site.create();
    await using cloud = await startCloud(400, { visibilityTimeout: 10 });
    const queue = cloud.queue(QUEUE);
    const ids = queue.messages.map(({ id }) => id);
    const broken = cloud.sendBody(QUEUE, 'not base64 {');
    await site.write('failing.mjs', FAILING);
    const config = configFor(cloud, {
      pipeline: pipeline(backend, server.url),
      sinks: [{ type: 'module', name: 'failing', path: 'failing.mjs' }],
    });

    const first = await site.daemon(config);
    await until('the store to be full', () => queue.deleted >= IN_FLIGHT * 0.75);
    // A poll that comes later would find room only for what MNS has deleted: give it the time of a few.
    const { received } = queue;
    expect(queue.deleted).toBeLessThanOrEqual(IN_FLIGHT + 1);
    await first.end('SIGKILL');
    await server.down('SIGKILL');
    await server.up();

    // In order this time, while the sink is still down.
    const second = await site.daemon(config);
    await second.untilNotReady(/^sink failing is down/);
    expect(await second.end('SIGTERM'), second.stderr).toEqual({ code: 0, signal: null });
    expect(queue.received - received).toBeLessThan(2 * IN_FLIGHT);
    expect(await handled(site)).toEqual([]);
    expect(queue.deleted).toBeLessThanOrEqual(IN_FLIGHT + 1);

    await site.write('up', '');
    const third = await site.daemon(config);
    const missing = async () => {
      const done = new Set(await handled(site));
      return ids.filter((id) => !done.has(id));
    };
    await expect.poll(missing, { timeout: 60_000 }).toEqual([]);
    await until('all to be deleted', () => queue.deleted === ids.length + 1);
    expect((await handled(site)).toSorted()).toEqual(ids.toSorted());
    // What cannot be decoded is no less safe for having been deleted.
    await until('the dead letter', async () => (await third.deadLetters()) === 1);
    expect(await third.end('SIGTERM'), third.stderr).toEqual({ code: 0, signal: null });
    const shown = await site.run(['dead', 'show', broken, '-c', 'receiptd.yaml']);
    expect(shown.stdout, shown.stderr).toContain('not base64 {');
  },
  120_000,
);

it.each(SERVERS)(
  'over %s delivers each once, also when deletes fail and messages come again',
  async (backend, start) => {
    await using server = await start();
    await using site = await Site.create();
    await using cloud = await startCloud(200, { visibilityTimeout: 3 });
    const queue = cloud.queue(QUEUE);
    const ids = queue.messages.map(({ id }) => id);
    cloud.addFaults(['BatchDeleteMessage=error/500/InternalError#40']);
    const daemon = await site.daemon(
      configFor(cloud, { pipeline: { ...pipeline(backend, server.url), maxInFlight: 512 } }),
    );
    await until('all to be deleted', () => queue.deleted === ids.length);
    await until('all to be delivered', async () => (await site.delivered()).length >= ids.length);
    const delivered = await site.delivered();
    expect(duplicates(delivered)).toEqual([]);
    expect(delivered.toSorted()).toEqual(ids.toSorted());
    expect(await daemon.end('SIGTERM'), daemon.stderr).toEqual({ code: 0, signal: null });
  },
);

it('is refused of a Redis that keeps nothing', async () => {
  await using redis = await TestRedis.start();
  await using site = await Site.create();
  await using cloud = await startCloud(3);
  const daemon = await site.daemon(configFor(cloud, { pipeline: pipeline('redis', redis.url) }));
  expect(await daemon.end()).toEqual({ code: 2, signal: null });
  expect(daemon.stderr).toMatch(
    /pipeline\.ackOn: enqueued needs a store .* appendonly no: set appendonly yes/,
  );
  expect(cloud.queue(QUEUE).received).toBe(0);
});
