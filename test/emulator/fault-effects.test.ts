/** What each kind of fault does to a call, seen by a client. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Emulator, type QueueView, startEmulator } from '../../src/emulator/index.js';
import { fetchToken, handlesXml, MESSAGES, mns, pop, QUEUE, startWithQueue, text, texts } from './support.js';

let emulator: Emulator;
let queue: QueueView;
beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() });
  emulator = await startWithQueue();
  queue = emulator.queue(QUEUE);
});
afterEach(async () => {
  await emulator.close();
  vi.useRealTimers();
});

const receive = (query = '?numOfMessages=16') => mns(emulator, 'GET', MESSAGES + query);
const remove = (handles: readonly string[]) =>
  mns(emulator, 'DELETE', MESSAGES, { body: handlesXml(handles) });
const pass = (seconds: number): unknown => vi.setSystemTime(Date.now() + seconds * 1000);

test('error: by rate, without effect, and the hits are counted', async () => {
  emulator.generate(QUEUE, 1);
  emulator.addFaults(['BatchReceiveMessage=error/500/InternalError#2']);
  const seen = [(await receive()).status, (await receive()).status, (await receive()).status];
  expect(seen).toEqual([500, 500, 200]);
  expect(queue.received).toBe(1);
  expect(emulator.faults).toMatchObject([{ calls: 3, hits: 2 }]);
});

test.each([
  ['QpsLimitExceeded', 400, 'The queue exceeds its QPS limit.'],
  ['InternalServerError', 500, 'Internal server error.'],
  ['SomethingNew', 503, 'Injected fault.'],
])('error: %s has the text that goes with it, if any does', async (code, status, message) => {
  emulator.addFaults([`BatchReceiveMessage=error/${status}/${code}`]);
  const answer = await receive();
  expect(answer.status).toBe(status);
  expect([text(answer.body, 'Code'), text(answer.body, 'Message')]).toEqual([code, message]);
});

test('the same seed and the same requests: the same answers, from one emulator to the next', async () => {
  const run = async (seed: number): Promise<number[]> => {
    await using other = await startWithQueue({ seed, faults: ['*=error/503/ServiceUnavailable:0.4'] });
    const statuses: number[] = [];
    for (let i = 0; i < 40; i++) statuses.push((await mns(other, 'GET', MESSAGES)).status);
    return statuses;
  };
  const [first, again, another] = [await run(5), await run(5), await run(6)];
  expect(again).toEqual(first);
  expect(another).not.toEqual(first);
  expect(new Set(first)).toEqual(new Set([404, 503]));
});

describe('latency', () => {
  test('the call waits and then takes effect', async () => {
    emulator.addFaults(['SendMessage=latency/40']);
    const timers = vi.spyOn(globalThis, 'setTimeout');
    const body = '<Message><MessageBody>x</MessageBody></Message>';
    expect((await mns(emulator, 'POST', MESSAGES, { body })).status).toBe(201);
    expect(timers).toHaveBeenCalledWith(expect.any(Function), 40);
    timers.mockRestore();
    expect(queue.sent).toBe(1);
  });

  test('who hangs up meanwhile has asked for nothing', async () => {
    emulator.generate(QUEUE, 1);
    emulator.addFaults(['ReceiveMessage=latency/600000#1']);
    const abort = new AbortController();
    const polled = mns(emulator, 'GET', MESSAGES, { signal: abort.signal });
    await vi.waitFor(() => expect(emulator.faults[0]?.hits).toBe(1), { timeout: 10_000 });
    abort.abort();
    await expect(polled).rejects.toThrow();
    expect((await mns(emulator, 'GET', MESSAGES)).status).toBe(200);
    expect(queue.received).toBe(1);
  });

  test('close does not wait for it', async () => {
    emulator.addFaults(['*=latency/600000']);
    const polled = mns(emulator, 'GET', MESSAGES);
    await vi.waitFor(() => expect(emulator.stats.requests).toBe(1), { timeout: 10_000 });
    await Promise.all([expect(polled).rejects.toThrow(), emulator.close()]);
  });
});

test('reset: no effect. lost: the effect, but no answer', async () => {
  emulator.generate(QUEUE, 2);
  emulator.addFaults(['BatchReceiveMessage=reset#1', 'BatchDeleteMessage=lost#1']);
  await expect(receive()).rejects.toThrow(/ECONNRESET|socket hang up/);
  expect(queue.received).toBe(0);
  const handles = texts((await receive()).body, 'ReceiptHandle');
  await expect(remove(handles)).rejects.toThrow(/ECONNRESET|socket hang up/);
  expect(queue.deleted).toBe(2);
  expect(texts((await remove(handles)).body, 'ErrorCode')).toEqual(['MessageNotExist', 'MessageNotExist']);
});

test('lost: a batch on its way is stranded until its visibility timeout', async () => {
  emulator.generate(QUEUE, 3);
  emulator.addFaults(['BatchReceiveMessage=lost#1']);
  await expect(receive()).rejects.toThrow();
  expect(queue.invisible).toBe(3);
  expect((await receive()).status).toBe(404);
  pass(31);
  expect(texts((await receive()).body, 'DequeueCount')).toEqual(['2', '2', '2']);
});

test('half: every second handle fails, the others are deleted, and a second try deletes the rest', async () => {
  emulator.generate(QUEUE, 5);
  emulator.addFaults(['BatchDeleteMessage=half#1']);
  const handles = texts((await receive()).body, 'ReceiptHandle');
  const { status, body } = await remove(handles);
  const [a = '', , c = '', , e = ''] = handles;
  expect([status, texts(body, 'ReceiptHandle')]).toEqual([404, [a, c, e]]);
  expect(new Set(texts(body, 'ErrorCode'))).toEqual(new Set(['MessageNotExist']));
  expect(queue.deleted).toBe(2);
  expect((await remove([a, c, e])).status).toBe(204);
});

describe('duplicate: delivered twice', () => {
  beforeEach(() => {
    emulator.generate(QUEUE, 2);
    emulator.addFaults(['*=duplicate']);
  });

  test('also when the first delivery is deleted at once', async () => {
    const first = await receive();
    const handles = texts(first.body, 'ReceiptHandle');
    expect((await remove(handles)).status).toBe(204);
    expect(queue.deleted).toBe(0);
    const second = await receive();
    expect(texts(second.body, 'MessageId')).toEqual(texts(first.body, 'MessageId'));
    expect(texts(second.body, 'DequeueCount')).toEqual(['2', '2']);
    expect((await remove(handles)).status).toBe(404);
    expect((await remove(texts(second.body, 'ReceiptHandle'))).status).toBe(204);
    expect(queue.counters()).toMatchObject({ visible: 0, invisible: 0, sent: 2, received: 4, deleted: 2 });
    expect((await receive()).status).toBe(404);
  });

  test('and when the second consumer is first: its receive ends the first handle', async () => {
    const [first = ''] = texts((await receive('?numOfMessages=1')).body, 'ReceiptHandle');
    // The other message goes before: it waited longer.
    const both = texts((await receive()).body, 'ReceiptHandle');
    expect(both).toHaveLength(2);
    const { body } = await remove([first]);
    expect(texts(body, 'ErrorCode')).toEqual(['MessageNotExist']);
    expect(queue.deleted).toBe(0);
  });

  test('while one waits for messages, too', async () => {
    emulator.createQueue('other-SmsReport');
    const path = '/queues/other-SmsReport/messages?numOfMessages=16&waitseconds=30';
    const polls = [mns(emulator, 'GET', path), mns(emulator, 'GET', path)];
    await vi.waitFor(() => expect(emulator.queue('other-SmsReport').waiting).toBe(2), { timeout: 10_000 });
    const id = emulator.send('other-SmsReport', {});
    const bodies = (await Promise.all(polls)).map(({ body }) => text(body, 'MessageId'));
    expect(bodies).toEqual([id, id]);
  });

  test('its first handle lives no longer than any other, and cannot be prolonged', async () => {
    const [handle = ''] = texts((await receive('?numOfMessages=1')).body, 'ReceiptHandle');
    const change = `${MESSAGES}?receiptHandle=${handle}&visibilityTimeout=60`;
    expect((await mns(emulator, 'PUT', change)).status).toBe(404);
    pass(31);
    expect((await remove([handle])).status).toBe(404);
  });
});

describe('expired-token', () => {
  test('on MNS: the token dies with the call, a new one works', async () => {
    emulator.addFaults(['BatchReceiveMessage=expired-token#1']);
    const key = await fetchToken(emulator);
    const call = (token: typeof key) => mns(emulator, 'GET', `${MESSAGES}?numOfMessages=16`, { key: token });
    for (const _ of [1, 2]) {
      const { status, body } = await call(key);
      expect([status, text(body, 'Code')]).toEqual([403, 'InvalidSecurityToken']);
    }
    expect((await call(await fetchToken(emulator))).status).toBe(404);
  });

  test('the own key of the account has no token to lose', async () => {
    emulator.addFaults(['*=expired-token']);
    expect((await receive()).status).toBe(404);
  });

  test('on the token call: what it gives is dead already, and says so', async () => {
    emulator.addFaults(['QueryTokenForMnsQueue=expired-token#1']);
    const { MessageTokenDTO: dto } = JSON.parse((await pop(emulator)).body) as {
      MessageTokenDTO: Record<
        'AccessKeyId' | 'AccessKeySecret' | 'SecurityToken' | 'CreateTime' | 'ExpireTime',
        string
      >;
    };
    expect(dto.ExpireTime).toBe(dto.CreateTime);
    const key = { id: dto.AccessKeyId, secret: dto.AccessKeySecret, token: dto.SecurityToken };
    expect((await mns(emulator, 'GET', MESSAGES, { key })).status).toBe(403);
    expect((await mns(emulator, 'GET', MESSAGES, { key: await fetchToken(emulator) })).status).toBe(404);
  });

  test('of one queue: the token call is told by its QueueName', async () => {
    emulator.addFaults([`QueryTokenForMnsQueue@${QUEUE}=error/200/isp.SYSTEM_ERROR`]);
    const code = async (queueName: string | undefined): Promise<unknown> =>
      (JSON.parse((await pop(emulator, { QueueName: queueName })).body) as { Code: unknown }).Code;
    expect([await code(QUEUE), await code('other'), await code(undefined)]).toEqual([
      'isp.SYSTEM_ERROR',
      'OK',
      'OK',
    ]);
  });
});

test('a bad rule among good ones: none is added', async () => {
  expect(() => emulator.addFaults(['*=reset', '*=explode'])).toThrow(/^fault \*=explode/);
  expect(emulator.faults).toEqual([]);
  await expect(startEmulator({ faults: ['what'] })).rejects.toThrow(
    /^fault what: not understood; expected OPERATION/,
  );
});
