/** What waits longer than its handle lives costs MNS as few requests as it can, and is delivered once all the same. */
import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import type { Emulator } from '../../src/emulator/index.js';
import { configFor, QUEUE, Site, startCloud } from '../support/site.js';
import { until } from '../support/until.js';

const TIMEOUT_S = 2;

/** Asks for a second try after four timeouts, then writes down what it gets. */
const LATER = `
  import { appendFileSync } from 'node:fs';
  const seen = new Set();
  export default {
    default(event) {
      if (!seen.has(event.id)) {
        seen.add(event.id);
        throw Object.assign(new Error('not there yet'), { code: 'RETRY_LATER', delay: ${4 * TIMEOUT_S * 1000} });
      }
      appendFileSync('handled', event.id + '\\n');
    },
  };`;

/** Fails until a file called `up` is there, then writes down what it gets. */
const FAILING = `
  import { appendFileSync, existsSync } from 'node:fs';
  export default {
    async default(event) {
      while (!existsSync('up') && !existsSync('away')) await new Promise((resolve) => setTimeout(resolve, 20));
      if (!existsSync('up')) throw new Error('the database is away');
      appendFileSync('handled', event.id + '\\n');
    },
  };`;

async function handled(site: Site): Promise<string[]> {
  return (await readFile(site.path('handled'), 'utf8').catch(() => '')).split('\n').filter(Boolean);
}

function changes(cloud: Emulator): number {
  return cloud.stats.operations.ChangeMessageVisibility ?? 0;
}

it('a retry far away costs one request, and the message does not come again', async () => {
  await using site = await Site.create();
  await using cloud = await startCloud(1, { visibilityTimeout: TIMEOUT_S });
  await site.write('later.mjs', LATER);
  const daemon = await site.daemon(configFor(cloud, { sinks: [{ type: 'module', path: 'later.mjs' }] }));
  const queue = cloud.queue(QUEUE);
  await until('the delivery', () => queue.deleted === 1);
  expect([queue.received, changes(cloud), (await handled(site)).length]).toEqual([1, 1, 1]);
  expect((await daemon.status()).queues[0]?.counters).toMatchObject({ extended: 1, expired: 0, retried: 1 });
  expect(await daemon.end('SIGTERM'), daemon.stderr).toEqual({ code: 0, signal: null });
});

it('where MNS does not permit it, that is said once and the message comes again', async () => {
  await using site = await Site.create();
  const denied = {
    operation: 'ChangeMessageVisibility',
    kind: 'error',
    status: 403,
    code: 'AccessDenied',
  } as const;
  await using cloud = await startCloud(2, { visibilityTimeout: TIMEOUT_S, faults: [denied] });
  await site.write('later.mjs', LATER);
  const daemon = await site.daemon(configFor(cloud, { sinks: [{ type: 'module', path: 'later.mjs' }] }));
  const queue = cloud.queue(QUEUE);
  await until('the deliveries', () => queue.deleted === 2);
  expect((await handled(site)).length).toBe(2);
  expect(queue.redelivered).toBeGreaterThan(0);
  expect(changes(cloud)).toBeLessThanOrEqual(2);
  expect(daemon.stderrLines.filter((line) => /may not keep messages invisible/.test(line))).toHaveLength(1);
  expect(await daemon.end('SIGTERM'), daemon.stderr).toEqual({ code: 0, signal: null });
});

it('while a sink is down, what nobody has tried is left to MNS for nothing', async () => {
  const receipts = 60;
  await using site = await Site.create();
  await using cloud = await startCloud(receipts, { visibilityTimeout: TIMEOUT_S });
  await site.write('failing.mjs', FAILING);
  const daemon = await site.daemon(
    configFor(cloud, {
      pipeline: { backend: 'embedded', concurrency: 8 },
      sinks: [{ type: 'module', name: 'failing', path: 'failing.mjs' }],
    }),
  );
  const queue = cloud.queue(QUEUE);
  await until('all of them to be received', () => queue.received >= receipts);
  await site.write('away', '');
  await daemon.untilNotReady(/^sink failing is down/);
  const status = async () => (await daemon.status()).queues[0];
  const dropped = async () => (await status())?.counters.dropped ?? 0;
  await until('the others to be dropped', async () => (await dropped()) >= receipts / 2);
  await until(
    'no more than its probes to be left',
    async () => ((await status())?.backlog ?? receipts) <= 16,
  );
  const { received } = queue;
  // The handles of those that wait for the sink have long been void by then, and nothing is asked of MNS for them.
  const probes = async () => (await daemon.status()).sinks[0]?.failed ?? 0;
  const before = await probes();
  await until('another probe', async () => (await probes()) > before);
  expect([queue.received, changes(cloud)]).toEqual([received, 0]);

  await site.write('up', '');
  await until('the queue to be drained', () => queue.deleted === receipts);
  const ids = await handled(site);
  expect([ids.length, new Set(ids).size]).toEqual([receipts, receipts]);
  await daemon.untilReady();
  expect(await daemon.deadLetters()).toBe(0);
  expect(await daemon.end('SIGTERM'), daemon.stderr).toEqual({ code: 0, signal: null });
});
