/** A daemon with `capture.dir`: what it has deleted is in the files, and while they cannot be written nothing goes on. */
import { readdir, rename, rm, writeFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { expandFiles, isUnreadable, readMessages } from '../../src/message-file/index.js';
import { TestRedis } from '../support/redis.js';
import { configFor, QUEUE, Site, startCloud } from '../support/site.js';
import { until } from '../support/until.js';

const RECEIPTS = 400;

/** MessageId → body of what is in the files. */
async function captured(directory: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const file of await expandFiles([directory])) {
    for await (const batch of readMessages(file)) {
      for (const entry of batch) {
        if (isUnreadable(entry)) throw new Error(entry.unreadable);
        found.set(entry.messageId ?? '', entry.body);
      }
    }
  }
  return found;
}

it.each(['embedded', 'redis'] as const)(
  'every message is in the capture, as it was sent (%s)',
  async (backend) => {
    await using redis = await TestRedis.start();
    await using site = await Site.create();
    await using cloud = await startCloud(RECEIPTS);
    cloud.sendBody(QUEUE, 'not base64 {');
    const sent = new Map(cloud.queue(QUEUE).messages.map(({ id, body }) => [id, body]));
    const daemon = await site.daemon(
      configFor(cloud, {
        pipeline: backend === 'redis' ? { backend, url: redis.url } : { backend },
        sinks: [{ type: 'module', path: await site.write('sink.mjs', 'export default { default() {} };') }],
        capture: { dir: site.path('raw'), gzip: backend === 'redis' },
      }),
    );
    await until('the queue to be drained', () => cloud.queue(QUEUE).deleted === sent.size);
    // Slices report twice a second.
    await until('the count of what was captured', async () => {
      const { counters } = (await daemon.status()).queues[0] ?? {};
      return (counters?.captured ?? 0) >= sent.size;
    });
    expect(await daemon.end('SIGTERM'), daemon.stderr).toEqual({ code: 0, signal: null });
    expect(await captured(site.path('raw'))).toEqual(sent);
  },
);

it('when the files cannot be written nothing is delivered, readiness says why, and it resumes by itself', async () => {
  await using site = await Site.create();
  await using cloud = await startCloud(20, { visibilityTimeout: 4 });
  const queue = cloud.queue(QUEUE);
  const raw = site.path('raw');
  const daemon = await site.daemon(configFor(cloud, { capture: { dir: raw, maxBytes: 64 * 1024 } }));
  await until('the first ones to be deleted', () => queue.deleted === 20);
  // A file in the place of the directory: no new file can be made there, whoever tries.
  await rename(raw, site.path('before'));
  await writeFile(raw, '');
  cloud.generate(QUEUE, RECEIPTS);
  await daemon.untilNotReady(/capturing messages failed.*capture\.dir/);
  // The file that was open still took what fitted: all of that is delivered and deleted, and nothing else.
  const before = (await captured(site.path('before'))).size;
  await until('what is in the files to be deleted', () => queue.deleted === before);
  const { deleted, received } = queue;
  // What it had received is let go, then it tries with one message at a time.
  await until('another try', () => queue.received > received);
  expect(queue.deleted).toBe(deleted);
  expect(await site.delivered()).toHaveLength(before);
  expect(received).toBeLessThan(20 + RECEIPTS);

  await rm(raw);
  await until('the queue to be drained', () => queue.deleted === 20 + RECEIPTS);
  await daemon.untilReady();
  expect(await daemon.end('SIGTERM'), daemon.stderr).toEqual({ code: 0, signal: null });
  expect(new Set(await site.delivered()).size).toBe(20 + RECEIPTS);
  expect((await readdir(site.path('before'))).length).toBeGreaterThan(0);
  const ids = new Set([...(await captured(raw)).keys(), ...(await captured(site.path('before'))).keys()]);
  expect(ids).toEqual(new Set(queue.deletedIds));
});
