/**
 * The least rights are enough: the suites over every store run with them. Here: they are those that are checked, nothing
 * that BullMQ's scripts do is missing, and whoever lacks one is told which.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { UsageError } from '../../src/errors.js';
import { openBackend } from '../../src/pipeline/index.js';
import { NEEDED_COMMANDS } from '../../src/pipeline/redis/rights.js';
import { asked } from '../support/redis-cluster.js';
import { Rig } from './rig.js';
import { clusterStore, leastRights, leastRightsStore } from './stores.js';

test('docs/redis.md has what is checked', () => {
  expect(leastRights()).toEqual(['~receiptd:*', ...NEEDED_COMMANDS.map((name) => `+${name}`)]);
});

test('every command of the scripts is among them', () => {
  const bullmq = dirname(createRequire(import.meta.url).resolve('bullmq/package.json'));
  const scripts = join(bullmq, 'dist/esm/scripts');
  const own = join(import.meta.dirname, '../../src/pipeline/redis');
  const texts = [scripts, own].flatMap((directory) =>
    readdirSync(directory)
      // The relay between services is another thing, which receiptd does not use.
      .filter((name) => /\.(js|ts)$/.test(name) && !name.startsWith('relay') && !name.endsWith('.d.ts'))
      .map((name) => readFileSync(join(directory, name), 'utf8')),
  );
  const used = texts.flatMap((text) =>
    [...text.matchAll(/(?:rcall|redis\.p?call)\(\s*["']([A-Za-z]+)["']/g)].map(([, name = '']) =>
      name.toLowerCase(),
    ),
  );
  expect(used.length).toBeGreaterThan(100);
  expect([...new Set(used)].filter((name) => !NEEDED_COMMANDS.includes(name))).toEqual([]);
});

test.each([
  [
    ['+zadd', '+client|setname'],
    /may not run zadd, client\|setname on Redis: allow it \(ACL SETUSER … \+zadd \+client\|setname\)/,
  ],
  [['+multi'], /may not run multi on Redis: /],
  [['+info'], /\binfo\b/],
  [
    ['~receiptd:*'],
    /may not use keys that start with receiptd: on Redis: allow it \(ACL SETUSER … ~receiptd:\*\), or set/,
  ],
] as [string[], RegExp][])('without %j says so', async (without, message) => {
  await using store = await leastRightsStore(...without);
  const error = await store.open().catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(UsageError);
  expect(error).toMatchObject({ code: 'REDIS_RIGHTS', message: expect.stringMatching(message) });
  expect(String(error)).not.toMatch(/secret-of-user/);
  // Asking has done nothing.
  expect(await asked(store.server, (client) => client.dbsize())).toBe(0);
});

test('in a cluster they are enough with those that docs/redis.md adds', async () => {
  await using store = await clusterStore({
    settings: [
      '--user',
      'receiptd',
      'on',
      '>secret-of-user',
      ...leastRights(),
      '+cluster|slots',
      '+cluster|info',
    ],
  });
  const url = store.config.url.replace('redis://', 'redis://receiptd:secret-of-user@');
  const backend = await openBackend({ ...store.config, url });
  const rig = new Rig(backend);
  rig.deliver();
  await rig.add(rig.job('m-1'));
  await rig.untilFinished(1);
  await rig.close();
  await backend.close();
});
