/** The limits of the real service, each by the fact of the protocol notes that it follows. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Emulator, Settings } from '../../src/emulator/index.js';
import { fetchToken, handlesXml, MESSAGES, mns, QUEUE, startWithQueue, text, texts } from './support.js';

let emulator: Emulator;
beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() });
  emulator = await startWithQueue({ throttleHold: [0, 0] });
});
afterEach(async () => {
  await emulator.close();
  vi.useRealTimers();
});

const pass = (seconds: number): unknown => vi.setSystemTime(Date.now() + seconds * 1000);
const receive = (query = '?numOfMessages=16') => mns(emulator, 'GET', MESSAGES + query);
const code = async (response: ReturnType<typeof mns>): Promise<string> => {
  const { status, body } = await response;
  return body === '' || status === 200 ? String(status) : `${status} ${texts(body, 'Code')}`;
};

describe('the long-poll cap (§6.2)', () => {
  test('a waiting request over it is answered at once, 404 MessageNotExist, and those that wait stay', async () => {
    emulator.configure({ maxWaiting: 1 });
    emulator.createQueue('other-SmsUp');
    const waits = receive('?waitseconds=30');
    await vi.waitFor(() => expect(emulator.stats.openLongPolls).toBe(1), { timeout: 10_000 });
    // Over all queues: the cap is the account's.
    const other = '/queues/other-SmsUp/messages?numOfMessages=16&waitseconds=30';
    expect(await code(mns(emulator, 'GET', other))).toBe('404 MessageNotExist');
    expect(await code(receive('?waitseconds=30'))).toBe('404 MessageNotExist');
    emulator.generate(QUEUE, 1);
    expect((await waits).status).toBe(200);
    // A message that is there is handed out whatever the cap.
    emulator.configure({ maxWaiting: 0 });
    emulator.generate(QUEUE, 1);
    expect((await receive('?waitseconds=30')).status).toBe(200);
    expect(await code(receive('?waitseconds=30'))).toBe('404 MessageNotExist');
  });
});

describe('throughput (§8, §10)', () => {
  test('over it 429 TooManyRequests, without effect; later it goes on', async () => {
    emulator.configure({ maxTps: 2 });
    const body = '<Message><MessageBody>x</MessageBody></Message>';
    const send = () => code(mns(emulator, 'POST', MESSAGES, { body }));
    expect([await send(), await send(), await send()]).toEqual(
      ['201', '201', '429 TooManyRequests'].map(withXml),
    );
    expect(emulator.queue(QUEUE).sent).toBe(2);
    pass(0.5);
    expect([await send(), await send()]).toEqual(['201', '429 TooManyRequests'].map(withXml));
    pass(60);
    expect([await send(), await send(), await send()]).toEqual(
      ['201', '201', '429 TooManyRequests'].map(withXml),
    );
  });

  test('a batch counts once a message, sent or received; a batch delete counts once', async () => {
    emulator.configure({ maxTps: 16 });
    const body = `<Messages>${'<Message><MessageBody>x</MessageBody></Message>'.repeat(16)}</Messages>`;
    expect((await mns(emulator, 'POST', MESSAGES, { body })).status).toBe(201);
    expect(await code(receive())).toBe('429 TooManyRequests');
    pass(1);
    const handles = texts((await receive()).body, 'ReceiptHandle');
    expect(handles).toHaveLength(16);
    expect(await code(receive())).toBe('429 TooManyRequests');
    pass(1);
    expect(await code(mns(emulator, 'DELETE', MESSAGES, { body: handlesXml(handles) }))).toBe('204');
    expect(await code(receive())).toBe('404 MessageNotExist');
  });

  test('what passed while there was no limit is not paid for later', async () => {
    emulator.configure({ maxTps: 20 });
    expect(await code(receive())).toBe('404 MessageNotExist');
    emulator.configure({ maxTps: Number.POSITIVE_INFINITY });
    emulator.generate(QUEUE, 160);
    for (let n = 0; n < 10; n++) expect((await receive()).status).toBe(200);
    emulator.configure({ maxTps: 20 });
    pass(1);
    expect(await code(receive())).toBe('404 MessageNotExist');
  });

  test('the answer says what the real one says, after a hold', async () => {
    emulator.configure({ maxTps: 1, throttleHold: [10, 500] });
    const timers = vi.spyOn(globalThis, 'setTimeout');
    await receive();
    const { status, body } = await receive();
    expect([status, text(body, 'Message')]).toEqual([
      429,
      'The request is denied by cluster flow limiter for too many requests.',
    ]);
    const holds = timers.mock.calls.map(([, ms = 0]) => ms).filter((ms) => ms >= 10 && ms <= 500);
    timers.mockRestore();
    expect(holds).toHaveLength(1);
  });

  test('the older limit of a queue: 400 QpsLimitExceeded, for that queue and second', async () => {
    vi.setSystemTime(1_700_000_000_000);
    emulator.configure({ maxQueueQps: 2 });
    emulator.createQueue('other-SmsUp');
    expect([await code(receive()), await code(receive()), await code(receive())]).toEqual([
      '404 MessageNotExist',
      '404 MessageNotExist',
      '400 QpsLimitExceeded',
    ]);
    expect(await code(mns(emulator, 'GET', '/queues/other-SmsUp/messages'))).toBe('404 MessageNotExist');
    pass(1);
    expect(await code(receive())).toBe('404 MessageNotExist');
  });
});

describe('received and not deleted (§10)', () => {
  test('from 5,000 on receives are throttled, deletes are not; both room and timeouts end it', async () => {
    emulator.generate(QUEUE, 5010);
    const key = await fetchToken(emulator);
    const take = () => mns(emulator, 'GET', `${MESSAGES}?numOfMessages=16`, { key });
    let handles: string[] = [];
    for (let received = 0; received < 5000; received += 16) {
      handles = texts((await take()).body, 'ReceiptHandle');
    }
    expect(emulator.queue(QUEUE).invisible).toBe(5008);
    expect(await code(take())).toBe('429 TooManyRequests');
    // Peeking receives nothing.
    expect((await receive('?peekonly=true')).status).toBe(200);
    expect(await code(mns(emulator, 'DELETE', MESSAGES, { key, body: handlesXml(handles) }))).toBe('204');
    expect(texts((await take()).body, 'ReceiptHandle')).toHaveLength(2);
    emulator.configure({ maxInFlight: 100 });
    expect(await code(take())).toBe('429 TooManyRequests');
    pass(31);
    expect((await take()).status).toBe(200);
  });
});

describe('QueueDeletedRecently (§7)', () => {
  const put = () => code(mns(emulator, 'PUT', '/queues/gone'));

  test('for as long as it is set, for that name, and only for clients', async () => {
    emulator.configure({ recreateDelay: 60 });
    expect(await put()).toBe('201');
    expect(await code(mns(emulator, 'DELETE', '/queues/gone'))).toBe('204');
    expect(await put()).toBe('400 QueueDeletedRecently');
    expect(await code(mns(emulator, 'PUT', '/queues/other'))).toBe('201');
    pass(61);
    expect(await put()).toBe('201');
    await mns(emulator, 'DELETE', '/queues/gone');
    emulator.createQueue('gone');
    expect(await put()).toBe('204');
  });

  test('not unless it is set', async () => {
    await put();
    await mns(emulator, 'DELETE', '/queues/gone');
    expect(await put()).toBe('201');
  });
});

describe('settings', () => {
  test.each<[unknown, RegExp]>([
    [{ maxTps: 0 }, /^maxTps: expected a whole number from 1, or null/],
    [{ maxWaiting: -1 }, /^maxWaiting: /],
    [{ maxInFlight: 1.5 }, /^maxInFlight: /],
    [{ throttleHold: [5, 1] }, /^throttleHold: min is above max/],
    [{ clockOffset: Number.NaN }, /^clockOffset: /],
    [{ clockOffset: 1e15 }, /^clockOffset: /],
    [{ speed: 1 }, /speed/],
  ])('%j is refused, and nothing changes', (changes, message) => {
    const before = emulator.settings;
    expect(() => emulator.configure(changes as Partial<Settings>)).toThrow(message);
    expect(emulator.settings).toEqual(before);
  });

  test('the clock may be set: what is due happens, also for those who wait', async () => {
    emulator.sendBody(QUEUE, 'late', { delaySeconds: 600 });
    const waits = receive('?waitseconds=30');
    await vi.waitFor(() => expect(emulator.stats.openLongPolls).toBe(1), { timeout: 10_000 });
    emulator.configure({ clockOffset: 601_000 });
    expect((await waits).status).toBe(200);
    const { headers } = await receive();
    expect(Date.parse(headers.date ?? '')).toBeGreaterThanOrEqual(Date.now() + 600_000);
    // Beyond the window of 15 minutes the emulator no longer believes this machine's dates.
    emulator.configure({ clockOffset: -901_000 });
    expect(await code(receive())).toBe('408 TimeExpired');
  });

  test('a clock set by a fraction of a millisecond still tells whole ones', async () => {
    emulator.configure({ clockOffset: 0.25 });
    emulator.generate(QUEUE, 1);
    const { body } = await receive();
    for (const name of ['EnqueueTime', 'FirstDequeueTime', 'NextVisibleTime']) {
      expect(text(body, name)).toMatch(/^\d{13}$/);
    }
  });

  test('the life of tokens, for those issued from now on', async () => {
    const long = await fetchToken(emulator);
    emulator.configure({ tokenLife: 5 });
    const short = await fetchToken(emulator);
    pass(6);
    expect(await code(mns(emulator, 'GET', MESSAGES, { key: long }))).toBe('404 MessageNotExist');
    expect(await code(mns(emulator, 'GET', MESSAGES, { key: short }))).toBe('403 InvalidSecurityToken');
  });
});

/** A 201 with a body has no code to show. */
function withXml(answer: string): string {
  return answer === '201' ? '201 ' : answer;
}
