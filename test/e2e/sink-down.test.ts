/** A sink that fails for every event: MNS keeps the backlog, and no attempt is spent on it while it lasts. */
import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import type { Daemon } from '../support/daemon.js';
import { TestRedis } from '../support/redis.js';
import { configFor, QUEUE, Site, startCloud } from '../support/site.js';
import { until } from '../support/until.js';

const RECEIPTS = 600;
const IN_FLIGHT = 64;
/** Events that lose an attempt before the circuit of a slice opens. */
const SPENT = 4;
const DOWN = /^sink failing is down, receiving waits until it works: .*the database is away/;

/** Fails until a file called `up` is there, then writes down what it gets. */
const FAILING = `
  import { appendFileSync, existsSync } from 'node:fs';
  export default {
    default(event) {
      if (!existsSync('up')) throw new Error('the database is away');
      appendFileSync('handled', event.id + '\\n');
    },
  };`;

async function handled(site: Site): Promise<string[]> {
  return (await readFile(site.path('handled'), 'utf8').catch(() => '')).split('\n').filter(Boolean);
}

async function counters(daemon: Daemon) {
  const counters = (await daemon.status()).queues[0]?.counters;
  if (counters === undefined) throw new Error('the status has no queue');
  return counters;
}

it.each([
  ['embedded', 1],
  ['redis', 2],
] as const)(
  'stops receiving, spends no attempts, and resumes by itself (%s)',
  { timeout: 120_000 },
  async (backend, slices) => {
    await using redis = await TestRedis.start();
    await using site = await Site.create();
    await using cloud = await startCloud(RECEIPTS, { visibilityTimeout: 120 });
    const queue = cloud.queue(QUEUE);
    await site.write('failing.mjs', FAILING);
    const store = backend === 'redis' ? { backend, url: redis.url } : { backend };
    const config = configFor(cloud, {
      pipeline: { ...store, maxInFlight: IN_FLIGHT },
      sinks: [{ type: 'module', name: 'failing', path: 'failing.mjs' }],
    });
    const daemon = await site.daemon(config);
    await daemon.untilNotReady(DOWN);
    const probes = async () => (await daemon.status()).sinks[0]?.failed ?? 0;
    // Polls that were under way when it opened may still bring something; after so many probes all that is over.
    await until('probes', async () => (await probes()) >= slices * (SPENT + 1) + 2);
    const { received } = queue;
    const seen = await probes();
    await until('more probes', async () => (await probes()) > seen);
    expect(queue.received).toBe(received);
    expect(received).toBeLessThanOrEqual(IN_FLIGHT);
    expect(await daemon.untilNotReady(DOWN)).toHaveLength(1);
    const status = await daemon.status();
    expect(status.sinks).toMatchObject([{ name: 'failing', type: 'module', state: 'down', delivered: 0 }]);
    const shown = await site.run(['status', '--url', daemon.opsUrl]);
    expect(shown.exited?.code).toBe(1);
    expect(shown.stdout).toMatch(/^failing +down for \d+ \w+ +0 +\d+$/m);
    expect(await (await fetch(`${daemon.opsUrl}/metrics`)).text()).toContain(
      '\nreceiptd_sink_up{sink="failing"} 0\n',
    );
    // It ends at once, however many wait for the sink, and the next one goes on where it was.
    const asked = performance.now();
    expect(await daemon.end('SIGTERM'), daemon.stderr).toEqual({ code: 0, signal: null });
    expect(performance.now() - asked).toBeLessThan(20_000);

    const next = await site.daemon(config);
    await next.untilNotReady(DOWN);
    const spent = (await counters(next)).retried;
    expect(spent).toBeLessThanOrEqual(slices * SPENT);
    expect((await counters(next)).dead).toBe(0);
    expect(queue.deleted).toBe(0);

    await site.write('up', '');
    await until('the queue to be drained', () => queue.deleted === RECEIPTS);
    await next.untilReady();
    expect(await next.deadLetters()).toBe(0);
    expect(new Set(await handled(site)).size).toBe(RECEIPTS);
    expect((await next.status()).sinks[0]).toMatchObject({ state: 'up' });
    expect(await next.end('SIGTERM'), next.stderr).toEqual({ code: 0, signal: null });
  },
);

/** Refuses the events that it comes to see first, for ever. */
const PARTLY = `
  import { appendFileSync } from 'node:fs';
  const bad = new Set();
  export default {
    default(event) {
      if (bad.size < 5) bad.add(event.id);
      if (bad.has(event.id)) throw new Error('no such user');
      appendFileSync('handled', event.id + '\\n');
    },
  };`;

it('is not taken for down for long by events that are always refused', async () => {
  await using site = await Site.create();
  await using cloud = await startCloud(100, { visibilityTimeout: 120 });
  await site.write('partly.mjs', PARTLY);
  const daemon = await site.daemon(
    configFor(cloud, {
      pipeline: { backend: 'embedded', attempts: 3 },
      sinks: [{ type: 'module', name: 'partly', path: 'partly.mjs' }],
    }),
  );
  // Good ones keep coming, as they do where anything is sent.
  const traffic = setInterval(() => cloud.generate(QUEUE, 1), 250);
  try {
    await until('the dead letters', async () => (await counters(daemon).catch(() => undefined))?.dead === 5);
  } finally {
    clearInterval(traffic);
  }
  await until('the queue to be drained', () => cloud.queue(QUEUE).messages.length === 0);
  await daemon.untilReady();
  expect((await daemon.status()).sinks[0]).toMatchObject({ state: 'up' });
  expect((await handled(site)).length).toBe(cloud.queue(QUEUE).deleted - 5);
  expect(await daemon.deadLetters()).toBe(5);
  expect(await daemon.end('SIGTERM'), daemon.stderr).toEqual({ code: 0, signal: null });
});
