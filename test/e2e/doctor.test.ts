/** `receiptd doctor` as its users have it: what it says of everything that can be wrong, and that it disturbs nobody. */
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import type { ConfigInput } from '../../src/config/index.js';
import type { CheckResult } from '../../src/doctor/index.js';
import type { Emulator } from '../../src/emulator/index.js';
import { Receiver } from '../sinks/webhook-receiver.js';
import { Certificates } from '../support/certificates.js';
import { freePort } from '../support/ports.js';
import { TestRedis } from '../support/redis.js';
import { configFor, QUEUE, Site, startCloud } from '../support/site.js';

const SECRET = 'S3cretOfTheAccount';

async function examine(site: Site, config: ConfigInput, env: Record<string, string> = {}) {
  const file = await site.configure({ ...config, ops: { port: await freePort(), ...config.ops } });
  const child = await site.run(['doctor', '-c', file, '--json'], env);
  expect(child.stderr).toBe('');
  const { ok, checks } = JSON.parse(child.stdout) as { ok: boolean; checks: CheckResult[] };
  expect(child.exited?.code).toBe(ok ? 0 : 1);
  expect(child.stdout).not.toContain(SECRET);
  const by = (status: string) => checks.filter((check) => check.status === status).map(({ name }) => name);
  const line = (name: string) => {
    const found = checks.find((check) => check.name === name);
    return `${found?.status} ${found?.found}: ${found?.advice}`;
  };
  return { ok, failed: by('fail'), skipped: by('skip'), warned: by('warn'), line, checks };
}

it('finds all well beside a daemon on Redis, and takes nothing from it', async () => {
  await using redis = await TestRedis.start('--appendonly', 'yes');
  await using site = await Site.create();
  await using cloud = await startCloud(0);
  const receiver = await Receiver.start();
  const sinks: ConfigInput['sinks'] = [
    { type: 'ndjson', path: 'receipts.ndjson' },
    { type: 'webhook', url: receiver.url, name: 'crm' },
  ];
  const port = await freePort();
  const config = configFor(cloud, { pipeline: { backend: 'redis', url: redis.url }, sinks, ops: { port } });
  const daemon = await site.daemon(config);
  await daemon.untilReady();
  const found = await examine(site, { ...config, capture: { dir: 'raw' } });
  expect(found).toMatchObject({ ok: true, failed: [], skipped: [], warned: [] });
  expect(found.line('ops')).toMatch(/is answered by a running receiptd/);
  expect(found.line('redis')).toMatch(/noeviction, AOF/);
  await daemon.untilReady();
  expect(receiver.received.map(({ method }) => method)).toEqual(['OPTIONS']);
  expect(await daemon.end('SIGTERM')).toEqual({ code: 0, signal: null });
  await receiver.stop();
});

it('leaves the data directory to the daemon that has it, and messages where they are', async () => {
  await using site = await Site.create();
  await using cloud = await startCloud(40);
  const before = await examine(site, configFor(cloud));
  expect(before).toMatchObject({ ok: true, skipped: [] });
  expect(before.line(`queue ${QUEUE}`)).toMatch(/16 or more message\(s\) wait/);
  expect(cloud.queue(QUEUE)).toMatchObject({ received: 0, deleted: 0 });
  const daemon = await site.daemon(configFor(cloud));
  await daemon.untilReady();
  const beside = await examine(site, configFor(cloud));
  expect(beside.line('data directory')).toMatch(
    new RegExp(`in use by receiptd with process id ${daemon.pid}, ops at http`),
  );
  await daemon.untilReady();
  expect(await daemon.end('SIGTERM')).toEqual({ code: 0, signal: null });
  expect(await site.delivered()).toHaveLength(40);
});

interface Trouble {
  name: string;
  config: (cloud: Emulator) => Partial<ConfigInput>;
  failed: string[];
  skipped: string[];
  line: readonly [name: string, text: RegExp];
  clockOffset?: number;
  env?: Record<string, string>;
}

const TOKEN = `token ${QUEUE}`;
const WAITING = `queue ${QUEUE}`;
const NOBODY = 'Alicom-Queue-1-SmsReport';

const TROUBLES: readonly Trouble[] = [
  {
    name: 'a wrong host',
    config: (cloud) => ({ endpoints: { dybaseapi: 'https://no-such-host.invalid', mns: cloud.url } }),
    failed: ['dybaseapi'],
    skipped: [TOKEN, WAITING],
    line: ['dybaseapi', /the name no-such-host\.invalid is not found .*endpoints\.dybaseapi/],
  },
  {
    name: 'a closed port',
    config: (cloud) => ({ endpoints: { dybaseapi: cloud.url, mns: 'http://127.0.0.1:1' } }),
    failed: ['mns'],
    skipped: [WAITING],
    line: [
      'mns',
      /no connection to 127\.0\.0\.1:1 \(ECONNREFUSED\).*endpoints\.mns, firewalls.*HTTPS_PROXY is set/,
    ],
    env: { HTTPS_PROXY: 'http://127.0.0.1:1' },
  },
  {
    name: 'a refused key',
    config: (cloud) => ({ credentials: { accessKeyId: cloud.accessKeyId, accessKeySecret: SECRET } }),
    failed: [TOKEN],
    skipped: [WAITING],
    line: [TOKEN, /SignatureDoesNotMatch.*ALIBABA_CLOUD_ACCESS_KEY_SECRET/],
  },
  {
    name: 'no credentials',
    config: () => ({ credentials: {} }),
    failed: ['credentials'],
    skipped: [TOKEN, WAITING],
    line: ['credentials', /no Alibaba Cloud credentials found: set ALIBABA_CLOUD_ACCESS_KEY_ID/],
  },
  {
    name: 'a queue that does not exist',
    config: () => ({ queues: [{ messageType: 'SmsReport', queueName: NOBODY }] }),
    failed: [`queue ${NOBODY}`],
    skipped: [],
    line: [`queue ${NOBODY}`, /BatchPeekMessage on .*QueueNotExist.*queues\[\]\.queueName/],
  },
  {
    name: 'a message type of another queue',
    config: () => ({ queues: [{ messageType: 'SmsUp', queueName: QUEUE }] }),
    failed: [WAITING],
    skipped: [],
    line: [WAITING, /AccessDenied.*messageType and queueName must belong together/],
  },
  {
    name: 'a sink that cannot be written',
    config: () => ({ sinks: [{ type: 'ndjson', path: 'no/such/directory', name: 'out' }] }),
    failed: ['sink out'],
    skipped: [],
    line: ['sink out', /cannot append to no\/such\/directory \(ENOENT\)/],
  },
  {
    name: 'a module that hangs',
    config: () => ({ sinks: [{ type: 'module', path: 'hangs.mjs', name: 'out', timeout: 100 }] }),
    failed: ['sink out'],
    skipped: [],
    line: ['sink out', /no result within 1\.1 s/],
  },
  {
    name: 'a clock that is half an hour off',
    config: () => ({}),
    clockOffset: 30 * 60_000,
    failed: ['clock', TOKEN],
    skipped: [WAITING],
    line: ['clock', /clock is 1(79|80)\d s behind (dybaseapi|mns): .*synchronise it \(NTP\)/],
  },
];

it.each(TROUBLES)('tells of $name', async ({ config, failed, skipped, line, clockOffset = 0, env }) => {
  await using site = await Site.create();
  await using cloud = await startCloud(1, { clockOffset });
  await site.write('hangs.mjs', 'setInterval(() => {}, 1000); await new Promise(() => {});');
  const found = await examine(site, { ...configFor(cloud), ...config(cloud) }, env);
  expect(found).toMatchObject({ ok: false, failed, skipped });
  expect(found.line(line[0])).toMatch(line[1]);
  expect(JSON.stringify(found.checks)).not.toContain(cloud.accessKeySecret);
  expect(cloud.queue(QUEUE).received).toBe(0);
});

it('tells of a clock that is harmless, and of a Redis that evicts', async () => {
  await using redis = await TestRedis.start('--maxmemory-policy', 'allkeys-lru');
  await using site = await Site.create();
  await using cloud = await startCloud(0, { clockOffset: -60_000 });
  const found = await examine(site, configFor(cloud, { pipeline: { backend: 'redis', url: redis.url } }));
  expect(found).toMatchObject({ failed: ['redis'], warned: ['clock'], skipped: [] });
  expect(found.line('clock')).toMatch(
    /ahead of .*harmless for tokens and deliveries, but log times are wrong/,
  );
  expect(found.line('redis')).toMatch(/maxmemory-policy allkeys-lru .*set it to noeviction/);
});

it('tells of a certificate that is not trusted, and takes the authority that it is told of', async () => {
  await using site = await Site.create();
  await using cloud = await startCloud(0);
  using certificates = new Certificates();
  const certificate = certificates.make('Corporate Proxy');
  const server = createServer(certificate, (_, response) => response.writeHead(400).end());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const mns = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const config = configFor(cloud, { endpoints: { dybaseapi: cloud.url, mns } });
  const found = await examine(site, config);
  expect(found).toMatchObject({ failed: ['mns'], skipped: [WAITING] });
  expect(found.line('mns')).toMatch(/issued by Corporate Proxy, is not trusted.*NODE_EXTRA_CA_CERTS/);
  const trusting = await examine(site, config, { NODE_EXTRA_CA_CERTS: certificate.path });
  expect(trusting.line('mns')).toMatch(/^ok .*TLSv1\.3, certificate by Corporate Proxy good for \d+ days/);
  server.closeAllConnections();
  server.close();
});

it('writes one line a check, and ends with 2 when the configuration is wrong', async () => {
  await using site = await Site.create();
  await using cloud = await startCloud(0);
  const file = await site.configure(configFor(cloud, { ops: { port: await freePort() } }));
  const well = await site.run(['doctor', '-c', file]);
  expect(well.exited?.code).toBe(0);
  const lines = well.stdout.trimEnd().split('\n');
  expect(lines[0]).toMatch(
    /^ok {4}config {2,}.*receiptd\.yaml: 1 queue\(s\), 1 sink\(s\), backend embedded$/,
  );
  for (const line of lines) expect(line).toMatch(/^(ok|warn) {2,}\S.* {2}\S/);
  await site.configure({ ...configFor(cloud), pol: 1, poll: { batchSize: 99 } });
  const wrong = await site.run(['doctor', '-c', file]);
  expect(wrong.exited?.code).toBe(2);
  expect(wrong.stdout.trimEnd().split('\n')).toEqual([
    expect.stringMatching(/^fail {2}config {2}poll\.batchSize: must be between 1 and 16, got 99/),
    expect.stringMatching(/^fail {2}config {2}pol: .*did you mean poll/),
  ]);
  const usage = await site.run(['doctor', '--no-such-option']);
  expect(usage.exited?.code).toBe(2);
});
