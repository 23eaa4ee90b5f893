import { createServer } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  MnsAuthError,
  MnsError,
  MnsFatalError,
  MnsProtocolError,
  MnsQueue,
  MnsThrottledError,
  MnsTransientError,
} from '../../src/mns/index.js';
import { errorXml, messagesXml, messageXml, StubServer } from './stub-server.js';

const SECRETS = { accessKeyId: 'STS.myKeyId', accessKeySecret: 'mySecret', securityToken: 'myToken' };

let server: StubServer;
let queue: MnsQueue;

function open(endpoint: string, timeout?: number): MnsQueue {
  return new MnsQueue({
    endpoint,
    queueName: 'Q1',
    credentials: () => SECRETS,
    connections: 1,
    ...(timeout === undefined ? {} : { timeout }),
  });
}

async function failure(target: MnsQueue = queue): Promise<MnsError> {
  const error: unknown = await target.receive({ max: 16, waitSeconds: 0 }).then(
    () => new Error('it succeeded'),
    (reason) => reason,
  );
  if (!(error instanceof MnsError)) throw error;
  expect(error.message).not.toMatch(/\n/);
  for (const secret of Object.values(SECRETS)) expect(error.message).not.toContain(secret);
  expect(error).toMatchObject({ operation: 'BatchReceiveMessage', queueName: 'Q1' });
  return error;
}

beforeEach(async () => {
  server = await new StubServer().listen();
  queue = open(server.url);
});

afterEach(async () => {
  await server.close();
  await queue.close();
});

test.each([
  [403, 'AccessDenied', MnsAuthError, 'messageType and queueName must belong together'],
  [403, 'InvalidAccessKeyId', MnsAuthError, 'a new one is needed'],
  [403, 'SignatureDoesNotMatch', MnsAuthError, 'a new one is needed'],
  [403, 'SecurityTokenExpired', MnsAuthError, 'a new one is needed'],
  [403, 'SomethingNew', MnsAuthError, 'a new one is needed'],
  [400, 'InvalidSecurityToken.Malformed', MnsAuthError, 'a new one is needed'],
  [404, 'QueueNotExist', MnsFatalError, 'check queues[].queueName'],
  [400, 'InvalidQueueName', MnsFatalError, 'check queues[].queueName'],
  [400, 'InvalidArgument', MnsFatalError, 'InvalidArgument happened.'],
  [408, 'TimeExpired', MnsFatalError, 'clock is more than 15 minutes off'],
  [400, 'TimeExpired', MnsFatalError, 'clock is more than 15 minutes off'],
  [429, 'TooManyRequests', MnsThrottledError, 'backing off'],
  [400, 'QpsLimitExceeded', MnsThrottledError, 'backing off'],
  [500, 'InternalError', MnsTransientError, 'HTTP 500'],
  [503, 'ServiceUnavailable', MnsTransientError, 'HTTP 503'],
])('%i %s', async (status, code, kind, advice) => {
  server.answer(status, errorXml(code), { 'x-mns-request-id': '5F29A' });
  const error = await failure();
  expect(error.constructor).toBe(kind);
  expect(error).toMatchObject({ code, status, requestId: '5F29A', fatal: kind === MnsFatalError });
  expect(error.message).toContain(advice);
});

test('only AccessDenied says so', async () => {
  server.answer(403, errorXml('AccessDenied'));
  expect(await failure()).toMatchObject({ accessDenied: true });
  server.answer(403, errorXml('InvalidAccessKeyId'));
  expect(await failure()).toMatchObject({ accessDenied: false, requestId: '6A8B7C5D' });
});

test('what the server repeats of the credentials is hidden', async () => {
  server.answer(403, errorXml('InvalidAccessKeyId', `The access Id ${SECRETS.accessKeyId} is not exist.`));
  expect((await failure()).message).toContain('The access Id *** is not exist.');
});

test.each([
  ['a gateway page', 502, '<html><body>Bad gateway</body></html>', MnsTransientError, 'an HTML page'],
  ['a page that forbids', 403, '<html>blocked by policy</html>', MnsAuthError, 'blocked by policy'],
  ['a page not found', 404, '<html>not found</html>', MnsProtocolError, 'check endpoints.mns'],
  ['an empty 404', 404, '', MnsProtocolError, 'an empty body'],
  ['a bare 429', 429, '', MnsThrottledError, 'backing off'],
  ['a redirect', 302, '', MnsProtocolError, 'a redirect to https://login.example/'],
])('%s', async (_name, status, body, kind, text) => {
  server.answer(status, body, status === 302 ? { location: 'https://login.example/' } : {});
  const error = await failure();
  expect(error.constructor).toBe(kind);
  expect(error).toMatchObject({ code: `HTTP_${status}`, status });
  expect(error.message).toContain(text);
});

test.each([
  [
    'an HTML page',
    '<!DOCTYPE html>\n<html>Please log in</html>',
    'an HTML page, <!DOCTYPE html> <html>Please log in',
  ],
  ['nothing', '', 'an empty body'],
  ['JSON', '{"ok":true}', '{"ok":true}'],
  ['cut XML', messagesXml(messageXml()).slice(0, -30), 'XML of'],
  ['no MessageId', messagesXml(messageXml({ MessageId: undefined })), '<Message> has no <MessageId>'],
  ['an empty ReceiptHandle', messagesXml(messageXml({ ReceiptHandle: ' ' })), 'has no <ReceiptHandle>'],
  ['no message', messagesXml(), 'it holds no message'],
  ['another root', '<Queue></Queue>', 'its root is <Queue>'],
  [
    'entities of its own',
    `<!DOCTYPE x [<!ENTITY a "${'b'.repeat(999)}">]><Messages>&a;</Messages>`,
    'has a DTD',
  ],
])('an answer 200 with %s', async (_name, body, text) => {
  server.answer(200, body);
  const error = await failure();
  expect(error).toBeInstanceOf(MnsProtocolError);
  expect(error).toBeInstanceOf(MnsTransientError);
  expect(error).toMatchObject({ code: 'MNS_MALFORMED_ANSWER', status: 200 });
  expect(error.message).toContain(text);
  expect(error.message.length).toBeLessThan(600);
});

test('messages are not quoted in errors', async () => {
  server.answer(
    200,
    messagesXml(messageXml({ MessageBody: 'cGhvbmUgMTM5MDAwMDEyMzQ=', MessageId: undefined })),
  );
  expect((await failure()).message).not.toContain('cGhvbmU');
});

test('an endless answer is cut off', async () => {
  server.reply = (_request, response) => {
    response.writeHead(200);
    const more = () => {
      while (!response.destroyed && response.write(Buffer.alloc(65_536, 'a')));
    };
    response.on('drain', more);
    more();
  };
  const error = await failure();
  expect(error).toBeInstanceOf(MnsProtocolError);
  expect(error.code).toBe('MNS_ANSWER_TOO_LARGE');
});

test('a full batch of the largest messages fits', async () => {
  const body = 'a'.repeat(87_384);
  server.answer(200, messagesXml(...Array.from({ length: 16 }, () => messageXml({ MessageBody: body }))));
  const messages = await queue.receive({ max: 16, waitSeconds: 0 });
  expect(messages.map((message) => message.body.length)).toEqual(Array(16).fill(body.length));
});

test('a server that does not answer', async () => {
  await queue.close();
  queue = open(server.url, 100);
  server.reply = () => {};
  const error = await failure();
  expect(error.constructor).toBe(MnsTransientError);
  expect(error.code).toBe('UND_ERR_HEADERS_TIMEOUT');
  expect(error.message).toContain(`no answer from ${server.url} within 0.1 s`);
});

test('a server that stops in the middle', async () => {
  await queue.close();
  queue = open(server.url, 100);
  server.reply = (_request, response) => response.writeHead(200).write('<Messages>');
  expect(await failure()).toMatchObject({ code: 'UND_ERR_BODY_TIMEOUT' });
});

test('a connection that is reset, before and within the answer', async () => {
  server.reply = (_request, response) => response.destroy();
  expect((await failure()).constructor).toBe(MnsTransientError);
  server.reply = (_request, response) => {
    response.writeHead(200, { 'content-length': '1000' }).write('<Messages>');
    setImmediate(() => response.destroy());
  };
  expect((await failure()).constructor).toBe(MnsTransientError);
});

test('an endpoint that nobody listens on, that has no name, that speaks no TLS, or no HTTP', async () => {
  const gone = await new StubServer().listen();
  const goneUrl = gone.url;
  await gone.close();
  const mute = createServer((socket) => socket.end('220 smtp ready\r\n'));
  await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve));
  const address = mute.address();
  const port = typeof address === 'object' ? address?.port : 0;
  for (const [endpoint, code] of [
    [goneUrl, 'ECONNREFUSED'],
    ['http://mns.invalid', /^(ENOTFOUND|EAI_AGAIN)$/],
    [server.url.replace('http:', 'https:'), /SSL|EPROTO|ECONNRESET/],
    [`http://127.0.0.1:${port}`, 'MNS_UNREACHABLE'],
  ] as const) {
    const other = open(endpoint);
    const error = await failure(other);
    expect(error.constructor).toBe(MnsTransientError);
    expect(error.code).toMatch(code);
    expect(error.message).toContain(`cannot reach ${endpoint}`);
    expect(error.message).toContain(error.code);
    await other.close();
  }
  mute.close();
});

test('an abort gives the reason of the signal, in every phase', async () => {
  const reason = new Error('shutting down');
  await expect(queue.receive({ max: 16, waitSeconds: 30, signal: AbortSignal.abort(reason) })).rejects.toBe(
    reason,
  );

  server.reply = () => {};
  const controller = new AbortController();
  const { signal } = controller;
  const answerWaited = queue.receive({ max: 16, waitSeconds: 30, signal });
  await expect.poll(() => server.requests.length).toBe(1);
  // The only connection is taken: this one has not been sent.
  const connectionWaited = queue.receive({ max: 16, waitSeconds: 30, signal });
  controller.abort(reason);
  await expect(connectionWaited).rejects.toBe(reason);
  await expect(answerWaited).rejects.toBe(reason);
  expect(server.requests).toHaveLength(1);

  server.reply = (_request, response) => response.writeHead(200).write('<Messages>');
  const late = new AbortController();
  const bodyWaited = queue.receive({ max: 16, waitSeconds: 30, signal: late.signal });
  await expect.poll(() => server.requests.length).toBe(2);
  late.abort();
  await expect(bodyWaited).rejects.toMatchObject({ name: 'AbortError' });

  server.answer(404, errorXml('MessageNotExist'));
  expect(await queue.receive({ max: 16, waitSeconds: 0 })).toEqual([]);
});

test('one signal may stop many polls without a warning', async () => {
  const warnings: Error[] = [];
  const listener = (warning: Error) => warnings.push(warning);
  process.on('warning', listener);
  const controller = new AbortController();
  server.reply = () => {};
  const polls = Array.from({ length: 64 }, () =>
    queue
      .receive({ max: 16, waitSeconds: 30, signal: controller.signal })
      .catch((error: Error) => error.name),
  );
  await expect.poll(() => server.requests.length).toBe(1);
  controller.abort();
  expect(new Set(await Promise.all(polls))).toEqual(new Set(['AbortError']));
  process.off('warning', listener);
  expect(warnings).toEqual([]);
});

test('a failure of credentials() is passed on', async () => {
  const other = new MnsQueue({
    endpoint: server.url,
    queueName: 'Q1',
    connections: 1,
    credentials: () => {
      throw new RangeError('no token yet');
    },
  });
  await expect(other.receive({ max: 16, waitSeconds: 0 })).rejects.toThrow(RangeError);
  await other.close();
});
