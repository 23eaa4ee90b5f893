/** Traces of a real daemon, as a collector gets them, from the poll to the acknowledgement. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import type { ConfigInput } from '../../src/config/index.js';
import { Receiver, status } from '../sinks/webhook-receiver.js';
import { Collector } from '../support/collector.js';
import { freePort } from '../support/ports.js';
import { TestPostgres } from '../support/postgres.js';
import { TestRedis } from '../support/redis.js';
import { configFor, QUEUE, Site, startCloud } from '../support/site.js';
import { until } from '../support/until.js';

const SPY = fileURLToPath(new URL('../support/socket-spy.cjs', import.meta.url));
const RECEIPTS = 40;
const PHONE = '13812345678';

async function embedded() {
  return { pipeline: { backend: 'embedded' } as const, [Symbol.asyncDispose]: async () => {} };
}

async function redis() {
  const server = await TestRedis.start();
  const pipeline = { backend: 'redis', url: server.url } as const;
  return { pipeline, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

async function postgres() {
  const server = await TestPostgres.start();
  const pipeline = { backend: 'postgres', url: server.url } as const;
  return { pipeline, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

it.each([
  ['redis, two threads', redis],
  ['embedded', embedded],
  ['postgres', postgres],
])('are connected from poll to acknowledgement, retries and webhooks included: %s', async (_, open) => {
  await using store = await open();
  await using collector = await Collector.start();
  await using site = await Site.create();
  await using cloud = await startCloud(0);
  const receiver = await Receiver.start();
  // One that is tried again, with what must not be told in its answer.
  receiver.replies = [status(503, { 'retry-after': '0' }, `no such number ${PHONE}`), status(200)];
  const config = configFor(cloud, {
    pipeline: store.pipeline,
    sinks: [
      { type: 'webhook', name: 'crm', url: `${receiver.url}/hook`, concurrency: 1 },
      { type: 'ndjson', path: 'receipts.ndjson', name: 'file' },
    ],
    tracing: { endpoint: collector.url, serviceName: 'test', headers: { 'X-Key': 'S3cret' } },
  });
  const daemon = await site.daemon(config, {
    NODE_OPTIONS: `--require ${SPY}`,
    SOCKET_SPY: site.path('sockets'),
  });
  await daemon.untilReady();
  cloud.generate(QUEUE, RECEIPTS);
  await until('an empty queue', () => cloud.queue(QUEUE).deleted === RECEIPTS);
  expect(await daemon.end('SIGTERM'), daemon.stderr).toEqual({ code: 0, signal: null });
  await receiver.stop();

  const acknowledged = collector.named(/^acknowledge /);
  const delivered = collector.named(/^deliver crm$/);
  const [firstTry] = delivered.filter(({ attributes }) => attributes['receiptd.attempt'] === 1);
  expect(firstTry).toBeDefined();
  // Every delivery belongs to the processing of its message, which belongs to the poll that brought it.
  const succeeded = delivered.filter(({ status: { code } }) => code !== 2);
  expect(new Set(succeeded.map(({ attributes }) => attributes['cloudevents.event_id'])).size).toBe(RECEIPTS);
  for (const span of [...delivered, ...collector.named(/^deliver file$/)]) {
    const names = collector.ancestors(span).map(({ name }) => name);
    expect(names[0]).toBe(`process ${QUEUE}`);
    expect(names.slice(-2)).toEqual([`addBulk ${QUEUE}`, `poll ${QUEUE}`]);
    for (const ancestor of collector.ancestors(span)) expect(ancestor.traceId).toBe(span.traceId);
  }
  // Every acknowledgement is linked to what finished its messages, and part of the first one's trace.
  const linked = acknowledged.flatMap(({ links = [] }) => links);
  expect(linked).toHaveLength(RECEIPTS);
  const spans = new Map(collector.spans.map((span) => [span.spanId, span]));
  for (const link of linked) expect(spans.get(link.spanId)?.name).toBe(`process ${QUEUE}`);
  for (const span of acknowledged) {
    expect(span.parentSpanId).toBe(span.links?.[0]?.spanId);
    expect(collector.ancestors(span).at(-1)?.name).toBe(`poll ${QUEUE}`);
    expect(span.attributes).toMatchObject({ 'messaging.operation.type': 'settle' });
  }
  const polls = collector.named(/^poll /);
  expect(
    polls.reduce((sum, { attributes }) => sum + Number(attributes['messaging.batch.message_count']), 0),
  ).toBe(RECEIPTS);
  // What the receiver saw leads to the delivery that sent it.
  for (const { headers } of receiver.received) {
    const [, traceId, spanId] = /^00-(\w{32})-(\w{16})-01$/.exec(headers.traceparent ?? '') ?? [];
    expect(spans.get(spanId ?? '')).toMatchObject({ traceId, name: 'deliver crm' });
  }
  // The one that failed says so, and its retry is in the same trace.
  const failed = delivered.filter(({ status: { code } }) => code === 2);
  expect(failed).toHaveLength(1);
  expect(failed[0]?.status.message).toMatch(/^HTTP 503: no such number 138\*\*\*\*78$/);
  const again = delivered.filter(
    (span) => span.attributes['cloudevents.event_id'] === failed[0]?.attributes['cloudevents.event_id'],
  );
  expect(again.map(({ attributes }) => attributes['receiptd.attempt']).sort()).toEqual([1, 2]);
  expect(new Set(again.map(({ traceId }) => traceId)).size).toBe(1);

  // Nothing is told that is nobody's business, and nobody else is told.
  expect(collector.text).not.toContain(PHONE);
  expect(collector.spans.every(({ service }) => service === 'test')).toBe(true);
  expect(new Set(collector.requests.map(({ path }) => path))).toEqual(new Set(['/v1/traces']));
  expect(collector.requests[0]?.headers['x-key']).toBe('S3cret');
  expect(daemon.stderr).not.toContain('S3cret');
  // Looks for stalled jobs, renewals of locks and the like are nobody's trace.
  const roots = new Set(collector.spans.filter(({ parentSpanId }) => !parentSpanId).map(({ name }) => name));
  expect(roots).toEqual(new Set([`poll ${QUEUE}`]));
  const contacted = new Set((await readFile(site.path('sockets'), 'utf8')).trim().split('\n'));
  const places = [cloud.port, collector.port, Number(new URL(receiver.url).port)];
  if ('url' in store.pipeline) places.push(Number(new URL(store.pipeline.url).port));
  const strangers = [...contacted].filter(
    (line) => !places.some((port) => line.endsWith(` 127.0.0.1:${port}`)),
  );
  expect(strangers).toEqual([]);
});

it('hold up nothing when nobody takes them, and come again when somebody does', async () => {
  await using store = await redis();
  await using site = await Site.create();
  await using cloud = await startCloud(RECEIPTS);
  const port = await freePort();
  const tracing: ConfigInput['tracing'] = { endpoint: `http://127.0.0.1:${port}/custom/path` };
  const daemon = await site.daemon(configFor(cloud, { tracing, pipeline: store.pipeline }));
  const told = () => daemon.stderrLines.filter((line) => /tracing: /.test(line));
  await until('an empty queue', () => cloud.queue(QUEUE).deleted === RECEIPTS);
  await daemon.untilLogged(
    /tracing: spans cannot be sent to http:\/\/127\.0\.0\.1:\d+\/custom\/path \(.*ECONNREFUSED/,
  );
  await daemon.untilReady();
  cloud.generate(QUEUE, RECEIPTS);
  await until('an empty queue', () => cloud.queue(QUEUE).deleted === 2 * RECEIPTS);
  await using collector = await Collector.start(port);
  let sent = 2 * RECEIPTS;
  await until('spans to be sent again', async () => {
    cloud.generate(QUEUE, 1);
    sent += 1;
    await until('an empty queue', () => cloud.queue(QUEUE).deleted === sent);
    return told().length > 1;
  });
  expect(told()).toEqual([
    expect.stringMatching(/cannot be sent to http:\/\/127\.0\.0\.1:\d+\/custom\/path \(.*ECONNREFUSED/),
    expect.stringMatching(/spans are sent again/),
  ]);
  expect(collector.requests[0]?.path).toBe('/custom/path');
  // One that takes them and never answers does not hold up the end either.
  collector.status = 0;
  const { length } = collector.requests;
  cloud.generate(QUEUE, 1);
  await until('spans that nobody takes', () => collector.requests.length > length);
  expect(await daemon.end('SIGTERM'), daemon.stderr).toEqual({ code: 0, signal: null });
  expect(cloud.queue(QUEUE).deleted).toBe(sent + 1);
});
