import { createHash, createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Emulator } from '../../src/emulator/index.js';
import {
  ACCOUNT,
  fetchToken,
  type Headers,
  type Key,
  MESSAGES,
  mns,
  QUEUE,
  send,
  startWithQueue,
  text,
} from './support.js';

let emulator: Emulator;
beforeAll(async () => {
  emulator = await startWithQueue();
});
afterAll(() => emulator.close());

const minutesAgo = (minutes: number): string => new Date(Date.now() - minutes * 60_000).toUTCString();

describe('refusals', () => {
  test('no Authorization', async () => {
    const { status, body } = await send(emulator, 'GET', MESSAGES, { headers: { date: minutesAgo(0) } });
    expect([status, text(body, 'Code')]).toEqual([400, 'MissingAuthorizationHeader']);
  });

  const cases: [string, Headers, number, string][] = [
    ['malformed Authorization', { authorization: 'MNS onlyId' }, 400, 'InvalidAuthorizationHeader'],
    [
      'a V4 Authorization cut short',
      { authorization: 'MNS4-HMAC-SHA256 Credential=a/b,Signature=c' },
      400,
      'InvalidAuthorizationHeader',
    ],
    ['wrong signature', { authorization: 'MNS testId:AAAA' }, 403, 'SignatureDoesNotMatch'],
    ['unknown key', { authorization: 'MNS nobody:AAAA' }, 403, 'InvalidAccessKeyId'],
    ['no date', { date: undefined }, 400, 'MissingDateHeader'],
    ['a date that is none', { date: 'yesterday' }, 400, 'InvalidDateHeader'],
    ['an ISO date', { date: new Date().toISOString() }, 400, 'InvalidDateHeader'],
    ['a date 16 minutes old', { date: minutesAgo(16) }, 408, 'TimeExpired'],
    ['a date 16 minutes ahead', { date: minutesAgo(-16) }, 408, 'TimeExpired'],
    ['x-mns-date counts, not Date', { 'x-mns-date': minutesAgo(16) }, 408, 'TimeExpired'],
    ['no version', { 'x-mns-version': undefined }, 400, 'MissingVersionHeader'],
    ['another version', { 'x-mns-version': '2014-01-01' }, 400, 'InvalidVersionHeader'],
  ];
  test.each(cases)('%s', async (_, headers, status, code) => {
    const response = await mns(emulator, 'GET', MESSAGES, { headers });
    expect([response.status, text(response.body, 'Code')]).toEqual([status, code]);
  });

  test('a body of another type, and a digest of another body', async () => {
    const body = '<Message><MessageBody>x</MessageBody></Message>';
    const json = await mns(emulator, 'POST', MESSAGES, {
      body,
      headers: { 'content-type': 'application/json' },
    });
    expect([json.status, text(json.body, 'Code')]).toEqual([400, 'InvalidContentType']);
    const digest = await mns(emulator, 'POST', MESSAGES, {
      body,
      headers: { 'content-md5': 'eUazyt08XDoTVgkhF/SGXA==' },
    });
    expect([digest.status, text(digest.body, 'Code')]).toEqual([400, 'InvalidDegist']);
    expect(emulator.queue(QUEUE).sent).toBe(0);
  });

  test('the error body is the documented one', async () => {
    const { headers, body } = await mns(emulator, 'GET', MESSAGES);
    expect(body).toMatch(
      /^<\?xml version="1\.0" \?>\n<Error xmlns="http:\/\/mns\.aliyuncs\.com\/doc\/v1"><Code>/,
    );
    expect(text(body, 'Message')).toBe('Message not exist.');
    expect(text(body, 'RequestId')).toBe(headers['x-mns-request-id']);
    expect(text(body, 'HostId')).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(headers).toMatchObject({
      server: 'AliyunMQS',
      'content-type': 'text/xml;charset=utf-8',
      'x-mns-version': '2015-06-06',
    });
  });
});

describe('what the SDKs send passes (mns-http.md §3.3)', () => {
  const body = '<Message><MessageBody>x</MessageBody></Message>';
  const md5 = createHash('md5').update(body);
  const raw = md5.copy().digest('base64');
  const hexText = Buffer.from(md5.copy().digest('hex')).toString('base64');
  test.each<[string, Headers]>([
    ['Java', { 'content-type': 'text/xml;charset=UTF-8' }],
    ['Python', { 'content-type': 'text/xml;charset=UTF-8', 'content-md5': hexText }],
    ['PHP', { 'content-type': 'text/xml' }],
    ['Go', { 'content-type': 'application/xml', 'content-md5': hexText }],
    ['@alicloud/mns', { 'content-type': 'text/xml', 'content-md5': hexText, 'x-mns-date': minutesAgo(0) }],
    ['ali-mns', { 'content-type': 'text/xml;charset=utf-8', 'content-md5': raw }],
    ['a user request id, which is signed', { 'x-mns-user-request-id': 'abc-1' }],
    ['x-mns-date in place of Date', { date: undefined, 'x-mns-date': minutesAgo(0) }],
  ])('%s', async (_, headers) => {
    expect((await mns(emulator, 'POST', MESSAGES, { body, headers })).status).toBe(201);
  });

  test('Java with signature V4, under the account’s key and under a token', async () => {
    const token = await fetchToken(emulator);
    const path = `${MESSAGES}?waitSeconds=0&peekonly=true`;
    const at = new Date();
    const day = at.toISOString().slice(0, 10).replaceAll('-', '');
    const stamp = `${at.toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`;
    const call = (key: Key, tamper = '') => {
      const scope = `${day}/cn-hangzhou/mns/aliyun_v4_request`;
      const canonical = `GET\n${MESSAGES}\npeekonly=true&waitseconds=0\ncontent-type:text/xml;charset=UTF-8\nx-mns-version:2015-06-06\n\n`;
      const signing = scope
        .split('/')
        .reduce<string | Buffer>(
          (k, part) => createHmac('sha256', k).update(part).digest(),
          `aliyun_v4${key.secret}`,
        );
      const signature = createHmac('sha256', signing)
        .update(`MNS4-HMAC-SHA256\n${stamp}\n${scope}\n${canonical}`)
        .digest('hex');
      return send(emulator, 'GET', path + tamper, {
        headers: {
          date: at.toUTCString(),
          'content-type': 'text/xml;charset=UTF-8',
          'x-mns-version': '2015-06-06',
          authorization: `MNS4-HMAC-SHA256 Credential=${key.id}/${scope},Signature=${signature}`,
          'security-token': key.token,
        },
      });
    };
    emulator.sendBody(QUEUE, 'x');
    expect((await call(ACCOUNT)).status).toBe(200);
    expect((await call(token)).status).toBe(200);
    const wrong = await call({ ...ACCOUNT, secret: 'wrong' });
    expect([wrong.status, text(wrong.body, 'Code')]).toEqual([403, 'SignatureDoesNotMatch']);
    expect((await call(ACCOUNT, '&numofmessages=1')).status).toBe(403);
  });

  test('Go: type and digest also without a body', async () => {
    const emptyHex = Buffer.from(createHash('md5').digest('hex')).toString('base64');
    const headers = { 'content-type': 'application/xml', 'content-md5': emptyHex };
    expect((await mns(emulator, 'GET', `${MESSAGES}?waitseconds=0`, { headers })).status).toBe(200);
  });

  test('PHP of the guides: two slashes asked for, one signed', async () => {
    expect((await mns(emulator, 'GET', `/${MESSAGES}`, { signedPath: MESSAGES })).status).toBe(200);
  });
});
