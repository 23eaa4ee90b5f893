import { Client } from 'undici';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type Emulator, startEmulator } from '../../src/emulator/index.js';
import { handlesXml, MESSAGES, mns, pop, QUEUE, send, startWithQueue, text } from './support.js';

let emulator: Emulator;
beforeEach(async () => {
  emulator = await startWithQueue();
});
afterEach(() => emulator.close());

const receive = () => mns(emulator, 'GET', `${MESSAGES}?numOfMessages=16`);

test('an error answer: as often as ordered, without effect, in order', async () => {
  emulator.generate(QUEUE, 1);
  emulator.failNext('BatchReceiveMessage', 2, { status: 429, code: 'TooManyRequests' });
  emulator.failNext('BatchReceiveMessage', 1, { status: 500, code: 'InternalError' });
  const seen: [number, string][] = [];
  for (let i = 0; i < 3; i++) {
    const { status, body } = await receive();
    seen.push([status, text(body, 'Code')]);
  }
  expect(seen).toEqual([
    [429, 'TooManyRequests'],
    [429, 'TooManyRequests'],
    [500, 'InternalError'],
  ]);
  expect(emulator.queue(QUEUE).received).toBe(0);
  expect((await receive()).status).toBe(200);
  expect(emulator.stats.operations).toEqual({ BatchReceiveMessage: 4 });
});

test('single and batch operations are told apart', async () => {
  emulator.failNext('DeleteMessage', 1, { status: 500, code: 'InternalError' });
  emulator.failNext('BatchSendMessage', 1, { status: 500, code: 'InternalError' });
  const batch = await mns(emulator, 'DELETE', MESSAGES, { body: handlesXml(['8-handle0000']) });
  expect(batch.status).toBe(404);
  expect((await mns(emulator, 'DELETE', `${MESSAGES}?ReceiptHandle=8-handle0000`)).status).toBe(500);
  const message = '<Message><MessageBody>x</MessageBody></Message>';
  expect((await mns(emulator, 'POST', MESSAGES, { body: message })).status).toBe(201);
  expect((await mns(emulator, 'POST', MESSAGES, { body: `<Messages>${message}</Messages>` })).status).toBe(
    500,
  );
});

test('a reset, and the next call goes through', async () => {
  emulator.failNext('BatchReceiveMessage', 1, 'reset');
  await expect(receive()).rejects.toThrow(/ECONNRESET|socket hang up/);
  expect((await receive()).status).toBe(404);
});

test('silence, until the client gives up', async () => {
  emulator.failNext('BatchReceiveMessage', 1, 'hang');
  const abort = new AbortController();
  const hanging = mns(emulator, 'GET', `${MESSAGES}?numOfMessages=16`, { signal: abort.signal });
  await vi.waitFor(() => expect(emulator.stats.requests).toBe(1), { timeout: 10_000 });
  expect((await receive()).status).toBe(404);
  abort.abort();
  await expect(hanging).rejects.toThrow();
});

test('the token call fails too, also in the 200 of a business failure', async () => {
  emulator.failNext('QueryTokenForMnsQueue', 1, { status: 503, code: 'ServiceUnavailable' });
  emulator.failNext('QueryTokenForMnsQueue', 1, { status: 200, code: 'isp.SYSTEM_ERROR' });
  emulator.failNext('QueryTokenForMnsQueue', 1, 'reset');
  const first = await pop(emulator);
  expect([first.status, JSON.parse(first.body)]).toMatchObject([503, { Code: 'ServiceUnavailable' }]);
  const second = await pop(emulator);
  expect([second.status, JSON.parse(second.body)]).toMatchObject([200, { Code: 'isp.SYSTEM_ERROR' }]);
  await expect(pop(emulator)).rejects.toThrow();
  expect((await pop(emulator)).status).toBe(200);
});

test('a body that is too long is refused and not kept', async () => {
  const response = await send(emulator, 'POST', MESSAGES, { body: 'x'.repeat(4 * 1024 * 1024 + 1) }).catch(
    () => undefined,
  );
  // Whether the client reads the answer before its own write fails is a matter of timing.
  expect(response?.status ?? 413).toBe(413);
  expect((await receive()).status).toBe(404);
});

test('a port in use, an unknown queue, a bad name: one clear line', async () => {
  await expect(startEmulator({ port: emulator.port })).rejects.toThrow(
    `the emulator cannot listen on 127.0.0.1:${emulator.port}: the port is in use, choose another one`,
  );
  expect(() => emulator.queue('none')).toThrow('the emulator has no queue none');
  expect(() => emulator.sendBody('none', 'x')).toThrow('the emulator has no queue none');
  expect(() => emulator.createQueue({ name: 'a b', messageType: 'SmsUp' })).toThrow(
    /^queue a b: The queue name/,
  );
  expect(() => emulator.createQueue({ name: QUEUE, messageType: 'SmsUp' })).toThrow(/already exist/);
});

test('a connection is kept, also after a DELETE with a body', async () => {
  const client = new Client(emulator.url);
  const body = handlesXml(['8-handle0000']);
  for (let i = 0; i < 5; i++) {
    const response = await client.request({ method: 'DELETE', path: MESSAGES, body, reset: false });
    await response.body.dump();
  }
  await client.close();
  expect(emulator.stats).toMatchObject({
    connections: 1,
    requests: 5,
    operations: { BatchDeleteMessage: 5 },
  });
});
