import { type CloudEvent, HTTP } from 'cloudevents';
import { Webhook } from 'standardwebhooks';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type EventRecord, toEvent, toLine } from '../../src/receipts/index.js';
import type { Sink } from '../../src/sinks/index.js';
import { VERSION } from '../../src/version.js';
import { context, record } from './records.js';
import { openWebhook, type Received, Receiver, status, type WebhookInput } from './webhook-receiver.js';

let receiver: Receiver;
let sink: Sink;

beforeEach(async () => {
  receiver = await Receiver.start();
});

afterEach(async () => {
  await sink.close();
  await receiver.stop();
});

/** Sends these at once, and gives back the requests they made. */
async function send(input: WebhookInput, ...records: EventRecord[]) {
  sink = await openWebhook(`${receiver.url}/hook?tenant=7`, input);
  await Promise.all(records.map((one) => sink.deliver(one, context())));
  return receiver.received;
}

const BATCHED = { size: 3, linger: 60_000 };
/** What a receiver sees of a request. */
function message(request: Received | undefined): { headers: Record<string, string>; body: string } {
  if (request === undefined) throw new Error('no request');
  return { headers: request.headers, body: request.body };
}

/** As published: white space, big numbers and all. */
const JSON_TEXT = '{ "biz_id" : 12345678901234567890.10,\n "text":"用户 \\ud83d\\ude00 😀", "e":1e3 }';
const OLD = `whsec_${Buffer.from('the old key of this receiver').toString('base64')}`;
const NEW = Buffer.from('the new key of this receiver').toString('base64');

test('structured: the event as its line has it', async () => {
  const event = record('m1', { json: JSON_TEXT });
  const [request] = await send({ headers: { 'X-Tenant': 'a b' } }, event);
  expect(request).toMatchObject({ method: 'POST', path: '/hook?tenant=7', body: toLine(event) });
  expect(request?.headers).toMatchObject({
    'content-type': 'application/cloudevents+json',
    'content-length': String(Buffer.byteLength(toLine(event))),
    'user-agent': `receiptd/${VERSION}`,
    'x-tenant': 'a b',
  });
  expect(request?.headers).not.toHaveProperty('webhook-signature');
  const { headers, body } = message(request);
  expect((HTTP.toEvent({ headers, body }) as CloudEvent<unknown>).toJSON()).toEqual(toEvent(event));
});

test('batch: an array of such events', async () => {
  const events = ['a', 'b', 'c'].map((id) => record(id, { json: JSON_TEXT }));
  const requests = await send({ format: 'batch', batch: BATCHED }, ...events);
  expect(requests).toHaveLength(1);
  expect(requests[0]?.headers['content-type']).toBe('application/cloudevents-batch+json');
  expect(requests[0]?.body).toBe(`[${events.map(toLine).join(',')}]`);
  const { headers, body } = message(requests[0]);
  const read = HTTP.toEvent({ headers, body }) as CloudEvent<unknown>[];
  expect(read.map((event) => event.toJSON())).toEqual(events.map((event) => toEvent(event)));
});

test('binary: attributes as headers, the receipt byte by byte', async () => {
  const event = record('m1#0', { json: JSON_TEXT, subject: '932702304080415357^0', idempotencykey: 'ab12' });
  const [request] = await send({ format: 'binary' }, event);
  expect(request?.body).toBe(JSON_TEXT);
  expect(request?.headers['content-type']).toBe('application/json');
  const { headers, body } = message(request);
  const read = HTTP.toEvent({ headers, body }) as CloudEvent<unknown>;
  // Headers have no numbers.
  expect(read.toJSON()).toEqual({ ...toEvent(event), dequeuecount: '1' });
});

test('binary: what a header cannot hold is percent-encoded in UTF-8', async () => {
  const subject = 'a b"c%d é 用户 😀~!#';
  const [request] = await send({ format: 'binary' }, record('m1', { subject }));
  expect(request?.headers['ce-subject']).toBe(
    'a%20b%22c%25d%20%C3%A9%20%E7%94%A8%E6%88%B7%20%F0%9F%98%80~!#',
  );
  expect(decodeURIComponent(request?.headers['ce-subject'] ?? '')).toBe(subject);
});

test('binary: a hostile attribute cannot add a header', async () => {
  const [request] = await send({ format: 'binary' }, record('m1', { subject: 'x\r\nX-Admin: 1\0\ud800' }));
  expect(request?.headers).not.toHaveProperty('x-admin');
  expect(request?.headers['ce-subject']).toBe('x%0D%0AX-Admin:%201%00%EF%BF%BD');
});

test.each(['structured', 'batch', 'binary', 'alicom'] as const)(
  '%s: signed so that the Standard Webhooks library verifies with either secret',
  async (format) => {
    const event = record('m1#0', { json: JSON_TEXT });
    const [request] = await send({ format, secrets: [NEW, OLD], batch: { linger: 0 } }, event);
    const { headers, body } = message(request);
    expect(headers['webhook-id']).toBe('m1#0');
    expect(headers['webhook-signature']?.split(' ')).toHaveLength(2);
    for (const secret of [NEW, OLD]) {
      expect(new Webhook(secret).verify(body, headers)).toEqual(JSON.parse(body));
      expect(() => new Webhook(secret).verify(`${body} `, headers)).toThrow('No matching signature');
      const other = { ...headers, 'webhook-id': 'm2' };
      expect(() => new Webhook(secret).verify(body, other)).toThrow('No matching signature');
    }
    const stranger = new Webhook(Buffer.from('a key of somebody else').toString('base64'));
    expect(() => stranger.verify(body, headers)).toThrow('No matching signature');
  },
);

test('the id is the same in every attempt', async () => {
  receiver.replies = [status(503), status(200)];
  sink = await openWebhook(receiver.url, { secrets: [NEW] });
  const event = record('m1');
  await expect(sink.deliver(event, context())).rejects.toThrow('HTTP 503');
  await sink.deliver(event, { ...context(), attempt: 2 });
  expect(receiver.received.map(({ headers }) => headers['webhook-id'])).toEqual(['m1', 'm1']);
  for (const { headers, body } of receiver.received) new Webhook(NEW).verify(body, headers);
});

test('the events of a batch that is tried again go by their own ids', async () => {
  receiver.replies = [status(503), status(200)];
  const input: WebhookInput = { format: 'batch', secrets: [NEW], batch: { size: 2, linger: 60_000 } };
  sink = await openWebhook(receiver.url, input);
  const events = [record('a'), record('b')];
  await Promise.allSettled(events.map((event) => sink.deliver(event, context())));
  for (const event of events) await sink.deliver(event, { ...context(), attempt: 2 });
  const ids = receiver.received.map(({ headers }) => headers['webhook-id']);
  expect(ids).toEqual([expect.stringMatching(/^batch_/), 'a', 'b']);
});

test('the id of a batch is made of the ids in it, in whatever order', async () => {
  const input: WebhookInput = { format: 'batch', secrets: [NEW], batch: BATCHED };
  await send(input, record('a'), record('b'), record('c'));
  await Promise.all(['c', 'a', 'b'].map((id) => sink.deliver(record(id), context())));
  await Promise.all(['a', 'b', 'd'].map((id) => sink.deliver(record(id), context())));
  const [first, again, other] = receiver.received.map(({ headers }) => headers['webhook-id']);
  expect(first).toMatch(/^batch_[0-9a-f]{32}$/);
  expect(again).toBe(first);
  expect(other).not.toBe(first);
});

test('the user and password of the url become an Authorization header, and are not sent in the path', async () => {
  const url = new URL(receiver.url);
  url.username = 'us er';
  url.password = 'pä:ss%';
  sink = await openWebhook(`${url.href}hook`);
  await sink.deliver(record('m1'), context());
  const [request] = receiver.received;
  const [scheme, credentials] = request?.headers.authorization?.split(' ') ?? [];
  expect(scheme).toBe('Basic');
  expect(Buffer.from(credentials ?? '', 'base64').toString()).toBe('us er:pä:ss%');
  expect(request?.path).toBe('/hook');
  expect(sink.name).not.toContain('ss');
});
