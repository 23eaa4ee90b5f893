import { createHmac } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startEmulator } from '../../src/emulator/index.js';
import {
  CredentialsError,
  createTokenQuery,
  TokenAuthError,
  TokenConfigError,
  TokenError,
  type TokenQueryOptions,
  TokenTransientError,
} from '../../src/token/index.js';
import { StubServer } from '../mns/stub-server.js';

const KEYS = { accessKeyId: 'LTAImyKeyId', accessKeySecret: 'mySecret' };
const TOKEN = {
  AccessKeyId: 'STS.NExample',
  AccessKeySecret: 'ExampleSecret',
  SecurityToken: 'CAISExampleToken',
  CreateTime: '2024-01-01 20:00:00',
  ExpireTime: '2024-01-01 21:00:00',
};

let server: StubServer;

function query(options: Partial<TokenQueryOptions> = {}) {
  return createTokenQuery({
    endpoint: server.url,
    region: 'cn-hangzhou',
    messageType: 'SmsReport',
    queueName: 'Q1',
    credentials: async () => KEYS,
    ...options,
  })();
}

function answer(body: unknown, status = 200): void {
  server.reply = (_request, response) =>
    response.writeHead(status).end(typeof body === 'string' ? body : JSON.stringify(body));
}

async function failure(options: Partial<TokenQueryOptions> = {}): Promise<TokenError> {
  const error: unknown = await query(options).then(
    () => new Error('it succeeded'),
    (reason) => reason,
  );
  if (!(error instanceof TokenError)) throw error;
  // Nothing of the error, also not what a logger would print of it, holds a secret or the signed parameters.
  const all = `${error.message} ${error.stack} ${JSON.stringify({ ...error })} ${String(error.cause)}`;
  for (const secret of [...Object.values(KEYS), ...Object.values(TOKEN), 'Signature=', 'SignatureNonce='])
    expect(all).not.toContain(secret);
  expect(error.message).not.toMatch(/\n/);
  expect(error.message).toContain('QueryTokenForMnsQueue for SmsReport (Q1)');
  return error;
}

beforeEach(async () => {
  server = await new StubServer().listen();
});

afterEach(() => server.close());

test('the token of the answer', async () => {
  answer({ Code: 'OK', Message: 'OK', RequestId: '6A8B', MessageTokenDTO: TOKEN });
  expect(await query()).toEqual({
    accessKeyId: TOKEN.AccessKeyId,
    accessKeySecret: TOKEN.AccessKeySecret,
    securityToken: TOKEN.SecurityToken,
    life: 3_600_000,
  });
});

test('the request is signed, and nothing of it is in the URL', async () => {
  answer({ Code: 'OK', MessageTokenDTO: TOKEN });
  await query({
    credentials: async () => ({ ...KEYS, securityToken: 'my+Token' }),
    apiVersion: '2018-05-01',
  });
  const [request] = server.requests;
  expect(request).toMatchObject({ method: 'POST', path: '/' });
  const { Signature, ...parameters } = Object.fromEntries(new URLSearchParams(request?.body));
  expect(parameters).toMatchObject({
    Action: 'QueryTokenForMnsQueue',
    Version: '2018-05-01',
    MessageType: 'SmsReport',
    QueueName: 'Q1',
    RegionId: 'cn-hangzhou',
    Format: 'JSON',
    SecurityToken: 'my+Token',
    AccessKeyId: KEYS.accessKeyId,
  });
  const encode = (text: string) =>
    encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16)}`);
  const canonical = Object.keys(parameters)
    .sort()
    .map((name) => `${encode(name)}=${encode(parameters[name] ?? '')}`)
    .join('&');
  const expected = createHmac('sha1', `${KEYS.accessKeySecret}&`).update(`POST&%2F&${encode(canonical)}`);
  expect(Signature).toBe(expected.digest('base64'));
});

test('all-digit times', async () => {
  answer({ Code: 'OK', MessageTokenDTO: { ...TOKEN, CreateTime: 1704110400000, ExpireTime: '1704112200' } });
  expect((await query()).life).toBe(1_800_000);
});

test('against the emulator, which verifies the signature, whatever its clock', async () => {
  const clockOffset = -600_000;
  const emulator = await startEmulator({
    queues: [{ name: 'Q1', messageType: 'SmsReport' }],
    tokenLife: 8,
    clockOffset,
  });
  const credentials = { accessKeyId: emulator.accessKeyId, accessKeySecret: emulator.accessKeySecret };
  const token = await query({ endpoint: emulator.url, credentials: async () => credentials });
  expect(token.life).toBeGreaterThan(6_000);
  expect(token.life).toBeLessThanOrEqual(8_000);
  const wrong = { ...credentials, accessKeySecret: 'wrong' };
  await expect(query({ endpoint: emulator.url, credentials: async () => wrong })).rejects.toThrow(
    TokenAuthError,
  );
  emulator.failNext('QueryTokenForMnsQueue', 1, { status: 503, code: 'ServiceUnavailable' });
  await expect(query({ endpoint: emulator.url, credentials: async () => credentials })).rejects.toThrow(
    TokenTransientError,
  );
  await emulator.close();
});

test.each([
  [404, 'InvalidAccessKeyId.NotFound', TokenAuthError, 'check ALIBABA_CLOUD_ACCESS_KEY_ID'],
  [400, 'SignatureDoesNotMatch', TokenAuthError, 'credentials.accessKeySecret'],
  [400, 'IncompleteSignature', TokenAuthError, 'credentials.accessKeySecret'],
  [400, 'InvalidSecurityToken.Expired', TokenAuthError, 'credentials.accessKeyId'],
  [403, 'Forbidden.RAM', TokenAuthError, 'dybase:QueryTokenForMnsQueue'],
  [403, 'Forbidden', TokenAuthError, 'dybase:QueryTokenForMnsQueue'],
  [200, 'isp.RAM_PERMISSION_DENY', TokenAuthError, 'dybase:QueryTokenForMnsQueue'],
  [200, 'isv.PRODUCT_UN_SUBSCRIPT', TokenConfigError, 'check queues[].messageType'],
  [200, 'isv.OUT_OF_SERVICE', TokenConfigError, 'state of the Alibaba Cloud account'],
  [200, 'isv.ACCOUNT_ABNORMAL', TokenConfigError, 'state of the Alibaba Cloud account'],
  [400, 'MissingMessageType', TokenConfigError, 'check queues[].messageType'],
  [404, 'InvalidApi.NotFound', TokenConfigError, 'endpoints.apiVersion'],
  [400, 'InvalidTimeStamp.Expired', TokenConfigError, 'clock'],
  [400, 'Throttling.User', TokenTransientError, 'backing off'],
  [200, 'isv.FLOW_LIMIT', TokenTransientError, 'backing off'],
  [200, 'isp.SYSTEM_ERROR', TokenTransientError, 'trying again'],
  [400, 'SignatureNonceUsed', TokenTransientError, 'trying again'],
  [500, 'InternalError', TokenTransientError, 'trying again'],
  [502, 'Whatever', TokenTransientError, 'Whatever'],
])('%i %s', async (status, code, kind, advice) => {
  const Message = `${code} for ${KEYS.accessKeyId}\n${'x'.repeat(500)}`;
  answer({ RequestId: '6A8B', HostId: 'h', Code: code, Message }, status);
  const error = await failure();
  expect(error).toBeInstanceOf(kind);
  expect(error).toMatchObject({ code, requestId: '6A8B' });
  expect(error.message).toContain(advice);
  expect(error.message.length).toBeLessThan(600);
});

test.each([
  ['an HTML page', 502, '<html>Bad gateway</html>'],
  ['an empty body', 200, ''],
  ['null', 200, 'null'],
  ['cut JSON with a token in it', 200, JSON.stringify({ MessageTokenDTO: TOKEN }).slice(0, -20)],
  ['no token', 200, { Code: 'OK' }],
  ['half a token', 200, { Code: 'OK', MessageTokenDTO: { ...TOKEN, AccessKeySecret: '' } }],
  [
    'a token without its STS part',
    200,
    { Code: 'OK', MessageTokenDTO: { ...TOKEN, SecurityToken: undefined } },
  ],
])('an answer with %s', async (_name, status, body) => {
  answer(body, status);
  const error = await failure();
  expect(error).toBeInstanceOf(TokenTransientError);
  expect(error.code).toBe('TOKEN_BAD_ANSWER');
  expect(error.message).toContain('check endpoints.dybaseapi');
});

test('nobody there, no such name, no answer, a reset', async () => {
  const gone = await new StubServer().listen();
  const goneUrl = gone.url;
  await gone.close();
  expect(await failure({ endpoint: goneUrl })).toMatchObject({ kind: 'transient', code: 'ECONNREFUSED' });
  expect((await failure({ endpoint: 'http://dybase.invalid' })).code).toMatch(/^(ENOTFOUND|EAI_AGAIN)$/);
  expect((await failure({ endpoint: server.url.replace('http:', 'https:') })).kind).toBe('transient');
  server.reply = () => {};
  expect(await failure({ timeout: 50 })).toMatchObject({ kind: 'transient', code: 'TOKEN_TIMEOUT' });
  server.reply = (_request, response) => response.writeHead(200).write('{');
  expect(await failure({ timeout: 50 })).toMatchObject({ kind: 'transient', code: 'TOKEN_TIMEOUT' });
  server.reply = (_request, response) => response.destroy();
  const reset = await failure();
  expect(reset).toMatchObject({ kind: 'transient', code: 'ECONNRESET' });
  expect(reset.message).toContain(`cannot reach ${server.url} (ECONNRESET)`);
});

test('what credentials() throws is passed on, and they are asked for anew each time', async () => {
  const missing = new CredentialsError('CREDENTIALS_MISSING', 'none');
  await expect(query({ credentials: () => Promise.reject(missing) })).rejects.toBe(missing);
  expect(server.requests).toEqual([]);

  answer({ Code: 'OK', MessageTokenDTO: TOKEN });
  let calls = 0;
  const ask = createTokenQuery({
    endpoint: server.url,
    region: 'cn-hangzhou',
    messageType: 'SmsReport',
    queueName: 'Q1',
    credentials: async () => ({ ...KEYS, accessKeyId: `LTAI${++calls}` }),
  });
  await ask();
  await ask();
  expect(server.requests.map(({ body }) => new URLSearchParams(body).get('AccessKeyId'))).toEqual([
    'LTAI1',
    'LTAI2',
  ]);
});
