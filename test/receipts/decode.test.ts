import { describe, expect, test } from 'vitest';
import { decode, toEvent, toLine } from '../../src/receipts/index.js';
import { dice, whole } from '../support/random.js';
import { base64, eventOf, message, ORIGIN, undecodable } from './messages.js';

const RECEIPT = '{"biz_id":"1","success":true,"phone_number":"13800001234"}';

describe('a body', () => {
  test.each([
    ['base64', base64(RECEIPT)],
    ['base64 in lines', base64(RECEIPT).replace(/(.{20})/g, '$1\r\n')],
    ['base64 with white space around', ` \n${base64(RECEIPT)}\n`],
    ['the JSON itself', RECEIPT],
    ['the JSON itself with white space around', `\n\t ${RECEIPT} \n`],
    ['base64 of JSON with a byte order mark', base64(`\ufeff${RECEIPT}`)],
  ])('that is %s becomes an event with the receipt as published', (_, body) => {
    const event = eventOf({ body });
    expect(event.json).toBe(RECEIPT);
    expect(toEvent(event).data).toEqual(JSON.parse(RECEIPT));
  });

  test.each([
    ['a list', '[{"biz_id":"1"}]'],
    ['an empty object', '{}'],
    ['64 KB', JSON.stringify({ biz_id: '1', success: true, content: '短'.repeat(21_000) })],
    ['deeply nested', `{"a":${'['.repeat(5_000)}${']'.repeat(5_000)}}`],
  ])('of %s becomes an event', (_, json) => {
    expect(eventOf({ body: base64(json) }).json).toBe(json);
  });

  test.each([
    ['empty', '', 'neither JSON nor base64'],
    ['white space', '  \n', 'neither JSON nor base64'],
    ['text', 'hello, world', 'neither JSON nor base64'],
    ['base64 of text', base64('hello'), 'not valid JSON'],
    ['base64 of nothing but white space', base64('  '), 'JSON'],
    ['base64 of bytes that are no UTF-8', Buffer.from([0x7b, 0xff, 0x7d]).toString('base64'), 'valid'],
    ['truncated JSON', RECEIPT.slice(0, -10), 'JSON'],
    ['truncated base64', base64(RECEIPT).slice(0, 41), 'JSON'],
    ['URL-safe base64', '_-_-', 'neither JSON nor base64'],
    ['a string', base64('"text"'), 'not an object: "text"'],
    ['a number', base64('42'), 'not an object: 42'],
    ['null', base64('null'), 'not an object: null'],
    ['a long string', base64(`"${'x'.repeat(10_000)}"`), 'not an object: "xxx'],
    ['two objects', '{}{}', 'JSON'],
    ['a NUL', base64('\0'), 'JSON'],
  ])('that is %s is undecodable, and one line says why', (_, body, reason) => {
    const why = undecodable({ body });
    expect(why).toContain(reason);
    expect(why.length).toBeLessThan(200);
    expect(why).not.toMatch(/[\p{Cc}\p{Cs}]/u);
  });
});

describe('an event', () => {
  test('has exactly the attributes of the contract', () => {
    expect(eventOf({ body: RECEIPT })).toEqual({
      specversion: '1.0',
      id: 'message-1',
      source: 'mns://123.mns.cn-hangzhou.aliyuncs.com/queues/Alicom-Queue-123-SmsReport',
      type: 'com.aliyun.alicom.SmsReport',
      time: '2024-01-01T02:00:00.000Z',
      datacontenttype: 'application/json',
      messagetype: 'SmsReport',
      queuename: 'Alicom-Queue-123-SmsReport',
      dequeuecount: 2,
      enqueuedat: '2024-01-01T02:00:00.000Z',
      json: RECEIPT,
    });
  });

  test('is the same whenever it is decoded', () => {
    expect(decode(message({ body: RECEIPT }), ORIGIN)).toEqual(decode(message({ body: RECEIPT }), ORIGIN));
  });

  test('of a time that cannot be has the epoch, so that it is noticed', () => {
    for (const enqueueTime of [Number.NaN, Number.POSITIVE_INFINITY, 9e15]) {
      expect(eventOf({ body: '{}', enqueueTime }).enqueuedat).toBe('1970-01-01T00:00:00.000Z');
    }
  });
});

describe('drift', () => {
  const driftOf = (json: string, messageType = 'SmsReport') => {
    const decoded = decode(message({ body: json }), { ...ORIGIN, messageType });
    return 'drift' in decoded ? decoded.drift : undefined;
  };

  test.each([
    ['a domestic report', RECEIPT, []],
    ['an international report', '{"To":"4912345","Status":"1","MessageId":"m"}', []],
    ['fields nobody knows', '{"biz_id":"1","success":true,"new":{"a":1}}', []],
    ['null where there should be nothing', '{"biz_id":"1","success":true,"err_msg":null}', ['invalid_union']],
    ['a field of another type', '{"biz_id":1,"success":true}', ['invalid_union']],
    ['nothing that is known', '{}', ['invalid_union']],
  ])('of %s is %o', (_, json, drift) => {
    expect(driftOf(json)).toEqual(drift);
  });

  test('names the fields', () => {
    expect(driftOf('{"phone_number":"1","send_time":5}', 'SmsUp')).toEqual(['send_time', 'content']);
  });

  test('is none of a type that has no schema, whatever its name', () => {
    for (const type of ['FlowReport', 'constructor', '__proto__', ''])
      expect(driftOf('{}', type)).toEqual([]);
  });
});

test('keys that are special to JavaScript are data like any other', () => {
  const json = '{"__proto__":{"a":1},"constructor":2,"toString":3,"n":12345678901234567890}';
  const data = toEvent(eventOf({ body: json })).data as Record<string, unknown>;
  expect(Object.keys(data)).toEqual(['__proto__', 'constructor', 'toString', 'n']);
  expect(({} as Record<string, unknown>).a).toBeUndefined();
  expect(JSON.parse(toLine(eventOf({ body: json }))).data.constructor).toBe(2);
});

test.each(Array.from({ length: 20 }, (_, index) => index + 1))(
  'whatever bytes come, the answer is an event or a reason and never a throw; seed %i',
  (seed) => {
    const random = dice(seed);
    const pieces = [
      '{',
      '}',
      '[',
      ']',
      '"',
      ':',
      ',',
      '\\u',
      '\\',
      '0',
      '1e999',
      '短',
      'null',
      '\0',
      '=',
      '\n',
    ];
    for (let round = 0; round < 500; round += 1) {
      const bytes =
        random() < 0.5
          ? Buffer.from(Array.from({ length: whole(random, 0, 60) }, () => whole(random, 0, 255)))
          : Buffer.from(
              Array.from(
                { length: whole(random, 0, 30) },
                () => pieces[whole(random, 0, pieces.length - 1)],
              ).join(''),
            );
      const body =
        random() < 0.5 ? bytes.toString('base64') : bytes.toString(random() < 0.5 ? 'utf8' : 'latin1');
      const decoded = decode(message({ body }), ORIGIN);
      if ('event' in decoded) {
        expect(JSON.parse(toLine(decoded.event))).toHaveProperty('data');
        expect(toEvent(decoded.event).data).toBeTypeOf('object');
      } else {
        expect(decoded.undecodable).toMatch(/^[^\p{Cc}\p{Cs}]+$/u);
      }
    }
  },
);
