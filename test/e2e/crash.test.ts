/** A bug in a user's handlers that takes its thread down. */
import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { TestRedis } from '../support/redis.js';
import { configFor, QUEUE, Site, startCloud } from '../support/site.js';
import { until } from '../support/until.js';

const RECEIPTS = 2_000;

/** Writes down what it gets; once, somewhere in the middle, its thread dies of an error that nobody catches. */
const FRAGILE = `
  import { appendFileSync, openSync } from 'node:fs';
  let count = 0;
  const crash = () => {
    try {
      openSync('crashed', 'wx');
    } catch {
      return;
    }
    setTimeout(() => {
      throw new Error('a bug in a handler');
    }, 0);
  };
  export default {
    default(event) {
      appendFileSync('handled', event.id + '\\n');
      count += 1;
      if (count === 300) crash();
    },
  };`;

it('restarts a thread that a handler crashed, says so, and loses nothing', async () => {
  await using redis = await TestRedis.start();
  await using site = await Site.create();
  await using cloud = await startCloud(RECEIPTS, { visibilityTimeout: 5 });
  const queue = cloud.queue(QUEUE);
  const sent = queue.messages.map(({ id }) => id);
  await site.write('fragile.mjs', FRAGILE);
  const daemon = await site.daemon(
    configFor(cloud, {
      pipeline: { backend: 'redis', url: redis.url },
      sinks: [{ type: 'module', path: 'fragile.mjs' }],
    }),
  );
  await until('an empty queue', () => queue.deleted === RECEIPTS, 100_000);
  await until('the restart', async () => (await daemon.status()).slices.restarts === 1);
  await daemon.untilReady();
  expect(daemon.stderr).toMatch(/slice [01] crashed \(a bug in a handler\), restarting it in \d+ ms/);
  expect(daemon.stderrLines.filter((line) => line.startsWith('    at '))).toEqual([]);
  expect(await daemon.deadLetters()).toBe(0);
  expect(await daemon.end('SIGTERM'), daemon.stderr).toEqual({ code: 0, signal: null });
  const handled = new Set((await readFile(site.path('handled'), 'utf8')).trim().split('\n'));
  expect(sent.filter((id) => !handled.has(id))).toEqual([]);
}, 150_000);
