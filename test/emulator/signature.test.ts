import { describe, expect, test } from 'vitest';
import { mnsSignature, mnsStringToSign } from '../../src/emulator/mns-auth.js';
import { signatureV4, signingKeyV4, stringToSignV4 } from '../../src/emulator/mns-signature-v4.js';
import { popSignature, popStringToSign } from '../../src/emulator/pop-signature.js';

const Q = '/queues/Alicom-Queue-1234567890123456-SmsReport/messages';
const date = 'Wed, 08 Mar 2017 12:00:00 GMT';
const version = { 'x-mns-version': '2015-06-06' };

describe('MNS signature V2: the vectors of mns-http.md §3.5', () => {
  const xml = { 'content-type': 'text/xml', 'x-mns-date': date };
  const vectors: [string, string, string, string, Record<string, string>, string][] = [
    [
      'A',
      'testSecret',
      'GET',
      `${Q}?numOfMessages=16&waitseconds=30`,
      { date, ...version },
      'QZAXBiOA0Qg2a0NVryubt/nhPPc=',
    ],
    [
      'B1',
      'testSecret',
      'DELETE',
      Q,
      { date, ...version, ...xml, 'content-md5': 'Nzk0NmIzY2FkZDNjNWMzYTEzNTYwOTIxMTdmNDg2NWM=' },
      'QPQFlhnl/+/OcdU18OjJ4Tb4qGo=',
    ],
    [
      'B2',
      'testSecret',
      'DELETE',
      Q,
      { date, ...version, ...xml, 'content-md5': 'eUazyt08XDoTVgkhF/SGXA==' },
      '8w9KmFvzWhDCGiNpR81Q4WC9inQ=',
    ],
    [
      'C',
      'testSecret',
      'DELETE',
      `${Q}?ReceiptHandle=1-ODU4OTkzNDU5My0xNDM1MTk3NjAwLTItNg==`,
      { date, ...version },
      'zs+SaVnj8myJH5UkvJSCYGgxpF4=',
    ],
    [
      'D',
      'sk1',
      'POST',
      '/queues/TestQueue',
      { date: 'Tue, 03 Jun 2025 11:23:48 GMT', 'x-mns-abcdef': 'abcDEF' },
      'cAThPWnbphg3hDe3ZHDADTgkgyE=',
    ],
    [
      'E',
      'testSk',
      'GET',
      '/queues/TestQueue',
      { date: 'Tue, 03 Jun 2025 11:23:48 GMT' },
      'uDJQXbk2xOhH95MDXmgbAGdtyE4=',
    ],
  ];
  test.each(vectors)('%s', (_, secret, method, target, headers, expected) => {
    expect(mnsSignature(secret, mnsStringToSign(method, target, headers))).toBe(expected);
  });
});

describe('MNS signature V4: the vectors of mns-http.md §3.6', () => {
  test('the Java SDK’s own, by its signing key', () => {
    const key = Buffer.from('2HhAzNXcwZJs3dhqkYg7yqkUjS3so+UdhbUR+eKEgtQ=', 'base64');
    const toSign = stringToSignV4(
      { day: '20251124', region: 'eu-west-1' },
      'PUT',
      '/queues/queue-auto-25112417-l0PHHVTHYv',
      { ...version, 'content-type': 'text/xml;charset=UTF-8' },
      Date.parse('2025-11-24T09:13:59Z'),
    );
    expect(signatureV4(key, toSign)).toBe('63ebcf43397e672c47d48ca5d9ef7245e59626da7a3d58d37c75cde993429e98');
  });

  test.each(['numOfMessages=16&waitseconds=30', 'WaitSeconds=30&NumOfMessages=16'])(
    'from the secret: %s',
    (query) => {
      const credential = { day: '20170308', region: 'cn-hangzhou' };
      const toSign = stringToSignV4(
        credential,
        'GET',
        `${Q}?${query}`,
        { date, ...version },
        Date.parse(date),
      );
      expect(signatureV4(signingKeyV4(Buffer.from('testSecret'), credential), toSign)).toBe(
        '805986477444ba6397809411525e4d9df547fec8ba8cc8d688f20f92e5ff2fdc',
      );
    },
  );
});

describe('POP signature V1: the vectors of pop-rpc.md §3', () => {
  test('SingleCallByTts, as documented', () => {
    const parameters = new Map(
      Object.entries({
        AccessKeyId: 'testId',
        Action: 'SingleCallByTts',
        CalledNumber: '13000000000',
        CalledShowNumber: '057112345678',
        Format: 'XML',
        OutId: '123',
        RegionId: 'cn-hangzhou',
        SignatureMethod: 'HMAC-SHA1',
        SignatureNonce: 'f7d2d4ef-6d5f-4da4-86ed-88e001a66abb',
        SignatureVersion: '1.0',
        Timestamp: '2017-09-28T14:31:56Z',
        TtsCode: 'TTS_0000000',
        TtsParam: '{"code":"1234","product":"test"}',
        Version: '2017-05-25',
      }),
    );
    expect(popSignature('testSecret', popStringToSign('GET', parameters))).toBe(
      'aMfgrx8DLS7vLfpeR1c2rrKLr0Q=',
    );
  });

  const token = new Map(
    Object.entries({
      Action: 'QueryTokenForMnsQueue',
      Format: 'JSON',
      MessageType: 'SmsReport',
      QueueName: 'Alicom-Queue-1234567890123456-SmsReport',
      RegionId: 'cn-hangzhou',
      SignatureMethod: 'HMAC-SHA1',
      SignatureNonce: '00000000-0000-4000-8000-000000000001',
      SignatureVersion: '1.0',
      Timestamp: '2024-01-01T00:00:00Z',
      Version: '2017-05-25',
      AccessKeyId: 'testId',
    }),
  );
  test.each([
    ['GET', '90729qbs33YkbjEe7aQU0nIDqAU='],
    ['POST', '0AT2/MOgaIKbF9ivpjFJV7fVfBc='],
  ])('QueryTokenForMnsQueue by %s', (method, expected) => {
    expect(popSignature('testSecret', popStringToSign(method, token))).toBe(expected);
  });

  test('Signature is not part of its own input, and the strict encoding is used', () => {
    const toSign = popStringToSign(
      'GET',
      new Map([
        ['b', "*'(!) ~"],
        ['Signature', 'x'],
        ['B', '1'],
      ]),
    );
    expect(toSign).toBe('GET&%2F&B%3D1%26b%3D%252A%2527%2528%2521%2529%2520~');
  });
});
