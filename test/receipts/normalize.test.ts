/** What every view has, whatever comes in; and the reference's own examples, each by hand. */
import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Normalized, normalize, normalizedTypes, reasonOf } from '../../src/receipts/normalize/index.js';
import { AT, normalized } from './normalize-rig.js';

const KINDS: Record<Normalized['kind'], true> = {
  message: true,
  inbound: true,
  call: true,
  progress: true,
  recording: true,
  transcript: true,
  review: true,
  status: true,
  other: true,
};
const UNDESCRIBED = [
  'ArtcTempStatusReport',
  'LlmSmartCallReport',
  'SecretRingRecording',
  'Nope',
  '__proto__',
  '',
];

/** What a view must be, whatever it is of. */
function expectSound(view: Normalized): void {
  expect(KINDS[view.kind]).toBe(true);
  expect(JSON.parse(JSON.stringify(view))).toEqual(view);
  for (const [key, value] of everyValue(view)) {
    expect(value, key).not.toBe(undefined);
    expect(value, key).not.toBe(null);
    if (typeof value === 'string' && key !== 'messageType') expect(value.trim(), key).not.toBe('');
    if (typeof value === 'number') expect(value, key).toBeGreaterThanOrEqual(0);
    if (/(?:At|since)$/.test(key)) expect(value).toBe(new Date(value as string).toISOString());
  }
}

function everyValue(value: object): [string, unknown][] {
  return Object.entries(value).flatMap(([key, inner]) =>
    typeof inner === 'object' && inner !== null ? everyValue(inner) : [[key, inner] as [string, unknown]],
  );
}

describe('any receipt', () => {
  const names = [
    ...[
      'status_code',
      'Status',
      'success',
      'err_code',
      'err_msg',
      'result',
      'sms_size',
      'send_time',
      'ReceiveDate',
    ],
    ...[
      'To',
      'phone_number',
      'call_type',
      'unconnected_cause',
      'control_msg',
      'release_cause',
      'release_dir',
    ],
    ...[
      'start_time',
      'release_time',
      'call_out_time',
      'free_ring_time',
      'duration',
      'b_duration',
      'a_start_time',
    ],
    ...[
      'data',
      'info',
      'detail',
      'callInInfo',
      'callOutInfo',
      'sentences',
      'text',
      'beginTime',
      'Message',
      'Type',
    ],
    ...[
      'hangup_direction',
      'direction',
      'code',
      'sms_type',
      'status',
      'Timestamp ',
      '__proto__',
      'constructor',
    ],
    ...[
      'sign_status',
      'AuditStatus',
      'reason',
      'bizDuration',
      'call_time',
      'call_id',
      'endTime',
      'record_file',
    ],
  ];
  const values = fc.oneof(
    fc.constantFrom(
      '',
      ' ',
      '0',
      '1',
      '2',
      '6',
      '10秒',
      '200000',
      '200002',
      '200102',
      '300000',
      '2024-01-01 10:00:00',
    ),
    fc.constantFrom(
      '1704081600000',
      '20240230000000',
      'TEXT',
      '{"text":"x"}',
      '{',
      'Mon, 99 Foo 2024 10:27:00 +0800',
    ),
    fc.constantFrom<unknown>(0, -1, 1.5, 1e300, 1704081600000, -0, 1e21, null, true, false, [], {}),
    fc.string({ unit: 'binary' }),
  );
  const receipt = fc.letrec((tie) => ({
    value: fc.oneof({ depthSize: 'small' }, values, fc.array(tie('value')), tie('object')),
    object: fc.dictionary(
      fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...names) }, fc.string()),
      tie('value'),
    ),
  })).object;

  test.each([...normalizedTypes, ...UNDESCRIBED])(
    'of %s has a view, always the same, in plain JSON',
    (type) => {
      fc.assert(
        fc.property(fc.oneof(receipt, fc.jsonValue()), (data) => {
          const before = JSON.stringify(data);
          const view = normalized(type, data);
          expectSound(view);
          expect(view).toMatchObject({ messageType: type, at: AT });
          expect(view.kind === 'other').toBe(!normalizedTypes.includes(type));
          expect(normalized(type, data)).toEqual(view);
          expect(JSON.stringify(data)).toBe(before);
        }),
        { numRuns: 60, seed: 20240101 },
      );
    },
  );

  const noObjects = [undefined, null, 5, 'text', [], [{ biz_id: '1' }], Symbol('s'), 10n, () => 1];
  test.each(noObjects.map((data) => [data]))('that is no object, %s, has nothing to tell', (data) => {
    expect(normalized('SmsReport', data)).toEqual({
      kind: 'message',
      messageType: 'SmsReport',
      at: AT,
      channel: 'sms',
      outcome: 'unknown',
    });
  });

  test('nested ten thousand deep or ten thousand fields wide is no trouble', () => {
    const deep = JSON.parse(`{"data":${'{"info":'.repeat(10_000)}1${'}'.repeat(10_000)}}`);
    const wide = Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`field${index}`, index]));
    expect(normalized('RobotCallReportAiccs', deep).kind).toBe('call');
    expect(normalized('RobotCallReportAiccs', wide).kind).toBe('call');
  });

  test('has the time that MNS got it, when the event has none', () => {
    const event = { messagetype: 'SmsUp', enqueuedat: AT, data: {} } as unknown as Parameters<
      typeof normalize
    >[0];
    expect(normalize(event).at).toBe(AT);
  });

  test('of a type nobody has described still tells its ids', () => {
    expect(normalized('SecretBillingCallReport', { call_id: 'c', out_id: 'o', x: 1 })).toEqual({
      kind: 'other',
      messageType: 'SecretBillingCallReport',
      at: AT,
      id: 'c',
      outId: 'o',
    });
  });
});

describe('a reason', () => {
  test.each([
    ['err_code', 'DELIVERED', '用户接收成功', 'Delivered'],
    ['err_code', 'mobile_in_black', '号码在黑名单中', 'Number is on a block list'],
    ['intl_status', 6, '短信过期', 'Expired'],
    ['status_code', 200004, '空号', 'Number not in service'],
    ['smart_status_code', 'USER_BUSY', '用户忙', 'User busy'],
    ['release_cause', 17, '用户忙', 'User busy'],
    ['release_cause', ' 127 ', '互通，未指定', 'Interworking, unspecified'],
    ['unconnected_cause', 2, '无绑定关系', 'No binding'],
    ['control_msg', 'NO_SUBS_EXIST', '绑定关系不存在', 'No binding exists'],
    ['chatapp_status', 'read', '已读', 'Read'],
    ['flow_err_code', '00000', '充值成功', 'Credited'],
    ['flow_err_code', '10005', '用户侧原因', 'A cause on the user’s side'],
    ['flow_err_code', '11007', '供应商侧原因', 'A cause on the supplier’s side'],
    ['flow_err_code', '11999', '供应商侧原因', 'A cause on the supplier’s side'],
    ['flow_err_code', '12000', '超出限制', 'A limit was reached'],
    ['flow_err_code', '80000', '请求被限流', 'Throttled'],
  ] as const)('of %s %s is %s', (table, code, zh, en) => {
    expect(reasonOf(table, code)).toEqual({ code: String(code).trim(), field: table, zh, en });
  });

  test('of a code that no table knows is the given text, and says so without one', () => {
    for (const code of ['MK:0001', 'constructor', '__proto__', 'toString', '10006', '']) {
      for (const table of ['err_code', 'flow_err_code', 'release_cause'] as const) {
        expect(reasonOf(table, code, '余额不足')).toEqual({
          code,
          field: table,
          zh: '余额不足',
          en: '余额不足',
        });
        expect(reasonOf(table, code)).toMatchObject({ zh: '含义未公开', en: 'Meaning not documented' });
      }
    }
  });

  test('of a top-up tells the side that failed and the receipt’s own words', () => {
    expect(reasonOf('flow_err_code', '10001', '号码停机')).toMatchObject({
      zh: '用户侧原因：号码停机',
      en: 'A cause on the user’s side: 号码停机',
    });
  });
});

const FIXTURES = new URL('../fixtures/receipts/', import.meta.url);
const files = readdirSync(FIXTURES).filter((name) => name.endsWith('.json'));

describe('a receipt that a vendor printed', () => {
  test.each(files)('%s has a view that tells more than its type', (file) => {
    const { receipt } = JSON.parse(readFileSync(new URL(file, FIXTURES), 'utf8'));
    const type = file.split(/[-.]/)[0] ?? '';
    for (const data of Array.isArray(receipt) ? receipt : [receipt]) {
      const view = normalized(type, data);
      expectSound(view);
      expect(view.kind === 'other').toBe(!normalizedTypes.includes(type));
      if (view.kind !== 'other') expect(Object.keys(view).length).toBeGreaterThan(4);
    }
  });
});
