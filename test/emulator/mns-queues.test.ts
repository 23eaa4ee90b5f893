import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Emulator, startEmulator } from '../../src/emulator/index.js';
import { mns, text, texts } from './support.js';

let emulator: Emulator;
beforeEach(async () => {
  emulator = await startEmulator();
});
afterEach(() => emulator.close());

const create = (name: string, attributes = '') =>
  mns(emulator, 'PUT', `/queues/${name}`, { body: `<?xml version="1.0"?><Queue>${attributes}</Queue>` });

test('CreateQueue: 201, the same again 204, other attributes 409', async () => {
  const first = await create('q1', '<VisibilityTimeout>60</VisibilityTimeout>');
  expect([first.status, first.body, first.headers.location]).toEqual([201, '', `${emulator.url}/queues/q1`]);
  expect((await create('q1', '<VisibilityTimeout>60</VisibilityTimeout>')).status).toBe(204);
  const other = await create('q1', '<VisibilityTimeout>61</VisibilityTimeout>');
  expect([other.status, text(other.body, 'Code')]).toEqual([409, 'QueueAlreadyExist']);
  expect((await mns(emulator, 'PUT', '/queues/q2')).status).toBe(201);
  expect((await mns(emulator, 'PUT', '/queues/q3', { body: '<?xml version="1.0"?><Queue/>' })).status).toBe(
    201,
  );
});

test.each([
  ['-starts-with-hyphen', '', 'InvalidQueueName'],
  ['under_score', '', 'InvalidQueueName'],
  ['q'.repeat(121), '', 'QueueNameLengthError'],
  ['q', '<DelaySeconds>604801</DelaySeconds>', 'InvalidArgument'],
  ['q', '<MaximumMessageSize>1023</MaximumMessageSize>', 'InvalidArgument'],
  ['q', '<MessageRetentionPeriod>59</MessageRetentionPeriod>', 'InvalidArgument'],
  ['q', '<VisibilityTimeout>0</VisibilityTimeout>', 'InvalidArgument'],
  ['q', '<PollingWaitSeconds>31</PollingWaitSeconds>', 'InvalidArgument'],
  ['q', '<PollingWaitSeconds>many</PollingWaitSeconds>', 'InvalidArgument'],
  ['q', '<LoggingEnabled>perhaps</LoggingEnabled>', 'InvalidArgument'],
  ['q', '<open>', 'MalformedXML'],
])('CreateQueue %s %s: %s', async (name, attributes, code) => {
  const { status, body } = await create(name, attributes);
  expect([status, text(body, 'Code')]).toEqual([400, code]);
});

test('attributes: set, get, defaults, counters', async () => {
  await create('q1');
  const set = await mns(emulator, 'PUT', '/queues/q1?metaoverride=true', {
    body: '<Queue xmlns="http://mns.aliyuncs.com/doc/v1/"><PollingWaitSeconds>7</PollingWaitSeconds><LoggingEnabled>True</LoggingEnabled><Unknown>1</Unknown></Queue>',
  });
  expect([set.status, set.body]).toEqual([204, '']);
  emulator.sendBody('q1', 'a');
  const { status, body } = await mns(emulator, 'GET', '/queues/q1');
  expect(status).toBe(200);
  const seen = Object.fromEntries(
    Array.from(body.matchAll(/<(\w+)>([^<]+)<\//g), ([, name, value]) => [name, value]),
  );
  expect(seen).toMatchObject({
    QueueName: 'q1',
    DelaySeconds: '0',
    MaximumMessageSize: '65536',
    MessageRetentionPeriod: '345600',
    VisibilityTimeout: '30',
    PollingWaitSeconds: '7',
    LoggingEnabled: 'True',
    ActiveMessages: '1',
    InactiveMessages: '0',
    DelayMessages: '0',
  });
  expect(text(body, 'CreateTime')).toMatch(/^\d{10}$/);
  const missing = await mns(emulator, 'PUT', '/queues/none?metaoverride=true', { body: '<Queue/>' });
  expect([missing.status, text(missing.body, 'Code')]).toEqual([404, 'QueueNotExist']);
});

test('ListQueue: prefix, pages, metadata', async () => {
  for (const name of ['b2', 'a1', 'b1', 'b3']) emulator.createQueue({ name, messageType: 'SmsUp' });
  const headers = { 'x-mns-prefix': 'b', 'x-mns-ret-number': '2' };
  const first = await mns(emulator, 'GET', '/queues', { headers });
  expect(texts(first.body, 'QueueURL')).toEqual([`${emulator.url}/queues/b1`, `${emulator.url}/queues/b2`]);
  const marker = text(first.body, 'NextMarker');
  const second = await mns(emulator, 'GET', '/queues', {
    headers: { ...headers, 'x-mns-marker': marker, 'x-mns-with-meta': 'true' },
  });
  expect(texts(second.body, 'QueueURL')).toEqual([`${emulator.url}/queues/b3`]);
  expect(texts(second.body, 'NextMarker')).toEqual([]);
  expect(text(second.body, 'VisibilityTimeout')).toBe('30');
  const bad = await mns(emulator, 'GET', '/queues', { headers: { 'x-mns-ret-number': '1001' } });
  expect(text(bad.body, 'Code')).toBe('InvalidArgument');
});

test('ListQueue: pages of any size put together are the whole list, in order, none twice', async () => {
  const names = Array.from({ length: 23 }, (_, n) => `page-${(n * 7) % 23}`);
  for (const name of names) emulator.createQueue({ name, messageType: 'SmsUp' });
  const whole = [...names].sort().map((name) => `${emulator.url}/queues/${name}`);
  for (const size of [1, 5, 22, 23, 24, 1000]) {
    const found: string[] = [];
    for (let marker = '', more = true; more; ) {
      const headers = {
        'x-mns-ret-number': String(size),
        ...(marker === '' ? {} : { 'x-mns-marker': marker }),
      };
      const { body } = await mns(emulator, 'GET', '/queues', { headers });
      const page = texts(body, 'QueueURL');
      expect(page.length).toBeLessThanOrEqual(size);
      found.push(...page);
      [marker = ''] = texts(body, 'NextMarker');
      more = marker !== '';
    }
    expect(found).toEqual(whole);
  }
});

test('ListQueue: none is an empty list; the number a page holds has bounds', async () => {
  const none = await mns(emulator, 'GET', '/queues');
  expect([none.status, texts(none.body, 'QueueURL')]).toEqual([200, []]);
  for (const number of ['0', '1001', 'many']) {
    const { status, body } = await mns(emulator, 'GET', '/queues', {
      headers: { 'x-mns-ret-number': number },
    });
    expect([number, status, text(body, 'Code')]).toEqual([number, 400, 'InvalidArgument']);
  }
});

test('attributes set over HTTP count at once: visibility, size, retention', async () => {
  await create('q1');
  const set = (attributes: string) =>
    mns(emulator, 'PUT', '/queues/q1?metaoverride=true', { body: `<Queue>${attributes}</Queue>` });
  await set('<VisibilityTimeout>43200</VisibilityTimeout><MaximumMessageSize>1024</MaximumMessageSize>');
  const path = '/queues/q1/messages';
  const large = `<Message><MessageBody>${'x'.repeat(1025)}</MessageBody></Message>`;
  expect(text((await mns(emulator, 'POST', path, { body: large })).body, 'Code')).toBe('InvalidArgument');
  emulator.sendBody('q1', 'x');
  const { body } = await mns(emulator, 'GET', path);
  const hidden = Number(text(body, 'NextVisibleTime')) - Number(text(body, 'FirstDequeueTime'));
  expect(hidden).toBe(43_200_000);
  await set('<MessageRetentionPeriod>60</MessageRetentionPeriod>');
  emulator.configure({ clockOffset: 61_000 });
  const gone = await mns(emulator, 'DELETE', `${path}?ReceiptHandle=${text(body, 'ReceiptHandle')}`);
  expect([gone.status, emulator.queue('q1').expired]).toEqual([404, 1]);
});

test('DeleteQueue takes the queue and its waiting receives away', async () => {
  emulator.createQueue({ name: 'q1', messageType: 'SmsUp' });
  const waiting = mns(emulator, 'GET', '/queues/q1/messages?waitseconds=30');
  const deleted = async () => {
    while (emulator.queue('q1').waiting === 0) await new Promise(setImmediate);
    return mns(emulator, 'DELETE', '/queues/q1');
  };
  expect((await deleted()).status).toBe(204);
  expect(text((await waiting).body, 'Code')).toBe('QueueNotExist');
  expect((await mns(emulator, 'GET', '/queues/q1')).status).toBe(404);
  expect((await mns(emulator, 'DELETE', '/queues/q1')).status).toBe(404);
});

test.each([
  ['GET', '/topics/t', 'InvalidRequestURL'],
  ['GET', '/queues/q/messages/more', 'InvalidRequestURL'],
  ['POST', '/queues', 'InvalidRequestURL'],
  ['POST', '/queues/q', 'InvalidRequestURL'],
  ['GET', '/queues/%zz', 'InvalidRequestURL'],
  ['GET', '/queues/q/messages?waitseconds=%zz', 'InvalidQueryString'],
  ['GET', '/queues/q/messages?colour=red', 'InvalidQueryString'],
])('%s %s: %s', async (method, path, code) => {
  const { status, body } = await mns(emulator, method, path);
  expect([status, text(body, 'Code')]).toEqual([400, code]);
});
