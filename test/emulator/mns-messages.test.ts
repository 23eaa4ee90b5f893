import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Emulator, QueueView } from '../../src/emulator/index.js';
import { handlesXml, MESSAGES, mns, QUEUE, startWithQueue, text, texts } from './support.js';

let emulator: Emulator;
let queue: QueueView;
beforeEach(async () => {
  // Only the clock: timers and sockets stay real, and no test has to sleep.
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() });
  emulator = await startWithQueue();
  queue = emulator.queue(QUEUE);
});
afterEach(async () => {
  await emulator.close();
  vi.useRealTimers();
});

const pass = (seconds: number): unknown => vi.setSystemTime(Date.now() + seconds * 1000);
const post = (body: string) => mns(emulator, 'POST', MESSAGES, { body });
const message = (content: string): string =>
  `<Message xmlns="http://mns.aliyuncs.com/doc/v1/">${content}</Message>`;
const receive = (query = '') => mns(emulator, 'GET', MESSAGES + query);
const remove = (handle: string) => mns(emulator, 'DELETE', `${MESSAGES}?ReceiptHandle=${handle}`);
const code = async (response: ReturnType<typeof mns>): Promise<[number, string]> => {
  const { status, body } = await response;
  return [status, text(body, 'Code')];
};

describe('send', () => {
  test('what is sent is received, byte for byte', async () => {
    const bodies = [
      'eyJhIjoxfQ==',
      'I am 测试字符串.',
      '<a href="x">&amp; \'</a>',
      ' blank ',
      'two\r\nlines',
      ']]>',
    ];
    for (const body of bodies) {
      const escaped = body.replace(/[&<>\r]/g, (char) => `&#${char.charCodeAt(0)};`);
      const sent = await post(message(`<MessageBody>${escaped}</MessageBody>`));
      expect(sent.status).toBe(201);
      const md5 = createHash('md5').update(body).digest('hex').toUpperCase();
      expect(text(sent.body, 'MessageBodyMD5')).toBe(md5);
      expect(queue.messages.at(-1)).toMatchObject({ id: text(sent.body, 'MessageId'), body, bodyMd5: md5 });
    }
    const received = await receive('?numOfMessages=16');
    const plain = (value: string): string =>
      value.replace(
        /&(?:lt|gt|#13|amp);/g,
        (entity) => ({ '&lt;': '<', '&gt;': '>', '&#13;': '\r' })[entity] ?? '&',
      );
    expect(texts(received.body, 'MessageBody').map(plain)).toEqual(bodies);
  });

  test('CDATA, no namespace, a prefix', async () => {
    await post('<Message><MessageBody><![CDATA[<raw>]]></MessageBody></Message>');
    await post(
      '<m:Message xmlns:m="http://mns.aliyuncs.com/doc/v1"><m:MessageBody>pre</m:MessageBody></m:Message>',
    );
    expect(queue.messages.map(({ body }) => body)).toEqual(['<raw>', 'pre']);
  });

  test.each([
    ['nothing', message(''), 'InvalidArgument'],
    ['an empty body', message('<MessageBody></MessageBody>'), 'InvalidArgument'],
    ['65537 bytes', message(`<MessageBody>${'x'.repeat(65_537)}</MessageBody>`), 'InvalidArgument'],
    ['priority 0', message('<MessageBody>x</MessageBody><Priority>0</Priority>'), 'InvalidArgument'],
    ['priority 17', message('<MessageBody>x</MessageBody><Priority>17</Priority>'), 'InvalidArgument'],
    [
      'too much delay',
      message('<MessageBody>x</MessageBody><DelaySeconds>604801</DelaySeconds>'),
      'InvalidArgument',
    ],
    ['another root', '<Queue/>', 'InvalidArgument'],
    ['an unknown root', '<Letter/>', 'InvalidArgument'],
    ['no XML', 'hello', 'MalformedXML'],
    ['broken XML', '<Message><MessageBody>x</Message>', 'MalformedXML'],
  ])('refuses %s', async (_, body, expected) => {
    expect(await code(post(body))).toEqual([400, expected]);
    expect(queue.sent).toBe(0);
  });

  test('64 KB pass', async () => {
    expect((await post(message(`<MessageBody>${'x'.repeat(65_536)}</MessageBody>`))).status).toBe(201);
  });

  test('a batch: up to 16, each for itself', async () => {
    const item = '<Message><MessageBody>x</MessageBody></Message>';
    const good = await post(`<Messages>${item.repeat(16)}</Messages>`);
    expect([good.status, texts(good.body, 'MessageId').length]).toEqual([201, 16]);
    expect(await code(post(`<Messages>${item.repeat(17)}</Messages>`))).toEqual([400, 'InvalidArgument']);
    expect(await code(post('<Messages></Messages>'))).toEqual([400, 'InvalidArgument']);
    const half = await post(`<Messages>${item}<Message><MessageBody/></Message>${item}</Messages>`);
    expect([half.status, texts(half.body, 'MessageId').length]).toEqual([400, 2]);
    expect(text(half.body, 'ErrorCode')).toBe('InvalidArgument');
    expect(queue.sent).toBe(18);
  });

  test('priority 1 goes first, equals in order', async () => {
    for (const [body, priority] of [
      ['c', 16],
      ['b1', 8],
      ['b2', 8],
      ['a', 1],
    ] as const) {
      await post(message(`<MessageBody>${body}</MessageBody><Priority>${priority}</Priority>`));
    }
    expect(texts((await receive('?numOfMessages=16')).body, 'MessageBody')).toEqual(['a', 'b1', 'b2', 'c']);
  });

  test('a delayed message is hidden until its time, and has a handle', async () => {
    const sent = await post(message('<MessageBody>x</MessageBody><DelaySeconds>10</DelaySeconds>'));
    expect(text(sent.body, 'ReceiptHandle')).not.toBe('');
    expect(queue.counters()).toMatchObject({ delayed: 1, visible: 0, invisible: 0 });
    expect((await receive()).status).toBe(404);
    pass(11);
    expect(queue.delayed).toBe(0);
    expect((await receive()).status).toBe(200);
    const other = await post(message('<MessageBody>y</MessageBody><DelaySeconds>10</DelaySeconds>'));
    expect((await remove(text(other.body, 'ReceiptHandle'))).status).toBe(204);
    expect(queue.delayed).toBe(0);
  });
});

describe('receive', () => {
  test('an empty queue is 404 MessageNotExist, an unknown one QueueNotExist', async () => {
    for (const query of [
      '',
      '?numOfMessages=16',
      '?peekonly=true',
      '?peekonly=true&numOfMessages=16',
      '?waitseconds=0',
    ]) {
      expect(await code(receive(query))).toEqual([404, 'MessageNotExist']);
    }
    expect(await code(mns(emulator, 'GET', '/queues/none/messages'))).toEqual([404, 'QueueNotExist']);
  });

  test('one message and a batch have the documented fields', async () => {
    const id = emulator.send(QUEUE, { biz_id: '1' });
    const before = Date.now();
    const { body, headers } = await receive();
    expect(body).toMatch(
      /^<\?xml version="1\.0" \?>\n<Message xmlns="http:\/\/mns\.aliyuncs\.com\/doc\/v1"><MessageId>/,
    );
    expect(headers['content-type']).toBe('text/xml;charset=utf-8');
    expect(id).toMatch(/^[0-9A-F]{32}$/);
    expect(text(body, 'MessageId')).toBe(id);
    expect(Buffer.from(text(body, 'MessageBody'), 'base64').toString()).toBe('{"biz_id":"1"}');
    expect(text(body, 'ReceiptHandle')).toMatch(/^8-[0-9A-Za-z]{34}$/);
    expect(text(body, 'DequeueCount')).toBe('1');
    expect(text(body, 'Priority')).toBe('8');
    expect(Number(text(body, 'EnqueueTime'))).toBe(before);
    expect(Number(text(body, 'FirstDequeueTime'))).toBe(before);
    expect(Number(text(body, 'NextVisibleTime'))).toBe(before + 30_000);
    emulator.generate(QUEUE, 20);
    const batch = await receive('?numOfMessages=16');
    expect(texts(batch.body, 'ReceiptHandle')).toHaveLength(16);
    expect(texts((await receive('?NumOfMessages=16')).body, 'ReceiptHandle')).toHaveLength(4);
    expect(queue.counters()).toMatchObject({
      sent: 21,
      received: 21,
      invisible: 21,
      visible: 0,
      redelivered: 0,
    });
  });

  test.each([
    '?numOfMessages=0',
    '?numOfMessages=17',
    '?numOfMessages=',
    '?numOfMessages=x',
    '?waitseconds=31',
    '?waitseconds=-1',
  ])('refuses %s', async (query) => {
    expect(await code(receive(query))).toEqual([400, 'InvalidArgument']);
  });

  test('peek changes nothing', async () => {
    emulator.generate(QUEUE, 3);
    const one = await receive('?peekonly=true');
    expect(text(one.body, 'DequeueCount')).toBe('0');
    expect(text(one.body, 'FirstDequeueTime')).toBe(text(one.body, 'EnqueueTime'));
    expect(texts(one.body, 'ReceiptHandle').concat(texts(one.body, 'NextVisibleTime'))).toEqual([]);
    expect(texts((await receive('?peekonly=true&numOfMessages=2')).body, 'MessageId')).toHaveLength(2);
    expect(queue.counters()).toMatchObject({ visible: 3, received: 0 });
  });

  test('after the visibility timeout: again, under a new handle, the old one dead', async () => {
    emulator.generate(QUEUE, 1);
    const first = (await receive()).body;
    expect((await receive()).status).toBe(404);
    pass(31);
    const old = text(first, 'ReceiptHandle');
    expect(await code(remove(old))).toEqual([404, 'MessageNotExist']);
    const second = (await receive()).body;
    expect(text(second, 'MessageId')).toBe(text(first, 'MessageId'));
    expect(text(second, 'DequeueCount')).toBe('2');
    expect(text(second, 'FirstDequeueTime')).toBe(text(first, 'FirstDequeueTime'));
    expect(text(second, 'ReceiptHandle')).not.toBe(old);
    expect(await code(remove(old))).toEqual([404, 'MessageNotExist']);
    expect((await remove(text(second, 'ReceiptHandle'))).status).toBe(204);
    expect(queue.counters()).toMatchObject({ received: 2, redelivered: 1, deleted: 1 });
    expect(queue.messages).toEqual([]);
    expect(queue.deletedIds).toEqual([text(first, 'MessageId')]);
  });

  test('past its retention a message is gone, received or not', async () => {
    emulator.generate(QUEUE, 2);
    pass(345_599);
    emulator.generate(QUEUE, 1);
    const handle = text((await receive()).body, 'ReceiptHandle');
    pass(2);
    expect(await code(remove(handle))).toEqual([404, 'MessageNotExist']);
    expect(queue.counters()).toMatchObject({ visible: 1, invisible: 0, expired: 2, deleted: 0 });
    expect(texts((await receive('?numOfMessages=16')).body, 'MessageId')).toHaveLength(1);
  });
});

describe('delete', () => {
  test('one: wants a handle, a real one, an own one', async () => {
    expect(await code(mns(emulator, 'DELETE', MESSAGES))).toEqual([400, 'MissingReceiptHandle']);
    expect(await code(remove('rubbish'))).toEqual([400, 'ReceiptHandleError']);
    // An old-style handle, unencoded and encoded: `+` is no blank.
    expect(await code(remove('1-ODU4OTkzNDU5My0xNDM1MTk3NjAwLT+tNg=='))).toEqual([404, 'MessageNotExist']);
    expect(await code(remove('1-ODU4OTkzNDU5My0xNDM1MTk3NjAwLT%2BtNg%3D%3D'))).toEqual([
      404,
      'MessageNotExist',
    ]);
  });

  test('the name of the handle may be in any case, its value encoded', async () => {
    emulator.generate(QUEUE, 1);
    const handle = text((await receive()).body, 'ReceiptHandle');
    expect(
      (await mns(emulator, 'DELETE', `${MESSAGES}?receipthandle=${handle.replace('-', '%2D')}`)).status,
    ).toBe(204);
  });

  test('a batch: all gone is 204, otherwise 404 and only the failed ones', async () => {
    emulator.generate(QUEUE, 6);
    const handles = texts((await receive('?numOfMessages=6')).body, 'ReceiptHandle');
    const all = await mns(emulator, 'DELETE', MESSAGES, { body: handlesXml(handles.slice(0, 2)) });
    expect([all.status, all.body]).toEqual([204, '']);
    const [, , a = '', b = '', c = '', d = ''] = handles;
    await remove(b);
    const half = await mns(emulator, 'DELETE', MESSAGES, { body: handlesXml([a, b, c, 'rubbish', a]) });
    expect(half.status).toBe(404);
    expect(half.body).toContain('<Errors xmlns="http://mns.aliyuncs.com/doc/v1"><Error><ErrorCode>');
    expect(texts(half.body, 'ReceiptHandle')).toEqual([b, 'rubbish', a]);
    expect(texts(half.body, 'ErrorCode')).toEqual([
      'MessageNotExist',
      'ReceiptHandleError',
      'MessageNotExist',
    ]);
    expect(queue.messages.map(({ handle }) => handle)).toEqual([d]);
  });

  test.each([
    ['17 handles', handlesXml(Array.from({ length: 17 }, (_, n) => `8-handle000${n}`)), 'InvalidArgument'],
    ['no handle', handlesXml([]), 'InvalidArgument'],
    ['another root', '<Message/>', 'InvalidArgument'],
    ['no XML', '<ReceiptHandles><ReceiptHandle>x</ReceiptHandles>', 'MalformedXML'],
  ])('refuses a batch of %s', async (_, body, expected) => {
    expect(await code(mns(emulator, 'DELETE', MESSAGES, { body }))).toEqual([400, expected]);
  });

  test('a batch in other spellings of XML', async () => {
    emulator.generate(QUEUE, 2);
    const [a = '', b = ''] = texts((await receive('?numOfMessages=2')).body, 'ReceiptHandle');
    const spaced = `<ReceiptHandles>\n  <ReceiptHandle>\n${a}\n</ReceiptHandle>\n</ReceiptHandles>\n`;
    expect((await mns(emulator, 'DELETE', MESSAGES, { body: spaced })).status).toBe(204);
    const escaped = `<ReceiptHandles><!-- one --><ReceiptHandle>${b.replace('-', '&#45;')}</ReceiptHandle></ReceiptHandles>`;
    expect((await mns(emulator, 'DELETE', MESSAGES, { body: escaped })).status).toBe(204);
  });
});

describe('change visibility', () => {
  const change = (handle: string, seconds: number) =>
    mns(emulator, 'PUT', `${MESSAGES}?receiptHandle=${handle}&visibilityTimeout=${seconds}`);

  test('counts from now and gives a new handle', async () => {
    emulator.generate(QUEUE, 1);
    const old = text((await receive()).body, 'ReceiptHandle');
    pass(20);
    const { status, body } = await change(old, 60);
    expect(status).toBe(200);
    expect(body).toContain('<ChangeVisibility xmlns=');
    expect(Number(text(body, 'NextVisibleTime'))).toBe(Date.now() + 60_000);
    const handle = text(body, 'ReceiptHandle');
    expect(await code(change(old, 60))).toEqual([404, 'MessageNotExist']);
    expect(await code(remove(old))).toEqual([404, 'MessageNotExist']);
    pass(59);
    expect(queue.invisible).toBe(1);
    expect((await remove(handle)).status).toBe(204);
  });

  test('may shorten, and refuses what it must', async () => {
    emulator.generate(QUEUE, 1);
    const first = text((await receive()).body, 'ReceiptHandle');
    const handle = text((await change(first, 1)).body, 'ReceiptHandle');
    for (const seconds of [0, 43_201])
      expect(await code(change(handle, seconds))).toEqual([400, 'InvalidArgument']);
    expect(await code(mns(emulator, 'PUT', MESSAGES))).toEqual([400, 'MissingReceiptHandle']);
    const missing = mns(emulator, 'PUT', `${MESSAGES}?ReceiptHandle=${handle}`);
    expect(await code(missing)).toEqual([400, 'MissingVisibilityTimeout']);
    pass(2);
    expect(await code(change(handle, 30))).toEqual([404, 'MessageNotExist']);
    expect((await receive()).status).toBe(200);
  });
});
