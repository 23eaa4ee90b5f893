/** A configuration that changes under load: no event is lost, none comes twice, and a wrong one changes nothing. */
import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { type ConfigInput, createReceiptd, UsageError } from '../../src/index.js';
import { Collector } from '../support/collector.js';
import type { Daemon } from '../support/daemon.js';
import { freePort } from '../support/ports.js';
import { TestRedis } from '../support/redis.js';
import { configFor, duplicates, QUEUE, Site, startCloud } from '../support/site.js';
import { until } from '../support/until.js';

type Sinks = NonNullable<ConfigInput['sinks']>;
interface Line {
  id: string;
  data: { success: unknown };
}

/** Tells the log of each event, if the log wants to know. */
const TELLS = 'export default { default: ({ id }, { log }) => log.debug("handled " + id) };\n';
const MORE = 60;
const FILE: Sinks[number] = { type: 'ndjson', path: 'receipts.ndjson' };
const only = (success: boolean): Sinks[number] => ({
  type: 'ndjson',
  path: 'some.ndjson',
  where: { 'data.success': success },
});

async function linesOf(site: Site, name: string): Promise<Line[]> {
  const text = await readFile(site.path(name), 'utf8').catch(() => '');
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Line);
}

/** Writes another configuration and says so to the daemon. */
async function reload(site: Site, daemon: Daemon, config: ConfigInput, said: RegExp): Promise<void> {
  const { port } = new URL(daemon.opsUrl);
  await site.configure({ ...config, ops: { port: Number(port) } });
  const before = daemon.stderrLines.filter((line) => said.test(line)).length;
  daemon.signal('SIGHUP');
  await until(`the log to say ${said}`, () => {
    return daemon.stderrLines.filter((line) => said.test(line)).length > before;
  });
}

it.each([
  ['embedded', 600],
  ['redis', 3_000],
] as const)(
  'adds a sink, changes what it takes, and the log level: %s',
  { timeout: 120_000 },
  async (backend, receipts) => {
    await using redis = await TestRedis.start();
    await using site = await Site.create();
    await using cloud = await startCloud(receipts);
    const queue = cloud.queue(QUEUE);
    const pipeline = {
      ...(backend === 'redis' ? { backend, url: redis.url } : { backend }),
      maxInFlight: 128,
    };
    await site.write('tells.mjs', TELLS);
    const tells: Sinks[number] = { type: 'module', path: 'tells.mjs', name: 'tells' };
    const config = configFor(cloud, { pipeline, sinks: [FILE, tells] });
    const daemon = await site.daemon(config);
    await until('work under way', () => queue.deleted >= receipts / 6);
    expect(daemon.stderr).not.toContain('handled');
    const log = { format: 'json', level: 'debug' } as const;
    await reload(
      site,
      daemon,
      { ...config, sinks: [FILE, tells, only(false)], log },
      /reload: sinks, log\.level changed/,
    );
    // However fast the first ones went: these are for the second sink as it is now.
    cloud.generate(QUEUE, MORE);
    await until('what it takes', async () => (await linesOf(site, 'some.ndjson')).length > 0);
    const second: ConfigInput = { ...config, sinks: [FILE, tells, only(true)], log, ack: { linger: 5 } };
    await reload(
      site,
      daemon,
      { ...second, poll: { ...config.poll, threads: 3 } },
      /reload: .*sinks.* changed/,
    );
    cloud.generate(QUEUE, MORE);
    const all = receipts + 2 * MORE;
    await until('the queue to be drained', () => queue.deleted === all, 90_000);
    await daemon.untilReady();
    await until('its counts', async () => (await daemon.status()).queues[0]?.counters.acknowledged === all);
    expect(await daemon.status()).toMatchObject({
      slices: { count: backend === 'redis' ? 3 : 1, restarts: 0 },
      queues: [{ counters: { received: all, delivered: all, dead: 0, retried: 0 } }],
      sinks: [
        { name: 'ndjson:receipts.ndjson', delivered: all },
        { name: 'tells', delivered: all },
        { name: 'ndjson:some.ndjson' },
      ],
    });
    expect(await daemon.end('SIGTERM'), daemon.stderr).toEqual({ code: 0, signal: null });
    // Nothing was handed out twice: no poll was cut off.
    expect(queue.received).toBe(all);
    const delivered = await site.delivered();
    expect(duplicates(delivered)).toEqual([]);
    expect(delivered.toSorted()).toEqual(queue.deletedIds.toSorted());
    const some = await linesOf(site, 'some.ndjson');
    expect(daemon.stderrLines.filter((line) => /handled/.test(line)).length).toBeGreaterThan(0);
    expect(duplicates(some.map(({ id }) => id))).toEqual([]);
    const taken = (success: string) => some.filter(({ data }) => String(data.success) === success).length;
    expect(taken('false')).toBeGreaterThan(0);
    expect(taken('true')).toBeGreaterThan(0);
  },
);

it('keeps lines whole on standard output, also those of the old and the new', {
  timeout: 120_000,
}, async () => {
  await using redis = await TestRedis.start();
  await using site = await Site.create();
  await using cloud = await startCloud(1_500);
  const queue = cloud.queue(QUEUE);
  const pipeline = { backend: 'redis', url: redis.url, maxInFlight: 128 } as const;
  const config = configFor(cloud, { pipeline, sinks: [{ type: 'ndjson', path: '-' }] });
  const daemon = await site.daemon(config);
  for (const [round, at] of [200, 600].entries()) {
    await until('work', () => queue.deleted >= at);
    await reload(site, daemon, { ...config, ack: { linger: round + 1 } }, /reload: ack changed/);
  }
  await until('the queue to be drained', () => queue.deleted === 1_500);
  expect(await daemon.end('SIGTERM'), daemon.stderr).toEqual({ code: 0, signal: null });
  const ids = daemon.stdout
    .split('\n')
    .slice(0, -1)
    .map((line) => (JSON.parse(line) as Line).id);
  expect(ids).toHaveLength(1_500);
  expect(duplicates(ids)).toEqual([]);
});

it('refuses what is wrong as a whole, and does nothing when nothing changed', {
  timeout: 120_000,
}, async () => {
  await using site = await Site.create();
  await using cloud = await startCloud(10);
  const queue = cloud.queue(QUEUE);
  const config = configFor(cloud, { ack: { linger: 10 } });
  const daemon = await site.daemon(config);
  await until('the queue to be drained', () => queue.deleted === 10);
  const poll = { ...config.poll, batchSize: 40, waitSecond: 1 } as ConfigInput['poll'];
  const refused = /reload: the configuration is refused, the old one goes on: /;
  await reload(site, daemon, { ...config, poll, sinks: [] }, refused);
  await daemon.untilLogged(/goes on: poll\.batchSize: must be between 1 and 16, got 40/);
  await daemon.untilLogged(/goes on: poll\.waitSecond: .*did you mean waitSeconds/);
  await daemon.untilLogged(/goes on: sinks: must have at least one sink/);
  const nowhere: Sinks = [FILE, { type: 'ndjson', path: 'no/such/file' }];
  await reload(site, daemon, { ...config, sinks: nowhere, ack: { linger: 20 } }, refused);
  await daemon.untilLogged(/goes on: sinks: .*cannot append to no\/such\/file \(ENOENT\)/);
  await reload(site, daemon, { ...config, sinks: [{ ...FILE, types: ['SmsUp'] }] }, refused);
  await site.write('receiptd.yaml', 'queues: [');
  daemon.signal('SIGHUP');
  await daemon.untilLogged(/goes on: receiptd\.yaml:1:\d+: |goes on: .*receiptd\.yaml:1:\d+/);

  // What it stands on stays; what can change does.
  const mixed: ConfigInput = { ...config, pipeline: { dataDir: 'elsewhere' }, ack: { linger: 30 } };
  await reload(site, daemon, mixed, /reload: ack changed/);
  await daemon.untilLogged(/reload: pipeline\.dataDir needs a restart, its old value stays/);
  await until(
    'all reloads to be done',
    () => daemon.stderrLines.filter((line) => /reload: done/.test(line)).length === 1,
  );
  const lines = daemon.stderrLines.length;
  await reload(site, daemon, { ...config, ack: { linger: 30 } }, /SIGHUP: opening files anew/);
  cloud.generate(QUEUE, 20);
  await until('the queue to be drained', () => queue.deleted === 30);
  await daemon.untilReady();
  expect(daemon.stderrLines.slice(lines)).toEqual([expect.stringContaining('SIGHUP: opening files anew')]);
  expect(await daemon.end('SIGTERM'), daemon.stderr).toEqual({ code: 0, signal: null });
  const delivered = await site.delivered();
  expect(delivered).toHaveLength(30);
  expect(duplicates(delivered)).toEqual([]);
});

it('traces on, and to where it says from then on, on the one store and in the one thread there is', {
  timeout: 120_000,
}, async () => {
  await using before = await Collector.start();
  await using after = await Collector.start();
  await using site = await Site.create();
  await using cloud = await startCloud(5);
  const queue = cloud.queue(QUEUE);
  const sinks: Sinks = [FILE];
  const config = configFor(cloud, { sinks, tracing: { endpoint: before.url } });
  const daemon = await site.daemon(config);
  await until('the queue to be drained', () => queue.deleted === 5);
  for (const [round, endpoint] of [before.url, after.url].entries()) {
    await reload(
      site,
      daemon,
      { ...config, ack: { linger: round + 1 }, tracing: { endpoint } },
      /reload: done/,
    );
    cloud.generate(QUEUE, 5);
    await until('the queue to be drained', () => queue.deleted === 10 + 5 * round);
  }
  expect(await daemon.end('SIGTERM'), daemon.stderr).toEqual({ code: 0, signal: null });
  expect(daemon.stderr).not.toContain('tracer provider of its own');
  const delivered = (collector: Collector) => collector.named(/^deliver /);
  expect([delivered(before), delivered(after)].map(({ length }) => length)).toEqual([10, 5]);
  for (const span of delivered(after))
    expect(after.ancestors(span).map(({ name }) => name.split(' ')[0])).toEqual([
      'process',
      'addBulk',
      'poll',
    ]);
});

it('reads files of secrets again', async () => {
  await using site = await Site.create();
  await using cloud = await startCloud(10);
  const queue = cloud.queue(QUEUE);
  const port = await freePort();
  const path = await site.write('name-of-sink', 'one.ndjson\n');
  const sinks: Sinks = [{ type: 'ndjson', path: `\${SINK}` }];
  const daemon = await site.daemon(configFor(cloud, { sinks, ops: { port } }), { SINK_FILE: path });
  await until('the queue to be drained', () => queue.deleted === 10);
  await site.write('name-of-sink', 'two.ndjson\n');
  daemon.signal('SIGHUP');
  await daemon.untilLogged(/reload: sinks changed/);
  // A message that the old slice still waits for goes where it says.
  await daemon.untilLogged(/reload: done/);
  cloud.generate(QUEUE, 5);
  await until('the queue to be drained', () => queue.deleted === 15);
  expect(await linesOf(site, 'one.ndjson')).toHaveLength(10);
  expect(await linesOf(site, 'two.ndjson')).toHaveLength(5);
  expect(await daemon.end('SIGTERM'), daemon.stderr).toEqual({ code: 0, signal: null });
});

it('a program changes the configuration of its daemon, whose handlers stay', {
  timeout: 120_000,
}, async () => {
  await using site = await Site.create();
  await using cloud = await startCloud(300);
  const queue = cloud.queue(QUEUE);
  const handled: string[] = [];
  const { sinks: _, ...config } = configFor(cloud, {
    pipeline: { dataDir: site.path('data'), maxInFlight: 64 },
    ops: { port: 0 },
    log: { level: 'silent' },
  });
  const daemon = createReceiptd({ config, handlers: { SmsReport: ({ id }) => void handled.push(id) } });
  await daemon.start();
  await until('work under way', () => queue.deleted >= 50);
  const wrong: ConfigInput = { ...config, ack: { linger: -1 } };
  await expect(daemon.reload(wrong)).rejects.toThrow(UsageError);
  const sinks: Sinks = [{ type: 'ndjson', path: site.output }];
  await Promise.all([
    daemon.reload({ ...config, sinks }),
    daemon.reload({ ...config, sinks, ack: { linger: 1 } }),
  ]);
  expect(daemon.config).toMatchObject({ ack: { linger: 1 } });
  await until('the queue to be drained', () => queue.deleted === 300);
  expect(daemon.status().sinks.map(({ name }) => name)).toEqual(expect.arrayContaining(['handlers']));
  await daemon.stop();
  await daemon.reload({ ...config, ack: { linger: 2 } });
  expect(handled).toHaveLength(300);
  expect(duplicates(handled)).toEqual([]);
  expect((await site.delivered()).length).toBeGreaterThan(0);
  expect(duplicates(await site.delivered())).toEqual([]);
});
