/** Guarantee 5: it tells nobody. Every socket that the daemon opens, in every thread, goes where it was configured to. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import type { ConfigInput } from '../../src/config/index.js';
import { TestRedis } from '../support/redis.js';
import { configFor, QUEUE, Site, startCloud } from '../support/site.js';
import { until } from '../support/until.js';

const SPY = fileURLToPath(new URL('../support/socket-spy.cjs', import.meta.url));

/** Drains a queue, is asked for its metrics, stops; all that with credentials from the environment. @returns who was contacted */
async function contacts(pipeline: ConfigInput['pipeline'], sinks?: ConfigInput['sinks'], module?: string) {
  await using site = await Site.create();
  await using cloud = await startCloud(200);
  if (module !== undefined) await site.write('handlers.mjs', module);
  const config = configFor(cloud, { credentials: {}, pipeline, ...(sinks && { sinks }) });
  const daemon = await site.daemon(config, {
    NODE_OPTIONS: `--require ${SPY}`,
    SOCKET_SPY: site.path('sockets'),
    ALIBABA_CLOUD_ACCESS_KEY_ID: cloud.accessKeyId,
    ALIBABA_CLOUD_ACCESS_KEY_SECRET: cloud.accessKeySecret,
  });
  await until('an empty queue', () => cloud.queue(QUEUE).deleted === 200);
  await daemon.untilReady();
  await fetch(`${daemon.opsUrl}/metrics`);
  expect(await daemon.end('SIGTERM'), daemon.stderr).toEqual({ code: 0, signal: null });
  const lines = (await readFile(site.path('sockets'), 'utf8')).trim().split('\n');
  return { cloud: `tcp 127.0.0.1:${cloud.port}`, contacted: new Set(lines) };
}

it('contacts nobody but the configured endpoints: embedded', async () => {
  const { cloud, contacted } = await contacts({ backend: 'embedded' });
  expect([...contacted]).toEqual([`main ${cloud}`]);
});

it('contacts nobody but the configured endpoints and Redis: two threads', async () => {
  await using redis = await TestRedis.start();
  const { cloud, contacted } = await contacts({ backend: 'redis', url: redis.url });
  const store = `tcp 127.0.0.1:${redis.port}`;
  expect([...contacted].sort()).toEqual(
    [`main ${cloud}`, `main ${store}`, `thread ${cloud}`, `thread ${store}`].sort(),
  );
});

it('would be seen by these tests if it contacted anybody else', async () => {
  await using redis = await TestRedis.start();
  const foreign = `
    import { lookup } from 'node:dns/promises';
    import { connect } from 'node:net';
    export default {
      async default() {
        await lookup('localhost');
        await new Promise((resolve) => connect(9, '127.0.0.9').once('error', resolve));
        await fetch('http://127.0.0.9:2/').catch(() => {});
      },
    };`;
  const sinks: ConfigInput['sinks'] = [{ type: 'module', path: 'handlers.mjs' }];
  const embedded = await contacts({ backend: 'embedded' }, sinks, foreign);
  const threads = await contacts({ backend: 'redis', url: redis.url }, sinks, foreign);
  const seen = ['dns localhost', 'tcp 127.0.0.9:9', 'tcp 127.0.0.9:2'];
  expect([...embedded.contacted]).toEqual(expect.arrayContaining(seen.map((what) => `main ${what}`)));
  expect([...threads.contacted]).toEqual(expect.arrayContaining(seen.map((what) => `thread ${what}`)));
});
