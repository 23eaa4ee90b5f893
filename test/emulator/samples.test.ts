import { describe, expect, test } from 'vitest';
import { SAMPLE_TYPES, SAMPLE_VARIANTS, sampleReceipt } from '../../src/emulator/index.js';
import { catalog } from '../../src/receipts/catalog.js';
import { fieldAt, type ReceiptShape, type ReceiptType } from '../../src/receipts/receipt-type.js';

type Fields = Record<string, unknown>;
const NAMES = [...SAMPLE_TYPES, ...SAMPLE_VARIANTS];

function samples(type: string, count: number): Fields[] {
  return Array.from({ length: count }, (_, n) => sampleReceipt(type, n) as Fields);
}

/** Every name in the list of types, receipts.md §0.4. */
const DOCUMENTED =
  `SmsReport SmsUp SignSmsReport TemplateSmsReport GlobeSmsReport MnsCardVender MnsCardTemplate
  DypnsSmsVerifyReport VoiceReport VoiceCallReport VoiceRecordReport VoiceRTASRReport ArtcCdrReport ArtcTempStatusReport
  VoiceReportAiccs VoiceCallReportAiccs VoiceRecordReportAiccs RobotCallReportAiccs AlicomAgentCallReport
  LlmSmartCallReport SecretStartReport SecretRingReport SecretPickUpReport SecretReport SecretRecording SecretAsrReport
  SecretSmsIntercept SmartLogisticsReport NumberManagementReport SecretExceptionPhoneReport SecretBillingCallReport
  SecretBillingSmsReport SecretRingRecording FlowReport ChatAppInbound ChatAppStatus ChatAppAudit`.split(
    /\s+/,
  );

test('there are samples of every documented type, and of every type that the catalog knows', () => {
  expect([...SAMPLE_TYPES].sort()).toEqual([...DOCUMENTED].sort());
  expect(Object.keys(catalog).filter((type) => !SAMPLE_TYPES.includes(type))).toEqual([]);
});

describe.each(NAMES)('%s', (type) => {
  const [messageType = ''] = type.split('@');
  const entry = (catalog as Readonly<Record<string, ReceiptType>>)[messageType];

  test('the same number gives the same receipt, another number another', () => {
    expect(sampleReceipt(type, 41)).toEqual(sampleReceipt(type, 41));
    expect(new Set(samples(type, 500).map((receipt) => JSON.stringify(receipt))).size).toBe(500);
  });

  test('it is JSON without anything lost on the way', () => {
    for (const receipt of samples(type, 200)) {
      expect(JSON.parse(JSON.stringify(receipt))).toStrictEqual(receipt);
      expect(JSON.stringify(receipt)).not.toMatch(/NaN|undefined|Invalid/);
    }
  });

  test('published at a time, it tells of that time, and of none after it', () => {
    const at = Date.UTC(2031, 4, 6, 7, 8, 9);
    for (let n = 0; n < 100; n++) {
      const times = timesIn(JSON.stringify(sampleReceipt(type, n, at)));
      expect(times.filter((time) => time > at)).toEqual([]);
      // A parcel's story is told in days, a recording's in minutes.
      expect(times.filter((time) => time < at - 32 * 3_600_000)).toEqual([]);
    }
  });

  const shapeOf = (receipt: Fields): ReceiptShape | undefined =>
    entry?.shapes.find(({ mark }) => mark === undefined || fieldAt(receipt, mark) !== undefined);

  test('it is of the shape that the catalog knows', () => {
    for (const receipt of samples(type, 51)) {
      expect(
        shapeOf(receipt)?.schema.safeParse(receipt).error?.issues ?? [],
        JSON.stringify(receipt),
      ).toEqual([]);
    }
    expect(shapeOf(sampleReceipt(type, 0) as Fields)).toBeDefined();
  });

  // Of some types nothing is known, hence nothing by which to tell two apart.
  const known = (entry?.shapes ?? []).every(({ identity }) => identity.length > 0);
  test.runIf(known)('no two are taken for one by what the catalog tells receipts apart', () => {
    const identities = samples(type, 300).map((receipt) =>
      JSON.stringify(shapeOf(receipt)?.identity.map((path) => fieldAt(receipt, path))),
    );
    expect(new Set(identities).size).toBe(300);
  });
});

/** ms since the epoch of whatever looks like a time. */
function timesIn(json: string): number[] {
  const wall = json.matchAll(/"(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)"/g);
  const zoned = json.matchAll(/"(\w{3}, \d\d \w{3} \d{4} [\d:]{8} \+0800)"/g);
  const epoch = json.matchAll(/(?<!\d)(1[789]\d{11})(?!\d)/g);
  return [
    ...Array.from(wall, ([, day, time]) => Date.parse(`${day}T${time}+08:00`)),
    ...Array.from(zoned, ([, text]) => Date.parse(text ?? '')),
    ...Array.from(epoch, ([, text]) => Number(text)),
  ];
}

test('most types tell when they were published', () => {
  const at = Date.UTC(2031, 4, 6, 7, 8, 9);
  const silent = NAMES.filter((type) => timesIn(JSON.stringify(sampleReceipt(type, 0, at))).length === 0);
  expect(silent).toEqual([
    'MnsCardVender',
    'MnsCardTemplate',
    'SecretAsrReport',
    'FlowReport',
    'ChatAppAudit',
  ]);
});

test('SmsReport has the documented fields; most succeed, some fail', () => {
  expect(sampleReceipt('SmsReport', 0)).toEqual({
    phone_number: '13900000000',
    send_time: '2024-01-01 08:00:00',
    report_time: expect.stringMatching(/^2024-01-01 08:00:[0-3]\d$/),
    success: true,
    err_code: 'DELIVERED',
    err_msg: '用户接收成功',
    sms_size: expect.stringMatching(/^[123]$/),
    biz_id: '932000000000000000^0',
    out_id: 'order-0',
  });
  const failed = samples('SmsReport', 700).filter(({ success }) => success === false);
  expect(failed).toHaveLength(100);
  const codes = new Set(failed.map(({ err_code }) => err_code));
  expect(codes.size).toBeGreaterThan(4);
  expect(codes).not.toContain('DELIVERED');
});

test('the international shape of SmsReport', () => {
  expect(sampleReceipt('SmsReport@intl', 0)).toMatchObject({
    To: '61400000000',
    Status: '1',
    SendDate: 'Mon, 01 Jan 2024 08:00:00 +0800',
    ErrorCode: 'success',
  });
});

describe('reports about one call', () => {
  const by = (key: string, receipts: Fields[]): Map<unknown, Fields[]> => {
    const groups = new Map<unknown, Fields[]>();
    for (const one of receipts) groups.set(one[key], [...(groups.get(one[key]) ?? []), one]);
    return groups;
  };

  test.each([
    ['', 'VoiceRTASRReport'],
    ['Aiccs', undefined],
  ])('VoiceReport%s and its relatives carry its id and agree on its times', (suffix, asr) => {
    const calls = by('call_id', samples(`VoiceReport${suffix}`, 200));
    const steps = by('call_id', samples(`VoiceCallReport${suffix}`, 500));
    const recordings = by('call_id', samples(`VoiceRecordReport${suffix}`, 100));
    expect(calls.size).toBe(200);
    let [compared, answered] = [0, 0];
    for (const [id, [call]] of calls) {
      const of = steps.get(id);
      if (of === undefined || !of.some(({ status_code }) => status_code === '200100')) continue;
      compared += 1;
      const at = Object.fromEntries(of.map(({ status_code, status_time }) => [status_code, status_time]));
      expect(at['200101']).toBe(call?.originate_time);
      expect(at['200201'] ?? '').toBe(call?.ring_time);
      expect(at['200102'] ?? '').toBe(call?.start_time);
      expect(at['200100']).toBe(call?.end_time);
      if (call?.start_time === '') expect(recordings.has(id)).toBe(false);
      else {
        answered += 1;
        expect(recordings.get(id)).toMatchObject([
          { start_time: call?.start_time, end_time: call?.end_time, duration: Number(call?.duration) },
        ]);
      }
    }
    expect(compared).toBeGreaterThan(100);
    expect(answered).toBeGreaterThan(compared / 2);
    expect(answered).toBeLessThan(compared);
    if (asr !== undefined) {
      for (const { call_id, begin_time } of samples(asr, 200)) {
        expect(calls.get(call_id)).toMatchObject([{ start_time: begin_time, status_code: '200000' }]);
      }
    }
  });

  test('calls end in all the ways calls do', () => {
    const codes = new Set(samples('VoiceReport', 40).map(({ status_code }) => status_code));
    expect([...codes].sort()).toEqual(['200000', '200002', '200003', '200004', '200005', '200010', '200011']);
    expect(new Set(samples('VoiceReport', 100).map(({ duration }) => duration)).size).toBeGreaterThan(25);
  });

  test('a key that was pressed is reported while the call lasts', () => {
    const pressed = samples('VoiceCallReport', 200).filter(({ status_code }) => status_code === '300000');
    expect(pressed.length).toBeGreaterThan(5);
    const calls = by('call_id', samples('VoiceReport', 100));
    for (const { call_id, dtmf, status_time } of pressed) {
      expect(calls.get(call_id)).toMatchObject([{ dtmf }]);
      expect(String(status_time) < String(calls.get(call_id)?.[0]?.end_time)).toBe(true);
    }
  });

  test('a robot call is a call of VoiceReportAiccs', () => {
    const calls = by('call_id', samples('VoiceReportAiccs', 100));
    for (const { callId } of samples('RobotCallReportAiccs', 50)) expect(calls.has(callId)).toBe(true);
    expect(calls.has(sampleReceipt('VoiceReport', 0) as Fields['call_id'])).toBe(false);
  });

  test('privacy calls: start, ring, pick up, report, recording', () => {
    const reports = by('call_id', samples('SecretReport', 200));
    for (const start of samples('SecretStartReport', 200)) {
      const { call_id, call_time, sub_id, call_type } = start;
      expect(reports.get(call_id)).toMatchObject([{ call_time, sub_id, call_type }]);
    }
    for (const ring of samples('SecretRingReport', 100)) {
      expect(reports.get(ring.call_id)).toMatchObject([
        { free_ring_time: ring.ring_time, sub_id: ring.sub_id },
      ]);
    }
    for (const { call_id, start_time } of samples('SecretPickUpReport', 100)) {
      expect(reports.get(call_id)).toMatchObject([{ start_time, release_cause: 16 }]);
    }
    for (const { call_id, call_time } of samples('SecretRecording', 100)) {
      const [report] = reports.get(call_id) ?? [];
      expect(Number(call_time)).toBe(Date.parse(`${String(report?.call_time).replace(' ', 'T')}+08:00`));
    }
    for (const { callId } of samples('SecretAsrReport', 100)) expect(reports.has(callId)).toBe(true);
  });

  test('an unanswered privacy call starts when it is released', () => {
    const reports = samples('SecretReport', 100);
    const unanswered = reports.filter(({ release_cause }) => release_cause !== 16);
    expect(unanswered).toHaveLength(35);
    for (const { start_time, release_time } of unanswered) expect(start_time).toBe(release_time);
    for (const one of reports) {
      if (one.release_cause === 16) expect(one.start_time).not.toBe(one.release_time);
      if (one.release_cause === 17) expect(one.free_ring_time).toBe(one.call_out_time);
    }
    expect(reports.some(({ call_type, control_msg }) => call_type === 4 && control_msg !== undefined)).toBe(
      true,
    );
  });
});

test('what vendors spell in two ways is spelled in two ways, the rare one now and then', () => {
  const share = (type: string, rare: (receipt: Fields) => boolean): number =>
    samples(type, 320).filter(rare).length;
  const shares = [
    share('SmsUp', ({ sequence_id }) => typeof sequence_id === 'string'),
    share('SmsUp', ({ send_time }) => /^\d{14}$/.test(String(send_time))),
    share('SignSmsReport', (one) => 'order_id' in one),
    share('MnsCardVender', ({ render_status }) => typeof render_status === 'string'),
    share('VoiceReport', ({ b_duration }) => typeof b_duration === 'number'),
    share('ArtcCdrReport', (one) => 'uuid' in one),
    share('RobotCallReportAiccs', (one) => !('data' in one)),
    share('SecretReport', ({ sub_id }) => typeof sub_id === 'string'),
    share('SecretPickUpReport', (one) => 'ring_Time' in one),
    share('SecretRecording', (one) => 'sub_id' in one),
    share('NumberManagementReport', (one) => 'secret_no' in one),
    share('ChatAppInbound', (one) => 'Timestamp ' in one),
  ];
  for (const count of shares) expect(count).toBeGreaterThan(0);
  for (const count of shares) expect(count).toBeLessThan(64);
});

test('runs have no business id in common', () => {
  const ids = [0, 1, 999_999].flatMap((run) =>
    Array.from({ length: 50 }, (_, n) => (sampleReceipt('SmsReport', n, undefined, run) as Fields).biz_id),
  );
  expect(new Set(ids).size).toBe(150);
  const { sequence_id } = sampleReceipt('SmsUp', 999_999_998, undefined, 999_999) as Fields;
  expect(Number.isSafeInteger(Number(sequence_id))).toBe(true);
});

test('an unknown type still gives something to tell apart', () => {
  expect(sampleReceipt('FutureReport', 3)).toMatchObject({ id: 'FutureReport-3' });
  expect(sampleReceipt('toString', 3)).toMatchObject({ id: 'toString-3' });
});
