import { expect, test } from 'vitest';
import { SAMPLE_TYPES, sampleReceipt } from '../../src/emulator/index.js';

test.each(SAMPLE_TYPES)('%s: the same number gives the same receipt, another number another', (type) => {
  expect(sampleReceipt(type, 41)).toEqual(sampleReceipt(type, 41));
  const all = Array.from({ length: 500 }, (_, n) => JSON.stringify(sampleReceipt(type, n)));
  expect(new Set(all).size).toBe(500);
});

test('SmsReport has the documented fields; most succeed, some fail', () => {
  expect(sampleReceipt('SmsReport', 0)).toEqual({
    phone_number: '13900000000',
    send_time: '2024-01-01 08:00:00',
    report_time: '2024-01-01 08:00:06',
    success: true,
    err_code: 'DELIVERED',
    err_msg: '用户接收成功',
    sms_size: '1',
    biz_id: '932700000000000000^0',
    out_id: 'order-0',
  });
  const failed = Array.from({ length: 70 }, (_, n) => sampleReceipt('SmsReport', n)).filter(
    (receipt) => 'success' in receipt && receipt.success === false,
  );
  expect(failed).toHaveLength(10);
  expect(failed[0]).toMatchObject({ err_code: expect.not.stringMatching('DELIVERED') });
});

test('an unanswered privacy call starts when it is released', () => {
  expect(sampleReceipt('SecretReport', 4)).toMatchObject({
    start_time: '2024-01-01 08:01:13',
    release_time: '2024-01-01 08:01:13',
    release_cause: 19,
  });
});

test('an unknown type still gives something to tell apart', () => {
  expect(sampleReceipt('FutureReport', 3)).toMatchObject({ id: 'FutureReport-3' });
  expect(sampleReceipt('toString', 3)).toMatchObject({ id: 'toString-3' });
});
