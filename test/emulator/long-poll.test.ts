import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Emulator, QueueView } from '../../src/emulator/index.js';
import { MESSAGES, mns, QUEUE, startWithQueue, text, texts } from './support.js';

let emulator: Emulator;
let queue: QueueView;
beforeEach(async () => {
  emulator = await startWithQueue();
  queue = emulator.queue(QUEUE);
});
afterEach(() => emulator.close());

const poll = (query: string, signal?: AbortSignal) =>
  mns(emulator, 'GET', MESSAGES + query, signal === undefined ? {} : { signal });
const waiting = (count: number) =>
  vi.waitFor(() => expect(emulator.stats.openLongPolls).toBe(count), { timeout: 10_000, interval: 5 });

test('a waiting receive gets what is sent in one go, without waiting for more', async () => {
  const polled = poll('?numOfMessages=16&waitseconds=30');
  await waiting(1);
  emulator.generate(QUEUE, 3);
  expect(texts((await polled).body, 'MessageId')).toHaveLength(3);
  await waiting(0);
});

test('waiting receives are served in order of arrival, each fully', async () => {
  const first = poll('?numOfMessages=2&WaitSeconds=30');
  await waiting(1);
  const second = poll('?waitseconds=30');
  await waiting(2);
  emulator.generate(QUEUE, 4);
  expect(texts((await first).body, 'MessageId')).toEqual(queue.messages.slice(0, 2).map(({ id }) => id));
  expect(text((await second).body, 'MessageId')).toBe(queue.messages[2]?.id);
  expect(queue.counters()).toMatchObject({ received: 3, visible: 1 });
});

test('a client that hangs up leaves the queue, and takes no message along', async () => {
  const abort = new AbortController();
  const polled = poll('?numOfMessages=16&waitseconds=30', abort.signal);
  const stays = poll('?numOfMessages=16&waitseconds=30');
  await waiting(2);
  abort.abort();
  await expect(polled).rejects.toThrow();
  await waiting(1);
  emulator.generate(QUEUE, 1);
  expect(texts((await stays).body, 'MessageId')).toHaveLength(1);
  emulator.generate(QUEUE, 1);
  await new Promise(setImmediate);
  expect(queue.counters()).toMatchObject({ received: 1, visible: 1, invisible: 1, waiting: 0 });
});

test('the wait ends with 404', async () => {
  const { status, body } = await poll('?waitseconds=1');
  expect([status, text(body, 'Code')]).toEqual([404, 'MessageNotExist']);
});

test('without waitseconds PollingWaitSeconds counts; waitseconds=0 overrides it', async () => {
  emulator.createQueue({ name: 'patient', messageType: 'SmsUp', pollingWaitSeconds: 30 });
  const path = '/queues/patient/messages';
  expect((await mns(emulator, 'GET', `${path}?waitseconds=0`)).status).toBe(404);
  const polled = mns(emulator, 'GET', path);
  await waiting(1);
  emulator.sendBody('patient', 'x');
  expect((await polled).status).toBe(200);
});

test('a message whose visibility timeout ends wakes a waiting receive', async () => {
  emulator.createQueue({ name: 'hasty', messageType: 'SmsUp', visibilityTimeout: 0.2 });
  emulator.sendBody('hasty', 'x');
  const path = '/queues/hasty/messages?waitseconds=30';
  expect(text((await mns(emulator, 'GET', path)).body, 'DequeueCount')).toBe('1');
  expect(text((await mns(emulator, 'GET', path)).body, 'DequeueCount')).toBe('2');
});

test('so does one that is made visible sooner, and a delayed one', async () => {
  emulator.generate(QUEUE, 1);
  const handle = text((await poll('')).body, 'ReceiptHandle');
  const polled = poll('?waitseconds=30');
  await waiting(1);
  await mns(emulator, 'PUT', `${MESSAGES}?receiptHandle=${handle}&visibilityTimeout=1`);
  expect(text((await polled).body, 'DequeueCount')).toBe('2');
  const again = poll('?waitseconds=30');
  await waiting(1);
  const body = '<Message><MessageBody>late</MessageBody><DelaySeconds>1</DelaySeconds></Message>';
  expect((await mns(emulator, 'POST', MESSAGES, { body })).status).toBe(201);
  expect(text((await again).body, 'MessageBody')).toBe('late');
});

test('close cuts waiting receives off; it may be called twice', async () => {
  const polled = poll('?waitseconds=30');
  await waiting(1);
  await Promise.all([expect(polled).rejects.toThrow(), emulator.close(), emulator.close()]);
});
