/** What somebody new gets wrong before the daemon can even start: one line that says what to do, and the exit code. */
import { chmod, mkdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { expect, it } from 'vitest';
import type { ConfigInput } from '../../src/config/index.js';
import type { Emulator } from '../../src/emulator/index.js';
import type { Child } from '../support/child.js';
import { TestRedis } from '../support/redis.js';
import { configFor, QUEUE, Site, startCloud } from '../support/site.js';

const SECRET = 'S3cretOfTheAccount';

/** The process ended with this code and said one thing, in one line, without a stack trace or a secret. */
async function expectRefusal(child: Child, code: number, line: RegExp): Promise<void> {
  const exit = await child.end();
  expect(child.stderrLines, child.stderr).toEqual([expect.stringMatching(/^error: /)]);
  expect(child.stderr).toMatch(line);
  expect(child.stderr).not.toMatch(/undefined|\[object|\n {4}at /);
  expect(child.stdout).toBe('');
  expect(child.stderr).not.toContain(SECRET);
  expect(exit).toEqual({ code, signal: null });
}

interface Mistake {
  name: string;
  code: number;
  line: RegExp;
  /** Changes to a configuration that works. */
  config?: (cloud: Emulator) => Record<string, unknown>;
  env?: Record<string, string>;
  prepare?: (site: Site) => Promise<unknown>;
}

const MISTAKES: readonly Mistake[] = [
  {
    name: 'a misspelt section',
    config: () => ({ pipelin: {} }),
    code: 2,
    line: /pipelin: .*did you mean pipeline\?/,
  },
  {
    name: 'a misspelt key',
    config: () => ({ poll: { waitSecond: 5 } }),
    code: 2,
    line: /poll\.waitSecond: .*did you mean (poll\.)?waitSeconds\?.*receiptd\.yaml:\d+/,
  },
  {
    name: 'a misspelt environment variable',
    env: { RECEIPTD_PIPELINE_URLS: 'redis://localhost' },
    code: 2,
    line: /RECEIPTD_PIPELINE_URLS: .*did you mean RECEIPTD_PIPELINE_URL\?/,
  },
  {
    name: 'a value out of range',
    config: () => ({ poll: { batchSize: 40 } }),
    code: 2,
    line: /poll\.batchSize: must be between 1 and 16, got 40/,
  },
  {
    name: 'no queues',
    config: () => ({ queues: undefined }),
    code: 2,
    line: /queues: must have at least one queue/,
  },
  {
    name: 'no credentials anywhere',
    config: () => ({ credentials: {} }),
    code: 2,
    line: /no Alibaba Cloud credentials found: set ALIBABA_CLOUD_ACCESS_KEY_ID and/,
  },
  {
    name: 'half of the credentials',
    config: () => ({ credentials: { accessKeySecret: SECRET } }),
    code: 2,
    line: /credentials\.accessKeyId: is required with credentials\.accessKeySecret/,
  },
  {
    name: 'an output in a directory that is not there',
    config: () => ({ sinks: [{ type: 'ndjson', path: 'no/such/receipts.ndjson' }] }),
    code: 2,
    line: /sinks: .*cannot append to no\/such\/receipts\.ndjson \(ENOENT\)/,
  },
  {
    name: 'an output that is a directory',
    config: () => ({ sinks: [{ type: 'ndjson', path: '.' }] }),
    code: 2,
    line: /sinks: .*cannot append to \. \(EISDIR\)/,
  },
  {
    name: 'a data directory that is a file',
    config: () => ({ pipeline: { dataDir: 'occupied' } }),
    prepare: (site) => site.write('occupied', ''),
    code: 2,
    line: /pipeline\.dataDir: occupied cannot be used \(EEXIST\)/,
  },
  {
    name: 'a data directory below a file',
    config: () => ({ pipeline: { dataDir: 'occupied/data' } }),
    prepare: (site) => site.write('occupied', ''),
    code: 2,
    line: /pipeline\.dataDir: occupied\/data cannot be used \(ENOTDIR\)/,
  },
  {
    name: 'a module that is not there',
    config: () => ({ sinks: [{ type: 'module', path: 'handlers.mjs' }] }),
    code: 2,
    line: /sinks: handlers\.mjs cannot be loaded: /,
  },
  {
    name: 'a module that is no JavaScript',
    config: () => ({ sinks: [{ type: 'module', path: 'handlers.mjs' }] }),
    prepare: (site) => site.write('handlers.mjs', 'export default {{{\n'),
    code: 2,
    line: /sinks: handlers\.mjs cannot be loaded: /,
  },
  {
    name: 'a module that exports nothing',
    config: () => ({ sinks: [{ type: 'module', path: 'handlers.mjs' }] }),
    prepare: (site) => site.write('handlers.mjs', 'export const SmsReport = 1;\n'),
    code: 2,
    line: /handlers\.mjs: there must be handlers: `export default defineHandlers/,
  },
  {
    name: 'a module that handles another type',
    config: () => ({ sinks: [{ type: 'module', path: 'handlers.mjs' }] }),
    prepare: (site) => site.write('handlers.mjs', 'export default { VoiceReport() {} };\n'),
    code: 2,
    line: /queues\[0\]\.messageType: no sink takes SmsReport: /,
  },
  {
    name: 'a data directory with something else in it',
    prepare: async (site) => {
      await mkdir(site.path('data/pgdata'), { recursive: true });
      await site.write('data/pgdata/PG_VERSION', 'not a version');
    },
    code: 1,
    line: /pipeline\.dataDir: the database in \.\/data does not open/,
  },
];

it.each(MISTAKES)('answers $name with one line and exit code $code', async (mistake) => {
  const { config, env = {}, prepare, code, line } = mistake;
  await using site = await Site.create();
  await using cloud = await startCloud(0);
  await prepare?.(site);
  const changed = { ...configFor(cloud), ...config?.(cloud) } as ConfigInput;
  await expectRefusal(await site.daemon(changed, env), code, line);
});

it('asks for a queue where there is no configuration at all', async () => {
  await using site = await Site.create();
  await expectRefusal(
    await site.run(['run']),
    2,
    /queues: must have at least one queue, .*no configuration file found/,
  );
});

it('names the configuration file that is not there', async () => {
  await using site = await Site.create();
  await expectRefusal(await site.run(['run', '-c', 'nowhere.yaml']), 2, /nowhere\.yaml: no such file/);
});

it.runIf(process.getuid?.() !== 0)('names the directory that it may not write to', async () => {
  await using site = await Site.create();
  await using cloud = await startCloud(0);
  await mkdir(site.path('readonly'));
  await chmod(site.path('readonly'), 0o500);
  const sinks = await site.daemon(
    configFor(cloud, { sinks: [{ type: 'ndjson', path: 'readonly/receipts' }] }),
  );
  await expectRefusal(sinks, 2, /sinks: .*readonly\/receipts \(EACCES\)/);
  const store = await site.daemon(configFor(cloud, { pipeline: { dataDir: 'readonly/data' } }));
  await expectRefusal(store, 2, /pipeline\.dataDir: readonly\/data cannot be used \(EACCES\)/);
});

it('names the ops port that another process has', async () => {
  await using site = await Site.create();
  await using cloud = await startCloud(0);
  const other = createServer().listen(0, '127.0.0.1');
  try {
    await new Promise((resolve) => other.once('listening', resolve));
    const { port } = other.address() as { port: number };
    const daemon = await site.daemon(configFor(cloud, { ops: { port } }));
    await expectRefusal(
      daemon,
      1,
      new RegExp(`ops\\.port: cannot listen on 127\\.0\\.0\\.1:${port} \\(EADDRINUSE\\)`),
    );
  } finally {
    other.close();
  }
});

it('refuses a Redis that may evict receipts', async () => {
  await using redis = await TestRedis.start('--maxmemory-policy', 'allkeys-lru');
  await using site = await Site.create();
  await using cloud = await startCloud(0);
  const daemon = await site.daemon(configFor(cloud, { pipeline: { backend: 'redis', url: redis.url } }));
  await expectRefusal(daemon, 2, /pipeline\.url: .*maxmemory-policy allkeys-lru .*set it to noeviction/);
});

it('refuses a Redis that refuses the login, and repeats no password', async () => {
  await using redis = await TestRedis.start();
  await using site = await Site.create();
  await using cloud = await startCloud(0);
  const url = `redis://nobody:${SECRET}@127.0.0.1:${redis.port}`;
  const daemon = await site.daemon(configFor(cloud, { pipeline: { backend: 'redis', url } }));
  await expectRefusal(daemon, 2, /pipeline\.url: Redis at 127\.0\.0\.1:\d+ refuses the login/);
});

it('refuses a second daemon on the same data directory, but not one after a kill -9', async () => {
  await using site = await Site.create();
  await using cloud = await startCloud(1);
  const first = await site.daemon(configFor(cloud));
  await first.untilReady();
  const second = await site.daemon(configFor(cloud));
  await expectRefusal(
    second,
    1,
    new RegExp(`pipeline\\.dataDir: \\./data is in use by receiptd with process id ${first.pid}`),
  );
  await first.untilReady();
  await first.end('SIGKILL');
  const third = await site.daemon(configFor(cloud));
  await third.untilReady();
  expect(await third.end('SIGTERM')).toEqual({ code: 0, signal: null });
  expect(await site.delivered()).toHaveLength(1);
  expect(cloud.queue(QUEUE).deleted).toBe(1);
});
