import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Emulator } from '../../src/emulator/index.js';
import {
  fetchToken,
  type Headers,
  type Key,
  MESSAGES,
  mns,
  pop,
  QUEUE,
  startWithQueue,
  text,
} from './support.js';

let emulator: Emulator;
beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2024, 0, 1, 20, 30, 15, 678) });
  emulator = await startWithQueue();
});
afterEach(async () => {
  await emulator.close();
  vi.useRealTimers();
});

const pass = (seconds: number): unknown => vi.setSystemTime(Date.now() + seconds * 1000);

async function receive(key: Key, path = MESSAGES): Promise<string> {
  return text((await mns(emulator, 'GET', path, { key })).body, 'Code');
}

describe('QueryTokenForMnsQueue', () => {
  test.each(['GET', 'POST'] as const)('by %s: a token with Beijing times', async (method) => {
    const { status, headers, body } = await pop(emulator, {}, { method });
    expect(status).toBe(200);
    expect(headers['content-type']).toBe('application/json;charset=utf-8');
    expect(JSON.parse(body)).toEqual({
      RequestId: expect.stringMatching(/^[0-9A-F]{24}$/),
      Code: 'OK',
      Message: 'OK',
      MessageTokenDTO: {
        AccessKeyId: expect.stringMatching(/^STS\.\w+$/),
        AccessKeySecret: expect.any(String),
        SecurityToken: expect.any(String),
        CreateTime: '2024-01-02 04:30:15',
        ExpireTime: '2024-01-02 05:30:15',
      },
    });
    expect(emulator.stats).toMatchObject({
      tokens: 1,
      requests: 1,
      operations: { QueryTokenForMnsQueue: 1 },
    });
  });

  test('as XML, which is the default', async () => {
    for (const Format of ['XML', undefined]) {
      const { headers, body } = await pop(emulator, { Format, Version: '2018-05-01' });
      expect(headers['content-type']).toBe('text/xml;charset=utf-8');
      expect(body).toContain('<QueryTokenForMnsQueueResponse><RequestId>');
      expect(text(body, 'ExpireTime')).toBe('2024-01-02 05:30:15');
    }
    const error = await pop(emulator, { Format: 'XML', Action: 'Nothing' });
    expect([error.status, text(error.body, 'Code')]).toEqual([404, 'InvalidApi.NotFound']);
    expect(error.body).toMatch(/<Error>.*<HostId>127\.0\.0\.1:\d+<\/HostId>/);
  });

  test.each<[string, Headers, number]>([
    ['MissingAction', { Action: undefined }, 400],
    ['MissingVersion', { Version: undefined }, 400],
    ['MissingAccessKeyId', { AccessKeyId: undefined }, 400],
    ['MissingSignatureNonce', { SignatureNonce: undefined }, 400],
    ['MissingTimestamp', { Timestamp: undefined }, 400],
    ['MissingSignature', { Signature: undefined }, 400],
    ['MissingMessageType', { MessageType: undefined }, 400],
    ['NoSuchVersion', { Version: '2000-01-01' }, 400],
    ['InvalidApi.NotFound', { Action: 'SendSms' }, 404],
    ['InvalidParameters', { SignatureMethod: 'HMAC-SHA256' }, 400],
    ['InvalidTimeStamp.Format', { Timestamp: '2024-01-01 20:30:15' }, 400],
    ['InvalidTimeStamp.Expired', { Timestamp: '2024-01-01T20:14:00Z' }, 400],
    ['InvalidTimeStamp.Expired', { Timestamp: '2024-01-01T20:46:00Z' }, 400],
    ['InvalidAccessKeyId.NotFound', { AccessKeyId: 'nobody' }, 404],
    ['SignatureDoesNotMatch', { Signature: 'AAAA' }, 400],
  ])('refuses with %s', async (code, parameters, status) => {
    const response = await pop(emulator, parameters);
    expect([response.status, (JSON.parse(response.body) as { Code: string }).Code]).toEqual([status, code]);
    expect(emulator.stats.tokens).toBe(0);
  });

  test('a wrong secret is answered with what should have been signed', async () => {
    const { body } = await pop(emulator, {}, { key: { id: 'testId', secret: 'wrong' } });
    expect((JSON.parse(body) as { Message: string }).Message).toMatch(
      /^Specified signature .* is:GET&%2F&AccessKeyId%3DtestId%26Action%3DQueryTokenForMnsQueue%26/,
    );
  });

  test('a nonce works once', async () => {
    expect((await pop(emulator, { SignatureNonce: 'n1' })).status).toBe(200);
    const { status, body } = await pop(emulator, { SignatureNonce: 'n1' });
    expect([status, (JSON.parse(body) as { Code: string }).Code]).toEqual([400, 'SignatureNonceUsed']);
    pass(1801);
    expect((await pop(emulator, { SignatureNonce: 'n1' })).status).toBe(200);
  });
});

describe('a token on MNS', () => {
  test('consumes', async () => {
    const key = await fetchToken(emulator);
    emulator.generate(QUEUE, 1);
    const { status, body } = await mns(emulator, 'GET', MESSAGES, { key });
    expect(status).toBe(200);
    const gone = await mns(emulator, 'DELETE', `${MESSAGES}?ReceiptHandle=${text(body, 'ReceiptHandle')}`, {
      key,
    });
    expect(gone.status).toBe(204);
  });

  test('does nothing else', async () => {
    const key = await fetchToken(emulator);
    for (const [method, path] of [
      ['GET', '/queues'],
      ['GET', `/queues/${QUEUE}`],
      ['PUT', '/queues/new'],
      ['POST', MESSAGES],
      ['DELETE', `/queues/${QUEUE}`],
    ] as const) {
      const { status, body } = await mns(emulator, method, path, { key });
      expect([status, text(body, 'Code')]).toEqual([403, 'AccessDenied']);
    }
  });

  test('is good for its queue and type only; an unknown queue is a 404', async () => {
    emulator.createQueue({ name: 'Alicom-Queue-1-SmsUp', messageType: 'SmsUp' });
    emulator.createQueue({ name: 'second', messageType: 'SmsReport' });
    const key = await fetchToken(emulator);
    expect(await receive(key)).toBe('MessageNotExist');
    expect(await receive(key, '/queues/Alicom-Queue-1-SmsUp/messages')).toBe('AccessDenied');
    expect(await receive(key, '/queues/second/messages')).toBe('AccessDenied');
    expect(await receive(key, '/queues/none/messages')).toBe('QueueNotExist');
    const mixed = await fetchToken(emulator, { MessageType: 'SmsUp' });
    expect(await receive(mixed)).toBe('AccessDenied');
    const wholeType = await fetchToken(emulator, { QueueName: undefined });
    expect(await receive(wholeType)).toBe('MessageNotExist');
    expect(await receive(wholeType, '/queues/second/messages')).toBe('MessageNotExist');
    expect(await receive(wholeType, '/queues/Alicom-Queue-1-SmsUp/messages')).toBe('AccessDenied');
    const nowhere = await fetchToken(emulator, { QueueName: 'none' });
    expect(await receive(nowhere, '/queues/none/messages')).toBe('QueueNotExist');
  });

  test('must come along, and be the right one', async () => {
    const key = await fetchToken(emulator);
    const other = await fetchToken(emulator);
    expect(await receive({ id: key.id, secret: key.secret })).toBe('InvalidAccessKeyId');
    expect(await receive({ ...key, ...(other.token ? { token: other.token } : {}) })).toBe(
      'InvalidSecurityToken',
    );
    expect(await receive({ ...key, secret: 'wrong' })).toBe('SignatureDoesNotMatch');
    expect(await receive({ ...key, id: 'STS.unknown' })).toBe('InvalidAccessKeyId');
  });

  test('dies at its ExpireTime', async () => {
    const key = await fetchToken(emulator);
    pass(3599);
    expect(await receive(key)).toBe('MessageNotExist');
    pass(1);
    const { status, body } = await mns(emulator, 'GET', MESSAGES, { key });
    expect([status, text(body, 'Code')]).toEqual([403, 'InvalidSecurityToken']);
    // Long dead, it is forgotten when the next one is issued.
    pass(3601);
    await fetchToken(emulator);
    expect(await receive(key)).toBe('InvalidAccessKeyId');
  });

  test('dies when revoked; the next one works', async () => {
    const key = await fetchToken(emulator);
    emulator.revokeTokens();
    expect(await receive(key)).toBe('InvalidSecurityToken');
    expect(await receive(await fetchToken(emulator))).toBe('MessageNotExist');
  });
});

test('tokenLife and clockOffset move what they should', async () => {
  await using other = await startWithQueue({ tokenLife: 900, clockOffset: 600_000 });
  const { headers, body } = await pop(other);
  expect(JSON.parse(body)).toMatchObject({
    MessageTokenDTO: { CreateTime: '2024-01-02 04:40:15', ExpireTime: '2024-01-02 04:55:15' },
  });
  expect(headers.date).toBe('Mon, 01 Jan 2024 20:40:15 GMT');
  other.generate(QUEUE, 1);
  const received = await mns(other, 'GET', MESSAGES);
  expect(Number(text(received.body, 'EnqueueTime'))).toBe(Date.now() + 600_000);
  await using far = await startWithQueue({ clockOffset: 16 * 60_000 });
  expect((await pop(far)).status).toBe(400);
  expect((await mns(far, 'GET', MESSAGES)).status).toBe(408);
});
