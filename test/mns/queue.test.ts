import { afterEach, beforeEach, expect, test } from 'vitest';
import { MnsHandleError, MnsProtocolError, MnsQueue, type MnsQueueOptions } from '../../src/mns/index.js';
import { errorXml, messagesXml, messageXml, NAMESPACE, StubServer } from './stub-server.js';

const CREDENTIALS = {
  accessKeyId: 'STS.testId',
  accessKeySecret: 'testSecret',
  securityToken: 'CAIS+token/=',
};
const NAME = 'Alicom-Queue-1234567890123456-SmsReport';

let server: StubServer;
let queue: MnsQueue;

function open(options: Partial<MnsQueueOptions> = {}): MnsQueue {
  return new MnsQueue({
    endpoint: server.url,
    queueName: NAME,
    credentials: () => CREDENTIALS,
    connections: 4,
    ...options,
  });
}

beforeEach(async () => {
  server = await new StubServer().listen();
  queue = open();
});

afterEach(async () => {
  await server.close();
  await queue.close();
});

test('receive asks for what it was told, signed, with the STS token', async () => {
  server.answer(404, errorXml('MessageNotExist'));
  expect(await queue.receive({ max: 16, waitSeconds: 0 })).toEqual([]);
  const [request] = server.requests;
  expect(request?.method).toBe('GET');
  expect(request?.path).toBe(`/queues/${NAME}/messages?numOfMessages=16&waitseconds=0`);
  expect(request?.headers).toMatchObject({
    'security-token': CREDENTIALS.securityToken,
    'x-mns-version': '2015-06-06',
    'user-agent': 'receiptd',
    host: new URL(server.url).host,
  });
  expect(request?.headers.authorization).toMatch(/^MNS STS\.testId:[\w+/]{27}=$/);
});

test('receive gives every message, from a list or alone, whatever the prefix', async () => {
  server.answer(
    200,
    messagesXml(messageXml(), messageXml({ MessageId: 'B', MessageBody: 'a&lt;b&#x4e2d;' })),
  );
  const [first, second] = await queue.receive({ max: 16, waitSeconds: 0 });
  expect(first).toMatchObject({
    messageId: '0909AC939C3A61357F898A13F0DB0001',
    receiptHandle: '8-0zxjHBaWtzPz8zphz0z6OGz5yWWidU1f01',
    body: 'eyJiaXpfaWQiOiIxMjM0NV4wIn0=',
    enqueueTime: 1716809414944,
    firstDequeueTime: 1716809420986,
    nextVisibleTime: 1716809450986,
    dequeueCount: 1,
    priority: 8,
  });
  expect(second).toMatchObject({ messageId: 'B', body: 'a<b中' });

  server.answer(200, messageXml());
  expect(await queue.receive({ max: 1, waitSeconds: 0 })).toHaveLength(1);

  server.answer(200, `<m:Messages xmlns:m="x">${messageXml().replaceAll(/<(\/?)/g, '<$1m:')}</m:Messages>`);
  expect(await queue.receive({ max: 16, waitSeconds: 0 })).toHaveLength(1);
});

test.each([
  ['right', 0],
  ['an hour behind', -3_600_000],
  ['a day ahead', 86_400_000],
])('visibleUntil is in local time with a server clock that is %s', async (_name, skew) => {
  const serverNow = Math.floor((Date.now() + skew) / 1000) * 1000 + 400;
  server.answer(200, messagesXml(messageXml({ NextVisibleTime: String(serverNow + 30_000) })), {
    date: new Date(serverNow).toUTCString(),
  });
  const before = Date.now();
  const [message] = await queue.receive({ max: 16, waitSeconds: 0 });
  const after = Date.now();
  // 30 s from the answer, less the part of a second that the Date header does not tell.
  expect(message?.visibleUntil).toBeGreaterThanOrEqual(before + 30_000 - 1000);
  expect(message?.visibleUntil).toBeLessThanOrEqual(after + 30_000);
  expect(message?.receivedAt).toBeGreaterThanOrEqual(before);
});

test.each([
  ['tells', {}, 6_042],
  ['does not tell, by its Date', { FirstDequeueTime: undefined }, 6_056],
  ['does not tell of one that came before', { FirstDequeueTime: undefined, DequeueCount: '2' }, 0],
])('the time that a message had been in MNS is by its own clock, where it %s', async (_, fields, age) => {
  const date = new Date(1_716_809_421_000).toUTCString();
  server.answer(200, messagesXml(messageXml(fields)), { date });
  const [message] = await queue.receive({ max: 16, waitSeconds: 0 });
  expect((message?.firstDequeueTime ?? 0) - (message?.enqueueTime ?? 0)).toBe(age);
});

test('delete sends the handles escaped, and gives those that were not deleted', async () => {
  expect(await queue.delete(['a', 'b&<c'])).toEqual([]);
  expect(server.requests[0]).toMatchObject({ method: 'DELETE', path: `/queues/${NAME}/messages` });
  expect(server.requests[0]?.body).toContain(
    '<ReceiptHandle>a</ReceiptHandle><ReceiptHandle>b&amp;&lt;c</ReceiptHandle>',
  );

  const failed = (handle: string) =>
    `<Error><ErrorCode>MessageNotExist</ErrorCode><ErrorMessage>Message not exist.</ErrorMessage><ReceiptHandle>${handle}</ReceiptHandle></Error>`;
  server.answer(404, `<Errors ${NAMESPACE}>${failed('a')}${failed('c')}</Errors>`);
  expect(await queue.delete(['a', 'b', 'c'])).toEqual([
    { receiptHandle: 'a', code: 'MessageNotExist', message: 'Message not exist.' },
    { receiptHandle: 'c', code: 'MessageNotExist', message: 'Message not exist.' },
  ]);
});

test('a lone handle refused as a request is a failure of that handle, not so among others', async () => {
  server.answer(400, errorXml('ReceiptHandleError'));
  expect(await queue.delete(['bad'])).toMatchObject([{ receiptHandle: 'bad', code: 'ReceiptHandleError' }]);
  const refused = queue.delete(['bad', 'good']);
  await expect(refused).rejects.toThrow(MnsHandleError);
  await expect(refused).rejects.toMatchObject({ fatal: true });
});

test('delete of nothing asks nothing, of more than 16 is refused', async () => {
  expect(await queue.delete([])).toEqual([]);
  await expect(queue.delete(Array.from({ length: 17 }, String))).rejects.toThrow(RangeError);
  expect(server.requests).toEqual([]);
});

test.each([
  ['HTML with status 200', 200, '<!DOCTYPE html><html>Log in</html>'],
  ['an empty 200', 200, ''],
  ['an empty list of errors', 404, `<Errors ${NAMESPACE}></Errors>`],
  [
    'a list of errors without handles',
    404,
    `<Errors ${NAMESPACE}><Error><ErrorCode>x</ErrorCode></Error></Errors>`,
  ],
])('delete does not believe %s', async (_name, status, body) => {
  server.answer(status, body);
  await expect(queue.delete(['a'])).rejects.toThrow(MnsProtocolError);
});

test('changeVisibility gives the new handle, from either root', async () => {
  for (const root of ['ChangeVisibility', 'Message']) {
    const now = Math.floor(Date.now() / 1000) * 1000;
    server.answer(
      200,
      `<${root} ${NAMESPACE}><ReceiptHandle>new</ReceiptHandle><NextVisibleTime>${now + 60_000}</NextVisibleTime></${root}>`,
      { date: new Date(now).toUTCString() },
    );
    const changed = await queue.changeVisibility('1-O+/=', 60);
    expect(changed.receiptHandle).toBe('new');
    expect(Math.abs(changed.visibleUntil - Date.now() - 59_000)).toBeLessThan(5_000);
  }
  expect(server.requests[0]).toMatchObject({
    method: 'PUT',
    path: `/queues/${NAME}/messages?receiptHandle=1-O%2B%2F%3D&visibilityTimeout=60`,
  });
  server.answer(404, errorXml('MessageNotExist'));
  await expect(queue.changeVisibility('old', 60)).rejects.toThrow(MnsHandleError);
});

test('a new token is used from the next request on, and those under way keep theirs', async () => {
  let credentials = CREDENTIALS;
  await queue.close();
  queue = open({ credentials: () => credentials });
  let release = () => {};
  server.reply = (request, response) => {
    const answer = () => response.writeHead(404).end(errorXml('MessageNotExist'));
    if (request.headers['security-token'] === CREDENTIALS.securityToken) release = answer;
    else answer();
  };
  const underWay = queue.receive({ max: 16, waitSeconds: 30 });
  await expect.poll(() => server.requests.length).toBe(1);
  credentials = { accessKeyId: 'STS.second', accessKeySecret: 'other', securityToken: 'second' };
  expect(await queue.receive({ max: 16, waitSeconds: 0 })).toEqual([]);
  expect(server.requests[1]?.headers.authorization).toMatch(/^MNS STS\.second:/);
  release();
  expect(await underWay).toEqual([]);
});

test('any number of receives and deletes in turn use one connection', async () => {
  server.reply = (request, response) =>
    request.method === 'GET'
      ? response.writeHead(200).end(messagesXml(messageXml()))
      : response.writeHead(204).end();
  for (let i = 0; i < 50; i++) {
    const [message] = await queue.receive({ max: 16, waitSeconds: 0 });
    expect(await queue.delete([message?.receiptHandle ?? ''])).toEqual([]);
  }
  expect(server.requests).toHaveLength(100);
  expect(server.connections).toBe(1);
});

test('no more connections than allowed', async () => {
  server.answer(404, errorXml('MessageNotExist'));
  await Promise.all(Array.from({ length: 40 }, () => queue.receive({ max: 16, waitSeconds: 0 })));
  expect(server.connections).toBeLessThanOrEqual(4);
});

test('close lets requests under way end', async () => {
  let release = () => {};
  server.reply = (_request, response) => {
    release = () => response.writeHead(404).end(errorXml('MessageNotExist'));
  };
  const underWay = queue.receive({ max: 16, waitSeconds: 30 });
  await expect.poll(() => server.requests.length).toBe(1);
  const closed = queue.close();
  release();
  expect(await underWay).toEqual([]);
  await closed;
});
