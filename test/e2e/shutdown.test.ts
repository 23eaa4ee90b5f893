/** SIGTERM: what was delivered is deleted, what was not comes again, nothing comes twice. */
import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import type { ConfigInput } from '../../src/config/index.js';
import type { Daemon } from '../support/daemon.js';
import { TestRedis } from '../support/redis.js';
import { configFor, duplicates, QUEUE, Site, startCloud } from '../support/site.js';
import { until } from '../support/until.js';

type Pipeline = NonNullable<ConfigInput['pipeline']>;

const EMBEDDED: Pipeline = { backend: 'embedded' };
const BACKENDS = ['embedded', 'redis'] as const;
/** Notes that it was told, a dot an event. */
const GIVES_UP = `import { appendFileSync } from 'node:fs';
export default {
  default: (event, { signal }) => new Promise((_, reject) => {
    signal.addEventListener('abort', () => {
      appendFileSync('given-up', '.');
      reject(new Error('given up'));
    });
  }),
};
`;
const HANGS = 'export default { default: () => new Promise(() => {}) };\n';

/** Stops the daemon twice in the middle of its work, then lets it drain the rest. */
async function stopUnderLoad(receipts: number, stopAt: readonly number[], pipeline: Pipeline): Promise<void> {
  await using site = await Site.create();
  await using cloud = await startCloud(receipts, { visibilityTimeout: 10 });
  const queue = cloud.queue(QUEUE);
  const sent = queue.messages.map(({ id }) => id);
  // Less in flight than is left at the last stop: what has been received is delivered while the last polls end.
  const config = configFor(cloud, { pipeline: { ...pipeline, maxInFlight: 256 } });
  for (const progress of stopAt) {
    const daemon = await site.daemon(config);
    await until(`${progress} deleted`, () => queue.deleted >= progress);
    expect(await daemon.end('SIGTERM'), daemon.stderr).toEqual({ code: 0, signal: null });
    expect(queue.deleted).toBeLessThan(receipts);
    const deleted = new Set(queue.deletedIds);
    expect((await site.delivered()).filter((id) => !deleted.has(id))).toEqual([]);
  }
  const daemon = await site.daemon(config);
  await until('an empty queue', () => queue.deleted === receipts);
  expect(await daemon.end('SIGTERM')).toEqual({ code: 0, signal: null });
  const delivered = await site.delivered();
  expect(duplicates(delivered)).toEqual([]);
  expect(delivered.sort()).toEqual(sent.sort());
}

it('exits 0 on SIGTERM under load, and afterwards delivers nothing twice: two threads on Redis', async () => {
  await using redis = await TestRedis.start();
  await stopUnderLoad(10_000, [1_500, 5_000], { backend: 'redis', url: redis.url });
}, 120_000);

it('exits 0 on SIGTERM under load, and afterwards delivers nothing twice: embedded', async () => {
  await stopUnderLoad(1_500, [200, 800], EMBEDDED);
}, 120_000);

it('takes SIGINT for SIGTERM', async () => {
  await using site = await Site.create();
  await using cloud = await startCloud(1);
  const daemon = await site.daemon(configFor(cloud));
  await until('an empty queue', () => cloud.queue(QUEUE).deleted === 1);
  expect(await daemon.end('SIGINT')).toEqual({ code: 0, signal: null });
});

it.each(BACKENDS)('ends a start that is under way: %s', async (backend) => {
  await using redis = backend === 'redis' ? await TestRedis.start() : undefined;
  await using site = await Site.create();
  await using cloud = await startCloud(1);
  const daemon = await site.daemon(
    configFor(cloud, { pipeline: redis === undefined ? EMBEDDED : { backend: 'redis', url: redis.url } }),
  );
  await until('the ops HTTP, which is up first', () => daemon.readiness());
  expect(await daemon.end('SIGTERM'), daemon.stderr).toEqual({ code: 0, signal: null });
});

it('ends a start that is waiting for its Redis', async () => {
  await using site = await Site.create();
  await using cloud = await startCloud(1);
  const daemon = await site.daemon(
    configFor(cloud, { pipeline: { backend: 'redis', url: 'redis://127.0.0.1:1' } }),
  );
  await daemon.untilNotReady(/no Redis at 127\.0\.0\.1:1/);
  expect(await daemon.end('SIGTERM'), daemon.stderr).toEqual({ code: 0, signal: null });
});

it('lets a long poll end by itself for no longer than shutdown.pollGrace', async () => {
  await using site = await Site.create();
  await using cloud = await startCloud(1);
  const daemon = await site.daemon(
    configFor(cloud, { poll: { waitSeconds: 30 }, shutdown: { pollGrace: 100, timeout: 20_000 } }),
  );
  await until('a waiting poll', () => cloud.queue(QUEUE).deleted === 1 && cloud.stats.openLongPolls === 1);
  // Were the poll waited for, the timeout would end it with 1.
  expect(await daemon.end('SIGTERM'), daemon.stderr).toEqual({ code: 0, signal: null });
});

it.each(BACKENDS)('ends though a handler module keeps something open: %s', async (backend) => {
  await using redis = backend === 'redis' ? await TestRedis.start() : undefined;
  await using site = await Site.create();
  await using cloud = await startCloud(20);
  await site.write('keeps.mjs', 'setInterval(() => {}, 1_000);\nexport default { default: () => {} };\n');
  const daemon = await site.daemon(
    configFor(cloud, {
      pipeline: redis === undefined ? EMBEDDED : { backend: 'redis', url: redis.url },
      sinks: [{ type: 'module', path: 'keeps.mjs' }],
      shutdown: { pollGrace: 100, timeout: 20_000 },
    }),
  );
  await until('an empty queue', () => cloud.queue(QUEUE).deleted === 20);
  expect(await daemon.end('SIGTERM'), daemon.stderr).toEqual({ code: 0, signal: null });
  expect(daemon.stderr).toMatch(/drained"/);
});

/** A daemon whose sink never answers, in the middle of delivering. */
async function hanging(
  backend: (typeof BACKENDS)[number],
  shutdown: NonNullable<ConfigInput['shutdown']>,
  use: (daemon: Daemon, site: Site) => Promise<void>,
  module = HANGS,
): Promise<void> {
  await using redis = backend === 'redis' ? await TestRedis.start() : undefined;
  await using site = await Site.create();
  await using cloud = await startCloud(20);
  await site.write('hangs.mjs', module);
  const daemon = await site.daemon(
    configFor(cloud, {
      pipeline: redis === undefined ? EMBEDDED : { backend: 'redis', url: redis.url },
      sinks: [{ type: 'module', path: 'hangs.mjs' }],
      shutdown,
    }),
  );
  await daemon.untilReady();
  await until('deliveries under way', () => cloud.queue(QUEUE).invisible === 20);
  await use(daemon, site);
  expect(cloud.queue(QUEUE).deleted).toBe(0);
}

it.each(BACKENDS)('exits 1 at shutdown.timeout when a sink hangs: %s', async (backend) => {
  await hanging(backend, { pollGrace: 100, timeout: 1_500 }, async (daemon) => {
    expect(await daemon.end('SIGTERM')).toEqual({ code: 1, signal: null });
    expect(daemon.stderr).toMatch(/not drained after 1500 ms/);
  });
});

it.each(BACKENDS)(
  'tells handlers before shutdown.timeout, and drains if they give up: %s',
  async (backend) => {
    await hanging(
      backend,
      { pollGrace: 100, timeout: 5_000 },
      async (daemon, site) => {
        expect(await daemon.end('SIGTERM'), daemon.stderr).toEqual({ code: 0, signal: null });
        expect((await readFile(site.path('given-up'), 'utf8')).length).toBe(20);
      },
      GIVES_UP,
    );
  },
);

it.each(BACKENDS)('exits at once on a second signal: %s', async (backend) => {
  await hanging(backend, { pollGrace: 100, timeout: 600_000 }, async (daemon) => {
    daemon.signal('SIGTERM');
    await daemon.untilLogged(/SIGTERM: draining/);
    expect(await daemon.end('SIGTERM')).toEqual({ code: 1, signal: null });
    expect(daemon.stderr).not.toMatch(/not drained after/);
  });
});
