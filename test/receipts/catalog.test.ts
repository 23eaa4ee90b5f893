import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { catalog, isKnownType, receiptType } from '../../src/receipts/catalog.js';
import { factsOf } from '../../src/receipts/facts.js';
import { fieldAt, type ReceiptType, shapeOf } from '../../src/receipts/receipt-type.js';
import { driftOf, fixture, fixtures, shapeFor } from './fixtures.js';

const types: [string, ReceiptType][] = Object.entries(catalog);
const shapes = types.flatMap(([type, entry]) => entry.shapes.map((shape, index) => ({ type, index, shape })));

const UNPUBLISHED = [
  'ArtcTempStatusReport',
  'LlmSmartCallReport',
  'SecretBillingCallReport',
  'SecretBillingSmsReport',
  'SecretRingRecording',
];

describe('the catalog', () => {
  test('has a fixture of every shape whose fields are published', () => {
    const shown = new Set(fixtures.map(shapeFor));
    const without = shapes.filter(({ type, shape }) => !UNPUBLISHED.includes(type) && !shown.has(shape));
    expect(without.map(({ type, index }) => `${type} ${index}`)).toEqual([]);
    expect(fixtures.map(({ type }) => type).filter((type) => UNPUBLISHED.includes(type))).toEqual([]);
  });

  test('knows nothing of the types whose fields are not published', () => {
    for (const type of UNPUBLISHED) {
      const entry = receiptType(type);
      expect(entry?.shapes.map(({ schema }) => Object.keys(schema.shape))).toEqual([[]]);
      expect(factsOf({ call_id: '1', time: '2024-01-01 08:00:00' }, type, entry?.shapes[0])).toEqual({});
    }
  });

  test('has nothing by the names that every object has', () => {
    for (const name of ['constructor', '__proto__', 'toString', '', 'smsreport', 'NoSuchReport']) {
      expect(receiptType(name)).toBeUndefined();
      expect(isKnownType(name)).toBe(false);
    }
  });

  test.each(shapes.filter(({ type }) => !UNPUBLISHED.includes(type)))(
    '$type, shape $index: something is no such receipt',
    ({ shape }) => expect(shape.schema.safeParse({}).success).toBe(false),
  );

  test.each(shapes)('$type, shape $index: every field it names is one of its schema', ({ shape }) => {
    for (const path of [
      ...shape.time,
      ...shape.subject,
      ...shape.identity,
      ...(shape.mark ? [shape.mark] : []),
    ]) {
      expect(schemaKnows(shape.schema, path), path).toBe(true);
    }
    expect(shape.source).toMatch(/^https:\/\/|Java receipt demo/);
  });

  test.each(types)(
    '%s: all shapes but the last have a mark, which no later shape has a field for',
    (_, { shapes }) => {
      for (const [index, { mark }] of shapes.entries()) {
        if (index === shapes.length - 1) expect(mark).toBeUndefined();
        else {
          expect(mark).toBeDefined();
          const later = shapes.slice(index + 1).map(({ schema }) => Object.keys(schema.shape));
          expect(later.flat()).not.toContain(mark);
        }
      }
    },
  );
});

/** Through nested objects, optional ones too. */
function schemaKnows(schema: unknown, path: string): boolean {
  let current = schema;
  for (const name of path.split('.')) {
    const inner = unwrapped(current);
    if (inner === undefined || !Object.hasOwn(inner.shape, name)) return false;
    current = inner.shape[name];
  }
  return true;
}

function unwrapped(schema: unknown): { shape: Record<string, unknown> } | undefined {
  if (typeof schema !== 'object' || schema === null) return undefined;
  if ('shape' in schema) return schema as { shape: Record<string, unknown> };
  return 'unwrap' in schema && typeof schema.unwrap === 'function' ? unwrapped(schema.unwrap()) : undefined;
}

describe('the fixture', () => {
  test.each(fixtures)('$name is named with its source, and drifts nowhere', (each) => {
    expect(isKnownType(each.type)).toBe(true);
    expect(each.source).toMatch(/^https:\/\/\S+(, https:\/\/\S+)*$/);
    expect(driftOf(each)).toEqual([]);
  });

  test.each(fixtures)('$name has only fields that the schema knows', (each) => {
    const known = Object.keys(shapeFor(each).schema.shape);
    expect(Object.keys(each.receipt).filter((name) => !known.includes(name))).toEqual([]);
  });

  // Of these the page names no time, or the time is empty.
  const TIMELESS = [
    ...[
      'ChatAppAudit',
      'ChatAppAudit-v2',
      'FlowReport',
      'FlowReport-failed',
      'MnsCardTemplate',
      'MnsCardVender',
    ],
    ...['MnsCardVender-string', 'SecretAsrReport', 'VoiceReport-2017'],
  ];

  test.each(fixtures)('$name has a subject, a key, and a time if there is one', (each) => {
    const facts = factsOf(each.receipt, each.type, shapeFor(each));
    expect(facts.subject).toMatch(/./);
    expect(facts.idempotencykey).toMatch(/^[0-9a-f]{32}$/);
    expect(facts.time === undefined, facts.time).toBe(TIMELESS.includes(each.name));
  });
});

test.each([
  ['SmsReport', '2024-01-01T00:00:06.000Z', '932702304080415357^0'],
  ['SmsReport-international', '2024-01-01T02:27:05.000Z', '1608808888'],
  ['SmsUp', '2024-01-01T01:00:00.000Z', '1234567890'],
  ['SmsUp-2017', '2017-08-31T16:00:00.000Z', '1234567890'],
  ['SignSmsReport-old', '2024-01-01T02:00:00.000Z', '2024010112345678'],
  ['TemplateSmsReport', '2024-01-01T02:00:00.000Z', 'SMS_10000****'],
  ['GlobeSmsReport', '2024-01-01T02:27:05.000Z', '1608808888^0'],
  ['VoiceReport', '2024-01-01T02:00:18.000Z', '100001616500^100001871490'],
  ['VoiceReport-two-legs', '2024-01-01T02:00:38.000Z', '100001616500^100001871490'],
  ['VoiceCallReport', '2024-01-01T02:00:08.000Z', '100001616500^100001871490'],
  ['VoiceCallReport-inbound', '2024-01-01T02:00:18.000Z', '100001616500^100001871490'],
  ['VoiceRecordReport', '2024-01-01T02:00:18.000Z', '100001616500^100001871490'],
  ['VoiceRTASRReport', '2024-01-01T02:00:08.000Z', '100001616500^100001871490'],
  ['ArtcCdrReport', '2024-01-01T02:01:00.000Z', 'amdc7a6a9ds90sad0a'],
  ['ArtcCdrReport-2019', '2024-01-01T02:00:00.000Z', 'amdc7a6a9ds90sad0a'],
  ['AlicomAgentCallReport-unanswered', '2024-01-01T02:00:18.000Z', '100001616500^100001871490'],
  ['RobotCallReportAiccs', '2024-01-01T02:00:18.000Z', '1264306***^113219835***'],
  ['RobotCallReportAiccs-flat', '2024-01-01T02:00:18.000Z', '1264306***^113219835***'],
  ['SecretStartReport', '2024-01-01T04:00:00.000Z', 'abcdef1234'],
  ['SecretRingReport', '2024-01-01T04:00:05.000Z', 'abcdef1234'],
  ['SecretPickUpReport-ring_Time', '2024-01-01T04:00:09.000Z', 'abcdef1234'],
  ['SecretReport', '2024-01-01T04:01:09.000Z', 'abcdef1234'],
  ['SecretRecording', '2024-01-01T04:00:00.000Z', 'abcdef1234'],
  ['SecretRecording-http', '2024-01-01T04:00:00.000Z', 'abcdef1234'],
  ['SecretRecording-2018', '2018-01-01T04:00:00.000Z', 'abcdef1234'],
  ['SecretSmsIntercept', '2024-01-01T04:01:00.000Z', '123456'],
  ['SecretExceptionPhoneReport', '2024-01-01T04:00:00.000Z', '170****0000'],
  ['NumberManagementReport-snake', '2024-01-01T04:00:00.000Z', '170****0000'],
  ['SmartLogisticsReport', '2024-01-01T04:00:00.000Z', 'YT00000000'],
  ['ChatAppInbound', '2024-01-01T04:00:00.000Z', '1000000000000001'],
  ['ChatAppInbound-http', '2024-01-01T04:00:00.000Z', '1000000000000001'],
  ['ChatAppStatus', '2024-01-01T04:00:05.000Z', '1000000000000001'],
])('%s happened at %s and is about %s', (name, time, subject) => {
  const each = fixture(name);
  expect(factsOf(each.receipt, each.type, shapeFor(each))).toMatchObject({ time, subject });
});

describe('what makes a receipt the same', () => {
  const keyOf = (name: string, changes: object = {}) => {
    const { type, receipt } = fixture(name);
    const changed = { ...receipt, ...changes };
    return factsOf(changed, type, shapeOf(changed, catalog[type])).idempotencykey;
  };

  // Each of these makes another receipt of it.
  test.each([
    ['SmsReport', { biz_id: '2' }],
    ['SmsReport', { phone_number: '1390000****' }],
    ['SmsReport-callback', { message_id: '2' }],
    ['SmsReport-international', { To: '61400****01' }],
    ['SmsReport-international', { Status: '6' }],
    ['GlobeSmsReport', { message_id: '2' }],
    ['SmsUp', { sequence_id: 1234567891 }],
    ['SmsUp', { sequence_id: undefined, send_time: '2024-01-01 09:00:01' }],
    ['SignSmsReport', { sign_status: 'approving' }],
    ['SignSmsReport-old', { order_id: '2' }],
    ['TemplateSmsReport', { template_status: 'approved' }],
    ['MnsCardTemplate', { tmpOps: [{ vendorCode: 'HuaWei', state: 2, desc: '' }] }],
    ['VoiceCallReport', { status_code: '200100' }],
    ['VoiceCallReport', { status_time: '2024-01-01 10:00:09' }],
    ['VoiceCallReport-dtmf', { dtmf: '2' }],
    ['VoiceCallReport-inbound', { biz_id: '2' }],
    ['VoiceRecordReport', { record_begin_time: '2024-01-01 10:00:12' }],
    ['VoiceRTASRReport', { begin_offset: 9000 }],
    ['VoiceRTASRReport', { role: 'A' }],
    ['ArtcCdrReport-2019-conference', { userId: '2' }],
    ['SecretReport', { call_id: '2' }],
    ['SecretSmsIntercept', { id: 2 }],
    ['SecretExceptionPhoneReport', { timestamp: 1704081600001 }],
    ['NumberManagementReport', { status: 2 }],
    ['SmartLogisticsReport', { logisticsStatus: 'GOT' }],
    ['FlowReport', { out_id: '2' }],
    ['ChatAppInbound', { MessageId: '2' }],
    ['ChatAppStatus', { Status: 'Read' }],
    ['ChatAppAudit', { AuditStatus: 'pass' }],
  ])('%s is another with %j', (name, changes) => {
    expect(keyOf(name, changes)).not.toBe(keyOf(name));
  });

  test('is neither the order of its fields nor a field that was added', () => {
    for (const { name, type, receipt } of fixtures) {
      const other = { brand_new: 1, ...Object.fromEntries(Object.entries(receipt).reverse()) };
      const key = factsOf(other, type, shapeOf(other, catalog[type])).idempotencykey;
      expect(key, name).toBe(keyOf(name));
    }
  });

  test('is the type, too: the reports about one call are all different', () => {
    const names = [
      'SecretStartReport',
      'SecretRingReport',
      'SecretPickUpReport',
      'SecretReport',
      'SecretRecording',
    ];
    expect(new Set(names.map((name) => keyOf(name))).size).toBe(names.length);
  });

  test('is not whether a number is quoted, nor how a name is spelled', () => {
    expect(keyOf('SmsUp-http')).toBe(keyOf('SmsUp'));
    expect(keyOf('MnsCardVender-string')).toBe(keyOf('MnsCardVender'));
    expect(keyOf('SecretReport-http')).toBe(keyOf('SecretReport'));
    expect(keyOf('NumberManagementReport-snake')).toBe(keyOf('NumberManagementReport'));
    expect(keyOf('RobotCallReportAiccs-flat')).toBe(keyOf('RobotCallReportAiccs'));
  });
});

test('nothing that JSON can hold makes a schema throw, or change the receipt', () => {
  const names = [...new Set(shapes.flatMap(({ shape }) => Object.keys(shape.schema.shape)))];
  const key = fc.oneof(
    fc.constantFrom(...names),
    fc.constantFrom('__proto__', 'constructor', 'toString'),
    fc.string(),
  );
  const receipt = fc.oneof(
    fc.jsonValue(),
    fc
      .array(fc.tuple(key, fc.jsonValue()))
      .map((entries) => JSON.parse(JSON.stringify(Object.fromEntries(entries)))),
  );
  fc.assert(
    fc.property(receipt, (value) => {
      const before = JSON.stringify(value);
      for (const { shape } of shapes) shape.schema.safeParse(value);
      expect(JSON.stringify(value)).toBe(before);
      if (typeof value !== 'object' || value === null) return;
      for (const [type, entry] of types) {
        expect(() => factsOf(value, type, shapeOf(value, entry))).not.toThrow();
      }
    }),
    { numRuns: 200 },
  );
});

test('fields are looked for in the receipt, not in what it inherits', () => {
  expect(fieldAt({}, 'constructor')).toBeUndefined();
  expect(fieldAt({ a: [] }, 'a.length.toString')).toBeUndefined();
});
