/** A daemon whose file is put away under it: by logrotate's way with SIGHUP, by nothing but a rename, and by itself. */
import { existsSync } from 'node:fs';
import { readdir, readFile, rename } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { TestRedis } from '../support/redis.js';
import { configFor, duplicates, QUEUE, Site, startCloud } from '../support/site.js';
import { until } from '../support/until.js';

/** The ids in all files of this name; every line must be whole. */
async function idsIn(site: Site, names: RegExp): Promise<string[]> {
  const files = (await readdir(site.directory)).filter((name) => names.test(name));
  const texts = files.map(async (name) => {
    const bytes = await readFile(site.path(name));
    return (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString();
  });
  return (await Promise.all(texts)).flatMap((text) =>
    text
      .split('\n')
      .slice(0, -1)
      .map((line) => (JSON.parse(line) as { id: string }).id),
  );
}

it.each(['embedded', 'redis'] as const)(
  'SIGHUP makes all slices open the file anew (%s)',
  async (backend) => {
    await using redis = await TestRedis.start();
    await using site = await Site.create();
    await using cloud = await startCloud(150);
    const queue = cloud.queue(QUEUE);
    const pipeline = backend === 'redis' ? { backend, url: redis.url } : { backend };
    const daemon = await site.daemon(configFor(cloud, { pipeline }));
    await until('work under way', () => queue.deleted >= 50);
    await rename(site.output, site.path('moved-1'));
    daemon.signal('SIGHUP');
    await until('the queue to be drained', () => queue.deleted === 150);
    await rename(site.output, site.path('moved-2'));
    // Nothing is delivered any more: only the signal can bring the file back.
    daemon.signal('SIGHUP');
    await until('a new file', () => existsSync(site.output));
    expect(await readFile(site.output, 'utf8')).toBe('');
    await daemon.untilLogged(/SIGHUP: opening files anew/);
    cloud.generate(QUEUE, 20);
    await until('the rest to be delivered', () => queue.deleted === 170);
    expect(await site.delivered()).toHaveLength(20);
    expect(await daemon.end('SIGTERM'), daemon.stderr).toEqual({ code: 0, signal: null });
    const ids = await idsIn(site, /^(moved-|receipts)/);
    expect(duplicates(ids)).toEqual([]);
    expect(new Set(ids)).toEqual(new Set(queue.deletedIds));
  },
);

it('threads share a file that is put aside and compressed: every event once, no line torn', async () => {
  await using redis = await TestRedis.start();
  await using site = await Site.create();
  await using cloud = await startCloud(600);
  const queue = cloud.queue(QUEUE);
  const daemon = await site.daemon(
    configFor(cloud, {
      poll: { threads: 2, waitSeconds: 1 },
      pipeline: { backend: 'redis', url: redis.url },
      sinks: [{ type: 'ndjson', path: 'receipts.ndjson', maxBytes: 20_000, gzip: true }],
    }),
  );
  await until('the queue to be drained', () => queue.deleted === 600);
  const aside = async () =>
    (await readdir(site.directory)).filter((name) => /^receipts-.*\.ndjson/.test(name));
  await until('all to be compressed', async () => (await aside()).every((name) => name.endsWith('.gz')));
  expect((await aside()).length).toBeGreaterThan(5);
  expect(await daemon.end('SIGTERM'), daemon.stderr).toEqual({ code: 0, signal: null });
  const ids = await idsIn(site, /^receipts/);
  expect(duplicates(ids)).toEqual([]);
  expect(new Set(ids)).toEqual(new Set(queue.deletedIds));
});

it('events that no sink takes are acknowledged and counted', async () => {
  await using site = await Site.create();
  await using cloud = await startCloud(60);
  const queue = cloud.queue(QUEUE);
  const daemon = await site.daemon(
    configFor(cloud, {
      sinks: [{ type: 'ndjson', path: 'receipts.ndjson', where: { 'data.success': false } }],
    }),
  );
  await until('the queue to be drained', () => queue.deleted === 60);
  const counters = await until('the counts', async () => {
    const counted = (await daemon.status()).queues[0]?.counters;
    return counted !== undefined && counted.delivered + counted.filtered === 60 && counted;
  });
  const lines = (await readFile(site.output, 'utf8')).split('\n').slice(0, -1);
  const failed = lines.map((line) => (JSON.parse(line) as { data: { success: unknown } }).data.success);
  expect(failed.every((success) => String(success) === 'false')).toBe(true);
  expect(failed.length).toBeGreaterThan(0);
  expect(counters).toMatchObject({ delivered: failed.length, filtered: 60 - failed.length });
  expect(await daemon.end('SIGTERM'), daemon.stderr).toEqual({ code: 0, signal: null });
});
