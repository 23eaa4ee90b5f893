import { CloudEvent } from 'cloudevents';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { catalog } from '../../src/receipts/catalog.js';
import { decode, toEvent, toLine } from '../../src/receipts/index.js';
import { base64, eventOf, eventsOf, message, ORIGIN, undecodable } from './messages.js';

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
    ['base64 of bytes that are no UTF-8', Buffer.from([0x7b, 0xff, 0x7d]).toString('base64'), 'not of UTF-8'],
    ['truncated JSON', RECEIPT.slice(0, -10), 'JSON'],
    ['truncated base64', base64(RECEIPT).slice(0, 41), 'JSON'],
    ['URL-safe base64', '_-_-', 'neither JSON nor base64'],
    ['a string', base64('"text"'), 'not an object: "text"'],
    ['a number', base64('42'), 'not an object: 42'],
    ['null', base64('null'), 'not an object: null'],
    ['a long string', base64(`"${'x'.repeat(10_000)}"`), 'not an object: "xxx'],
    ['two objects', '{}{}', 'JSON'],
    ['an empty list', ' [ ] ', 'empty list'],
    ['a list with something else than objects', '[{"biz_id":"1"},7]', 'not an object: 7'],
    ['a list in a list', '[[{"biz_id":"1"}]]', 'not an object: [{'],
    ['a list longer than any body can hold', `[${'{},'.repeat(1_000)}{}]`, 'list of 1001 receipts'],
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
      subject: '1',
      idempotencykey: expect.stringMatching(/^[0-9a-f]{32}$/),
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

describe('a list of receipts', () => {
  const LIST =
    '[ {"biz_id":"1","success":true} ,{"biz_id":"2","n":12345678901234567890},\n{"biz_id":"3,]}"}]';

  test('becomes one event an element, each with an id of its own and its very text', () => {
    const events = eventsOf({ body: base64(LIST) });
    expect(events.map(({ id }) => id)).toEqual(['message-1#0', 'message-1#1', 'message-1#2']);
    expect(events.map(({ json }) => json)).toEqual([
      '{"biz_id":"1","success":true}',
      '{"biz_id":"2","n":12345678901234567890}',
      '{"biz_id":"3,]}"}',
    ]);
    expect(events.map(({ subject }) => subject)).toEqual(['1', '2', '3,]}']);
    expect(events.map(({ dequeuecount }) => dequeuecount)).toEqual([2, 2, 2]);
  });

  test('of one receipt is still a list', () => {
    expect(eventsOf({ body: '[{"biz_id":"1"}]' }).map(({ id }) => id)).toEqual(['message-1#0']);
  });

  test('is cut exactly where JSON says, whatever the elements are', () => {
    fc.assert(
      fc.property(
        fc.array(fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue()), { minLength: 1 }),
        (receipts) => {
          for (const space of [undefined, 2, '\t']) {
            const events = eventsOf({ body: JSON.stringify(receipts, null, space) }, 'NoSuchReport');
            expect(events.map(({ json }) => JSON.parse(json))).toEqual(JSON.parse(JSON.stringify(receipts)));
          }
        },
      ),
    );
  });
});

describe('drift', () => {
  const driftOf = (json: string, messageType = 'SmsReport') => {
    const decoded = decode(message({ body: json }), { ...ORIGIN, messageType });
    return 'drift' in decoded ? decoded.drift : undefined;
  };
  const pathsOf = (json: string, messageType?: string) => driftOf(json, messageType)?.map(({ path }) => path);

  test.each([
    ['a domestic report', RECEIPT, []],
    ['an international report', '{"To":"4912345","Status":"1","MessageId":"m"}', []],
    ['fields nobody knows', '{"biz_id":"1","success":true,"phone_number":"1","new":{"a":1}}', []],
    ['a field of another type', '{"biz_id":{},"success":true,"phone_number":"1"}', ['biz_id']],
    [
      'one wrong receipt in a list',
      `[${RECEIPT},{"biz_id":[],"success":true,"phone_number":"1"}]`,
      ['biz_id'],
    ],
  ])('of %s is in %o', (_, json, paths) => {
    expect(pathsOf(json)).toEqual(paths);
  });

  test('names the field, what is wrong with it, and what stands there', () => {
    expect(driftOf('{"phone_number":"1","send_time":[5],"content":"x"}', 'SmsUp')).toEqual([
      { path: 'send_time', problem: expect.stringMatching(/^Invalid input/), value: [5] },
    ]);
  });

  test('names any element of a nested list alike', () => {
    const detail = { callInInfo: {}, callOutInfo: [{ caller: '1' }, { caller: [] }, { caller: {} }] };
    const json = JSON.stringify({ channelId: 'c', detail });
    expect(new Set(pathsOf(json, 'ArtcCdrReport'))).toEqual(new Set(['detail.callOutInfo[].caller']));
  });

  test('is told once of a field, however many elements of a list have it', () => {
    const tags = { output: { intentions: Array.from({ length: 20_000 }, () => 1) } };
    expect(
      pathsOf(JSON.stringify({ callId: 'c', type: 'finish', data: tags }), 'RobotCallReportAiccs'),
    ).toEqual(['data.output.intentions[]']);
  });

  test('does not mind how deep a value is', () => {
    const deep = `${'['.repeat(30_000)}${']'.repeat(30_000)}`;
    expect(pathsOf(`{"biz_id":"1","success":true,"phone_number":${deep}}`)).toEqual(['phone_number']);
    expect(pathsOf(`{"biz_id":${deep},"success":true,"phone_number":"1"}`)).toEqual(['biz_id']);
  });

  test('is none of a type that has no schema, whatever its name', () => {
    for (const type of ['NoSuchReport', 'constructor', '__proto__', ''])
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

/** Bytes that nobody made for it, and such as are nearly right. */
const anyBytes = fc.oneof(
  fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
  fc.json().map((json) => Buffer.from(json)),
  fc.tuple(fc.json(), fc.nat(), fc.nat(255)).map(([json, at, byte]) => {
    const bytes = Buffer.from(json);
    bytes[at % bytes.length] = byte;
    return bytes;
  }),
);

test('whatever bytes come, the answer is events, or a dead letter that holds those very bytes', () => {
  fc.assert(
    fc.property(anyBytes, fc.constantFrom(...Object.keys(catalog), 'NoSuchReport'), (bytes, messageType) => {
      const decoded = decode(message({ body: bytes.toString('base64') }), { ...ORIGIN, messageType });
      if ('undecodable' in decoded) {
        expect(Buffer.from(decoded.body, 'base64').equals(bytes)).toBe(true);
        expect(decoded.undecodable).toMatch(/^[^\p{Cc}\p{Cs}]+$/u);
        return;
      }
      const published = JSON.parse(bytes.toString());
      const list = Array.isArray(published) ? published : [published];
      expect(decoded.events.map(({ json }) => JSON.parse(json))).toEqual(list);
      for (const event of decoded.events) {
        expect(JSON.parse(toLine(event))).toHaveProperty('data');
        expect(new CloudEvent({ ...toEvent<unknown>(event) }).validate()).toBe(true);
      }
    }),
    { numRuns: 2_000 },
  );
});

test('text that is no base64 comes back as it is when it cannot be decoded', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (body) => {
      const decoded = decode(message({ body }), ORIGIN);
      if ('undecodable' in decoded) expect(decoded.body).toBe(body);
      else expect(decoded.events.length).toBeGreaterThan(0);
    }),
    { numRuns: 1_000 },
  );
});
