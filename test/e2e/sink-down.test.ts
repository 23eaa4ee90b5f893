/** A sink that fails for every event: MNS keeps the backlog, and nothing is burnt into dead letters. */
import { expect, it } from 'vitest';
import { TestRedis } from '../support/redis.js';
import { configFor, QUEUE, Site, startCloud } from '../support/site.js';
import { until } from '../support/until.js';

const RECEIPTS = 600;
const IN_FLIGHT = 64;

/** Fails until a file called `up` is there, then writes down what it gets. */
const FAILING = `
  import { appendFileSync, existsSync } from 'node:fs';
  export default {
    default(event) {
      if (!existsSync('up')) throw new Error('the database is away');
      appendFileSync('handled', event.id + '\\n');
    },
  };`;

it.each(['embedded', 'redis'] as const)(
  'stops receiving while the sink is down, and resumes by itself (%s)',
  async (backend) => {
    await using redis = await TestRedis.start();
    await using site = await Site.create();
    await using cloud = await startCloud(RECEIPTS, { visibilityTimeout: 120 });
    const queue = cloud.queue(QUEUE);
    await site.write('failing.mjs', FAILING);
    const store = backend === 'redis' ? { backend, url: redis.url } : { backend };
    const daemon = await site.daemon(
      configFor(cloud, {
        pipeline: { ...store, maxInFlight: IN_FLIGHT },
        sinks: [{ type: 'module', path: 'failing.mjs' }],
      }),
    );
    await daemon.untilNotReady(/delivering failed.*the database is away/);
    const retried = async () => (await daemon.status()).queues[0]?.counters.retried ?? 0;
    // Polls that were under way when it broke may still bring something; after a second try of all that is over.
    await until('second tries', async () => (await retried()) >= 2 * queue.received);
    const received = queue.received;
    await until('third tries', async () => (await retried()) >= 3 * received);
    expect(queue.received).toBe(received);
    // Slices learn of each other's messages a moment late.
    expect(received).toBeLessThan(2 * IN_FLIGHT);

    await site.write('up', '');
    await until('the queue to be drained', () => queue.deleted === RECEIPTS);
    await daemon.untilReady();
    expect(await daemon.deadLetters()).toBe(0);
    expect(await daemon.end('SIGTERM'), daemon.stderr).toEqual({ code: 0, signal: null });
  },
);
