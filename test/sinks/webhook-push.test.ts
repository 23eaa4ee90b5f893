/** `format: alicom` against a receiver that is written to the vendor's HTTP batch push, and knows nothing of receiptd. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Sink } from '../../src/sinks/index.js';
import { judge } from '../../src/sinks/webhook/answer.js';
import { context, record } from './records.js';
import { openWebhook, Receiver, type Reply, status } from './webhook-receiver.js';

let receiver: Receiver;
let sink: Sink;
/** Receipts that the callback endpoint has taken, by request. */
let taken: Record<string, unknown>[][];

/** What a user's endpoint does: POST, JSON, UTF-8, a list of receipts of one type; anything else is refused. */
const callback: Reply = ({ method, headers, body }, response) => {
  const [type, charset] = (headers['content-type'] ?? '').split(';').map((part) => part.trim().toLowerCase());
  const receipts: unknown = JSON.parse(body);
  const sound =
    method === 'POST' &&
    type === 'application/json' &&
    (charset === undefined || charset === 'charset=utf-8') &&
    Number(headers['content-length']) === Buffer.byteLength(body) &&
    Array.isArray(receipts) &&
    receipts.length > 0 &&
    new Set(receipts.map((receipt: object) => Object.keys(receipt).sort().join())).size === 1;
  if (!sound) return response.writeHead(500).end();
  taken.push(receipts);
  return response
    .writeHead(200, { 'content-type': 'application/json;charset=UTF-8' })
    .end('{"code":0,"msg":"接收成功"}');
};

beforeEach(async () => {
  taken = [];
  receiver = await Receiver.start();
  receiver.replies = [callback];
});

afterEach(async () => {
  await sink.close();
  await receiver.stop();
});

const sms = (id: string) =>
  record(id, {
    json: `{"phone_number":"1381111****","success":true,"err_msg":"用户接收成功","biz_id":"${id}^0","sms_size":"1"}`,
  });
const push = { format: 'alicom', concurrency: 1, batch: { size: 2, linger: 60_000 } } as const;

test('an existing callback endpoint takes what it is pushed', async () => {
  sink = await openWebhook(receiver.url, push);
  const events = ['1', '2', '3', '4'].map(sms);
  await Promise.all(events.map((event) => sink.deliver(event, context())));
  // What failed before goes alone, and is a list all the same.
  await sink.deliver(sms('5'), { ...context(), attempt: 2 });
  expect(taken.map((receipts) => receipts.length)).toEqual([2, 2, 1]);
  expect(taken.flat()).toEqual([...events, sms('5')].map(({ json }) => JSON.parse(json)));
  expect(receiver.received[2]?.body).toBe(`[${sms('5').json}]`);
});

test('types do not mix, and reviews go one by one', async () => {
  sink = await openWebhook(receiver.url, push);
  const up = (id: string) => record(id, { messagetype: 'SmsUp', json: `{"content":"TD","id":"${id}"}` });
  const review = (id: string) =>
    record(id, { messagetype: 'SignSmsReport', json: `{"sign_name":"x","orderId":"${id}"}` });
  const events = [sms('1'), up('2'), sms('3'), up('4'), review('5'), review('6')];
  await Promise.all(events.map((event) => sink.deliver(event, context())));
  expect(taken.map((receipts) => receipts.length).sort()).toEqual([1, 1, 2, 2]);
});

test('fields that are pushed otherwise than they are queued', async () => {
  sink = await openWebhook(receiver.url, { ...push, batch: { linger: 0 } });
  const bodies = [
    [
      'SmsUp',
      '{"content":"{\\"sequence_id\\":1}","sequence_id": 12345678901234567890 ,"dest_code":"1"}',
      '{"content":"{\\"sequence_id\\":1}","sequence_id": "12345678901234567890" ,"dest_code":"1"}',
    ],
    ['SmsUp', '{"sequence_id":"7"}', '{"sequence_id":"7"}'],
    [
      'SecretRecording',
      '{"pool_key":"p", "subs_id" : 5,"call_time":"1704081600000"}',
      '{"pool_key":"p", "sub_id" : 5,"call_time":1704081600000}',
    ],
    ['SecretRecording', '{"call_time":"2018-01-01 00:00:00"}', '{"call_time":"2018-01-01 00:00:00"}'],
    ...['0012', '-1', '1234567890123456', ''].map(
      (time) =>
        ['SecretRecording', `{"call_time":"${time}"}`, `{"call_time":"${time}"}`] as [string, string, string],
    ),
    ['SecretRecording', '{"call_time":"0"}', '{"call_time":0}'],
    ['toString', '{"subs_id":5}', '{"subs_id":5}'],
  ] as const;
  for (const [messagetype, json, pushed] of bodies) {
    await sink.deliver(record('m', { messagetype, json }), context());
    expect(receiver.received.at(-1)?.body).toBe(`[${pushed}]`);
  }
});

test.each([
  ['zero', '{"code":0,"msg":"ok"}'],
  ['another code: the vendor looks only whether it is a number', '{"code":500}'],
  ['white space and a byte order mark', '\ufeff \n{ "msg": "", "code": 0.0 }\n'],
])('the reply with %s confirms', async (_, body) => {
  receiver.replies = [status(200, {}, body)];
  sink = await openWebhook(receiver.url, { ...push, batch: { linger: 0 } });
  await sink.deliver(sms('1'), context());
});

test.each([
  ['a code that is text', 200, '{"code":"0"}'],
  ['no code', 200, '{"msg":"ok"}'],
  ['null', 200, 'null'],
  ['a list', 200, '[{"code":0}]'],
  ['nothing', 200, ''],
  ['a page of a proxy', 200, '<html>'],
  ['another status', 202, '{"code":0}'],
  ['50x, which is how a receiver refuses', 503, '{"code":0}'],
])('the reply with %s is no confirmation, the push is tried again', async (_, code, body) => {
  receiver.replies = [status(code, {}, body)];
  sink = await openWebhook(receiver.url, { ...push, batch: { linger: 0 } });
  await expect(sink.deliver(sms('1'), context())).rejects.toMatchObject({ code: 'WEBHOOK' });
});

test('nothing is made of the text of a reply that confirms', () => {
  const hide = vi.fn((text: string) => text);
  const answer = {
    retryAfter: undefined,
    date: undefined,
    location: undefined,
    body: '{"code":0}',
    cut: false,
  };
  expect(judge({ ...answer, status: 200 }, true, hide)).toBeUndefined();
  expect(hide).not.toHaveBeenCalled();
  expect(judge({ ...answer, status: 500 }, true, hide)).toBeDefined();
  expect(hide).toHaveBeenCalled();
});

test('a reply that is too large to be one is none', async () => {
  receiver.replies = [status(200, {}, `{"code":0,"msg":"${'x'.repeat(70_000)}"}`)];
  sink = await openWebhook(receiver.url, { ...push, batch: { linger: 0 } });
  await expect(sink.deliver(sms('1'), context())).rejects.toMatchObject({ code: 'WEBHOOK' });
});
