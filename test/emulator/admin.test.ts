import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { handleAdmin } from '../../src/emulator/admin.js';
import type { Emulator } from '../../src/emulator/index.js';
import { fetchToken, MESSAGES, mns, QUEUE, startWithQueue, text } from './support.js';

let emulator: Emulator;
beforeEach(async () => {
  emulator = await startWithQueue();
});
afterEach(() => emulator.close());

async function admin(
  method: string,
  path: string,
  body?: unknown,
): Promise<{ status: number; json: unknown }> {
  const init = body === undefined ? { method } : { method, body: JSON.stringify(body) };
  const response = await fetch(`${emulator.url}/_emulator/${path}`, init);
  return { status: response.status, json: await response.json() };
}

test('send receipts and bodies', async () => {
  const sent = await admin('POST', `queues/${QUEUE}/send`, {
    receipts: [{ a: '你好' }, [1]],
    bodies: ['raw'],
  });
  const { messages } = emulator.queue(QUEUE);
  expect(sent).toEqual({ status: 200, json: { ids: messages.map(({ id }) => id) } });
  expect(messages.map(({ body }) => body)).toEqual([
    Buffer.from('{"a":"你好"}').toString('base64'),
    Buffer.from('[1]').toString('base64'),
    'raw',
  ]);
});

test('generate: many, each with ids of its own', async () => {
  emulator.createQueue({ name: 'other', messageType: 'SmsReport' });
  expect(await admin('POST', `queues/${QUEUE}/generate`, { count: 1000 })).toEqual({
    status: 200,
    json: { count: 1000 },
  });
  await admin('POST', 'queues/other/generate', { count: 1000 });
  const ids = [QUEUE, 'other'].flatMap((name) =>
    emulator.queue(name).messages.map(({ body }) => {
      const receipt = JSON.parse(Buffer.from(body, 'base64').toString()) as { biz_id: string };
      return receipt.biz_id;
    }),
  );
  expect(new Set(ids).size).toBe(2000);
});

test('stats and one queue', async () => {
  emulator.generate(QUEUE, 2);
  const received = await mns(emulator, 'GET', MESSAGES);
  await mns(emulator, 'DELETE', `${MESSAGES}?ReceiptHandle=${text(received.body, 'ReceiptHandle')}`);
  const counters = {
    visible: 1,
    invisible: 0,
    delayed: 0,
    sent: 2,
    received: 1,
    redelivered: 0,
    deleted: 1,
    expired: 0,
  };
  const stats = await admin('GET', 'stats');
  expect(stats.json).toMatchObject({
    requests: 2,
    operations: { ReceiveMessage: 1, DeleteMessage: 1 },
    tokens: 0,
    openLongPolls: 0,
    queues: { [QUEUE]: { messageType: 'SmsReport', ...counters } },
  });
  const queue = await admin('GET', `queues/${QUEUE}`);
  expect(queue.json).toMatchObject({
    ...counters,
    deletedIds: [text(received.body, 'MessageId')],
    messages: [{ state: 'visible', dequeueCount: 0 }],
  });
});

test('faults and revocation', async () => {
  const key = await fetchToken(emulator);
  expect((await admin('POST', 'revoke-tokens')).status).toBe(200);
  expect((await mns(emulator, 'GET', MESSAGES, { key })).status).toBe(403);
  await admin('POST', 'fail', {
    operation: 'ReceiveMessage',
    count: 1,
    status: 429,
    code: 'TooManyRequests',
  });
  await admin('POST', 'fail', { operation: 'ReceiveMessage', count: 1, kind: 'reset' });
  expect((await mns(emulator, 'GET', MESSAGES)).status).toBe(429);
  await expect(mns(emulator, 'GET', MESSAGES)).rejects.toThrow();
});

test('a queue is made, and messages are sent with priority and delay', async () => {
  const made = await admin('POST', 'queues', { name: 'new-SmsUp', visibilityTimeout: 5 });
  expect(made).toMatchObject({
    status: 200,
    json: { name: 'new-SmsUp', messageType: 'SmsUp', attributes: { visibilityTimeout: 5 }, visible: 0 },
  });
  await admin('POST', 'queues/new-SmsUp/send', { receipts: [{}], priority: 2, delaySeconds: 60 });
  expect(emulator.queue('new-SmsUp').messages).toMatchObject([{ priority: 2, state: 'delayed' }]);
});

test('a queue of wrong options, and more receipts than fit in one go, are refused', async () => {
  for (const [order, error] of [
    [{ name: 'new-SmsUp', visibilityTimeout: '5' }, /^queue new-SmsUp: visibilityTimeout: /],
    [{ name: 'new-SmsUp', typo: 5 }, /^queue new-SmsUp: .*typo/],
    [{}, /name: /],
  ] as const) {
    const refused = { status: 400, json: { error: expect.stringMatching(error) } };
    expect(await admin('POST', 'queues', order)).toEqual(refused);
  }
  expect(await admin('POST', `queues/${QUEUE}/generate`, { count: 1_000_001 })).toEqual({
    status: 400,
    json: { error: 'count is at most 1000000' },
  });
});

test('an answer that cannot be put into text is a 500, not the end of the emulator', () => {
  const seed = 1n as unknown as number;
  const reply = handleAdmin(
    { seed, faults: [] } as unknown as Emulator,
    () => {},
    'GET',
    '/_emulator/faults',
    '',
  );
  expect(reply).toMatchObject({ status: 500, body: expect.stringContaining('BigInt') });
});

describe('fault rules', () => {
  const rules = [
    { operation: 'ReceiveMessage', kind: 'error', status: 500, code: 'InternalError', count: 1 },
  ];

  test('are added, listed with their hits, replaced and dropped', async () => {
    expect(await admin('POST', 'faults', { faults: rules })).toEqual({
      status: 200,
      json: { seed: 1, faults: [{ ...rules[0], calls: 0, hits: 0 }] },
    });
    expect((await mns(emulator, 'GET', MESSAGES)).status).toBe(500);
    expect((await mns(emulator, 'GET', MESSAGES)).status).toBe(404);
    await admin('POST', 'faults', { faults: ['SendMessage=hang'] });
    expect((await admin('GET', 'faults')).json).toMatchObject({
      faults: [{ calls: 2, hits: 1 }, { kind: 'hang' }],
    });
    expect((await admin('POST', 'faults', { faults: ['*=reset:0.5'], replace: true, seed: 9 })).json).toEqual(
      {
        seed: 9,
        faults: [{ operation: '*', kind: 'reset', rate: 0.5, calls: 0, hits: 0 }],
      },
    );
    expect((await admin('DELETE', 'faults')).json).toEqual({ seed: 9, faults: [] });
  });

  test.each([
    [{ faults: [...rules, '*=explode'] }, /fault \*=explode: kind: unknown kind/],
    [{ faults: {} }, /expected \{"faults":/],
    [{ rules }, /expected \{"faults":/],
    [{ faults: [], seed: 1 }, /seed: only with "replace":true/],
  ])('%j is refused, and nothing changes', async (order, message) => {
    const { status, json } = await admin('POST', 'faults', order);
    expect([status, (json as { error: string }).error]).toEqual([400, expect.stringMatching(message)]);
    expect(emulator.faults).toEqual([]);
  });
});

test('settings: seen, changed, checked; a limit that is off is null', async () => {
  expect((await admin('GET', 'settings')).json).toEqual({
    clockOffset: 0,
    tokenLife: 3600,
    maxWaiting: null,
    maxTps: null,
    maxQueueQps: null,
    maxInFlight: 5000,
    throttleHold: [10, 500],
    recreateDelay: 0,
  });
  const changed = await admin('POST', 'settings', { clockOffset: -901_000, maxTps: 5, maxInFlight: null });
  expect(changed.json).toMatchObject({ clockOffset: -901_000, maxTps: 5, maxInFlight: null });
  expect((await mns(emulator, 'GET', MESSAGES)).status).toBe(408);
  expect(emulator.settings.maxInFlight).toBe(Number.POSITIVE_INFINITY);
  expect(await admin('POST', 'settings', { maxTps: 'many' })).toEqual({
    status: 400,
    json: { error: 'maxTps: expected a whole number from 1, or null for no limit' },
  });
});

test.each([
  ['POST', 'queues', { name: 'a b' }, 400],
  ['POST', 'queues', { name: QUEUE }, 400],
  ['POST', 'queues', { name: 'q', colour: 'red' }, 400],
  ['POST', `queues/${QUEUE}/send`, { bodies: ['x'], priority: 'high' }, 400],
  ['PUT', 'faults', {}, 404],
  ['GET', 'nothing', undefined, 404],
  ['GET', 'queues/none', undefined, 400],
  ['POST', 'queues/none/send', { bodies: ['x'] }, 400],
  ['POST', `queues/${QUEUE}/send`, { bodies: [1] }, 400],
  ['POST', `queues/${QUEUE}/send`, [1], 400],
  ['POST', `queues/${QUEUE}/generate`, { count: 0 }, 400],
  ['POST', 'fail', { operation: 'Nothing', count: 1, kind: 'reset' }, 400],
  ['POST', 'fail', { operation: 'ReceiveMessage', count: 1, kind: 'explode' }, 400],
])('%s %s %j is refused', async (method, path, body, status) => {
  const answer = await admin(method, path, body);
  expect(answer).toEqual({ status, json: { error: expect.any(String) } });
});
