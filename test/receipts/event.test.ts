import { execFileSync } from 'node:child_process';
import { CloudEvent } from 'cloudevents';
import { describe, expect, test } from 'vitest';
import { toEvent, toLine } from '../../src/receipts/index.js';
import { eventOf } from './messages.js';

const timeOf = (type: string, receipt: object) => eventOf({ body: JSON.stringify(receipt) }, type).time;
const ENQUEUED = '2024-01-01T02:00:00.000Z';

describe('the time of an event', () => {
  test.each([
    [
      'SmsReport',
      { send_time: '2024-05-01 08:00:00', report_time: '2024-05-01 09:00:00' },
      '2024-05-01T01:00:00.000Z',
    ],
    ['SmsReport', { send_time: '2024-05-01 08:00:00', report_time: '' }, '2024-05-01T00:00:00.000Z'],
    [
      'SmsReport',
      { send_time: '2024-05-01 08:00:00', report_time: '2024-02-30 09:00:00' },
      '2024-05-01T00:00:00.000Z',
    ],
    ['SmsReport', { send_time: '2024-05-01 08:00:00', report_time: 5 }, '2024-05-01T00:00:00.000Z'],
    ['SmsReport', { To: '1', ReceiveDate: 'Mon, 01 Jan 2024 10:27:00 +0800' }, '2024-01-01T02:27:00.000Z'],
    ['SmsReport', { To: '1', ReceiveDate: 'Mon, 01 Jan 2024 10:27:00 GMT' }, '2024-01-01T10:27:00.000Z'],
    [
      'SmsReport',
      { To: '1', SendDate: 'Sun, 31 Dec 2023 23:27:00 -0500', ReceiveDate: 'soon' },
      '2024-01-01T04:27:00.000Z',
    ],
    // Without a zone it could be anybody's.
    ['SmsReport', { To: '1', ReceiveDate: 'Mon, 01 Jan 2024 10:27:00' }, ENQUEUED],
    ['SmsReport', { To: '1', ReceiveDate: 'Mon, 99 Foo 2024 10:27:00 +0800' }, ENQUEUED],
    ['SmsReport', {}, ENQUEUED],
    ['SmsReport', { report_time: 'yesterday', send_time: null }, ENQUEUED],
    ['SmsUp', { send_time: '20170901120000' }, '2017-09-01T04:00:00.000Z'],
    ['SmsUp', { send_time: '2017-09-01 12:00:00' }, '2017-09-01T04:00:00.000Z'],
    [
      'VoiceReport',
      { originate_time: '2024-05-01 08:00:00', end_time: '2024-05-01 08:01:00' },
      '2024-05-01T00:01:00.000Z',
    ],
    ['VoiceReport', { originate_time: '2024-05-01 08:00:00', end_time: '' }, '2024-05-01T00:00:00.000Z'],
    ['NoSuchReport', { send_time: '2024-05-01 08:00:00' }, ENQUEUED],
  ])('of a %s of %j is %s', (type, receipt, time) => {
    expect(timeOf(type, receipt)).toBe(time);
  });

  test('of a receipt that inherits nothing is not looked for in its prototype', () => {
    expect(eventOf({ body: '{"__proto__":{"report_time":"2024-05-01 08:00:00"}}' }).time).toBe(ENQUEUED);
  });

  test.each(['Asia/Shanghai', 'America/New_York', 'Pacific/Kiritimati', 'UTC'])('is the same in %s', (TZ) => {
    const module = new URL('../../dist/receipts/index.js', import.meta.url).href;
    const script = `
      import { decode } from ${JSON.stringify(module)};
      const origin = { mnsHost: 'h', queueName: 'q', messageType: 'SmsReport' };
      for (const receipt of [{ report_time: '2024-03-10 02:30:00' }, { To: '1', ReceiveDate: 'Mon, 01 Jan 2024 10:27:00 +0800' }]) {
        const message = { messageId: 'm', body: JSON.stringify(receipt), enqueueTime: 0, dequeueCount: 1 };
        console.log(decode(message, origin).events[0].time);
      }`;
    const args = ['--input-type=module', '-e', script];
    expect(execFileSync(process.execPath, args, { env: { ...process.env, TZ }, encoding: 'utf8' })).toBe(
      '2024-03-09T18:30:00.000Z\n2024-01-01T02:27:00.000Z\n',
    );
  });
});

describe('numbers', () => {
  const json =
    '{"id":12345678901234567890,"safe":9007199254740991,"unsafe":9007199254740993,"negative":-12345678901234567890,' +
    '"micros":1700000000000000,"price":0.1234567890123456789,"big":1.5e300,"in":"a: 12345678901234567890, b",' +
    '"list":[12345678901234567890, 1],"q":"\\"k\\":12345678901234567890"}';

  test('of any length are kept exactly in the line', () => {
    expect(toLine(eventOf({ body: json }))).toContain(`"data":${json}}`);
  });

  test('too large for a number arrive as strings of their digits, and all others as numbers', () => {
    expect(toEvent(eventOf({ body: json })).data).toEqual({
      id: '12345678901234567890',
      safe: 9007199254740991,
      unsafe: '9007199254740993',
      negative: '-12345678901234567890',
      micros: 1700000000000000,
      price: 0.12345678901234568,
      big: 1.5e300,
      in: 'a: 12345678901234567890, b',
      list: ['12345678901234567890', 1],
      q: '"k":12345678901234567890',
    });
  });

  test('beside them change nothing else of the receipt', () => {
    const data = toEvent(eventOf({ body: '{"n":12345678901234567890,"o":{"f":0.5}}' })).data as { o: object };
    expect(Object.getPrototypeOf(data)).toBe(Object.prototype);
    expect(data.o).toStrictEqual({ f: 0.5 });
  });
});

describe('a line', () => {
  test('is one line of JSON, whatever line breaks the receipt has between its tokens', () => {
    const line = toLine(eventOf({ body: '{\r\n"content":\n"one\\ntwo\u2028three"\n}' }));
    expect(line).not.toMatch(/[\r\n]/);
    expect(JSON.parse(line)).toMatchObject({ id: 'message-1', data: { content: 'one\ntwo\u2028three' } });
  });
});

describe('an event that its user gets', () => {
  test.each(['SmsReport', 'FlowReport'])('of %s is a CloudEvent 1.0', (type) => {
    const event = toEvent<Record<string, unknown>>(eventOf({ body: '{"biz_id":"1","success":true}' }, type));
    const strict = new CloudEvent({ ...event }, true);
    expect(strict.validate()).toBe(true);
    expect(JSON.parse(JSON.stringify(strict))).toEqual(event);
  });

  test('of a line is one as well', () => {
    const event = JSON.parse(toLine(eventOf({ body: '{"biz_id":"1","success":true}' })));
    expect(new CloudEvent(event, true).validate()).toBe(true);
  });
});
