import { afterEach, beforeEach, expect, test } from 'vitest';
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

test.each([
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
