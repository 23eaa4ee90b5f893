/** What was sent to people, seen by `normalize`; values worked out by hand. */
import { describe, expect, test } from 'vitest';
import { AT, normalized } from './normalize-rig.js';

describe('a mainland SMS', () => {
  const RECEIPT = {
    phone_number: '1381111****',
    send_time: '2024-01-01 08:00:00',
    report_time: '2024-01-01 08:00:06',
    success: true,
    err_code: 'DELIVERED',
    err_msg: '用户接收成功',
    sms_size: '2',
    biz_id: '932702304080415357^0',
    out_id: 'order-1001',
  };

  test.each(['SmsReport', 'DypnsSmsVerifyReport'])('of %s tells everything', (type) => {
    expect(normalized(type, RECEIPT)).toEqual({
      kind: 'message',
      messageType: type,
      at: AT,
      id: '932702304080415357^0',
      outId: 'order-1001',
      channel: 'sms',
      outcome: 'delivered',
      reason: { code: 'DELIVERED', field: 'err_code', zh: '用户接收成功', en: 'Delivered' },
      to: '1381111****',
      sentAt: '2024-01-01T00:00:00.000Z',
      doneAt: '2024-01-01T00:00:06.000Z',
      segments: 2,
    });
  });

  test.each([
    [true, 'DELIVERED', 'delivered'],
    ['true', 'DELIVERED', 'delivered'],
    ['TRUE', 'X', 'delivered'],
    [false, 'MOBILE_IN_BLACK', 'failed'],
    ['false', 'DELIVERED', 'failed'],
    [undefined, 'DELIVERED', 'delivered'],
    // A code that is not known to mean a failure is not called one.
    [undefined, 'MK:0001', 'unknown'],
    [1, 'MK:0001', 'unknown'],
    [undefined, undefined, 'unknown'],
  ])('with success %s and code %s is %s', (success, err_code, outcome) => {
    expect(normalized('SmsReport', { ...RECEIPT, success, err_code })).toMatchObject({ outcome });
  });

  test('that failed for a carrier’s own reason says what the receipt says', () => {
    const view = normalized('SmsReport', {
      ...RECEIPT,
      success: false,
      err_code: 'MK:0001',
      err_msg: '空号',
    });
    expect(view).toMatchObject({ reason: { code: 'MK:0001', field: 'err_code', zh: '空号', en: '空号' } });
  });

  test('leaves out what is empty or of a shape that makes no sense', () => {
    const drifted = {
      err_code: '',
      phone_number: null,
      send_time: '',
      report_time: 'soon',
      sms_size: 'two',
      biz_id: 7,
    };
    expect(normalized('SmsReport', { ...drifted, success: false, out_id: '' })).toEqual({
      kind: 'message',
      messageType: 'SmsReport',
      at: AT,
      id: '7',
      channel: 'sms',
      outcome: 'failed',
    });
  });
});

describe('an international SMS', () => {
  const RECEIPT = {
    To: '61400****00',
    Status: '1',
    MessageId: '1608808888',
    SmsSize: '1',
    SendDate: 'Mon, 01 Jan 2024 10:27:00 +0800',
    ReceiveDate: 'Mon, 01 Jan 2024 10:27:05 +0800',
    ErrorCode: 'success',
    ErrorDescription: 'delivered',
  };
  const VIEW = {
    kind: 'message',
    at: AT,
    channel: 'sms',
    outcome: 'delivered',
    to: '61400****00',
    sentAt: '2024-01-01T02:27:00.000Z',
    doneAt: '2024-01-01T02:27:05.000Z',
  };

  test('of SmsReport tells everything', () => {
    expect(normalized('SmsReport', RECEIPT)).toEqual({
      ...VIEW,
      messageType: 'SmsReport',
      id: '1608808888',
      segments: 1,
      reason: { code: 'success', field: 'ErrorCode', zh: '用户接收成功', en: 'Delivered' },
    });
  });

  test('of GlobeSmsReport tells the same', () => {
    const receipt = {
      to: '61400****00',
      status: '1',
      message_id: '1608808888^0',
      send_date: 'Mon, 01 Jan 2024 10:27:00 +0800',
      receive_date: 'Mon, 01 Jan 2024 10:27:05 +0800',
      error_code: 'success',
      error_description: 'delivered',
    };
    expect(normalized('GlobeSmsReport', receipt)).toEqual({
      ...VIEW,
      messageType: 'GlobeSmsReport',
      id: '1608808888^0',
      reason: { code: 'success', field: 'error_code', zh: '用户接收成功', en: 'Delivered' },
    });
  });

  test.each([
    ['1', 'delivered'],
    [1, 'delivered'],
    ['2', 'failed'],
    ['6', 'failed'],
    ['3', 'delivered'],
    ['4', 'unknown'],
    ['', 'unknown'],
  ])('of status %s is %s', (Status, outcome) => {
    expect(normalized('SmsReport', { ...RECEIPT, Status })).toMatchObject({ outcome });
  });

  test('without an error code is explained by its status', () => {
    expect(normalized('SmsReport', { ...RECEIPT, Status: '6', ErrorCode: '' })).toMatchObject({
      reason: { code: '6', field: 'Status', zh: '短信过期', en: 'Expired' },
    });
  });

  test('has no time when the text has no zone', () => {
    const view = normalized('SmsReport', { ...RECEIPT, SendDate: 'Mon, 01 Jan 2024 10:27:00' });
    expect(view).not.toHaveProperty('sentAt');
  });
});

describe('a card SMS', () => {
  test.each([
    [0, 'delivered', 'Rendered'],
    ['0', 'delivered', 'Rendered'],
    [1, 'unknown', 'no card for this handset'],
  ])('of render status %s is %s', (render_status, outcome, en) => {
    const receipt = { mobile: '1381111****', outId: 'c-1', render_status, desc: 'no card for this handset' };
    expect(normalized('MnsCardVender', receipt)).toMatchObject({
      kind: 'message',
      channel: 'card',
      outcome,
      outId: 'c-1',
      to: '1381111****',
      reason: { code: String(render_status), field: 'render_status', en },
    });
  });
});

describe('a top-up', () => {
  test.each([
    ['3', 'delivered'],
    ['4', 'failed'],
    [4, 'failed'],
    ['1', 'unknown'],
  ])('of result %s is %s', (result, outcome) => {
    expect(normalized('FlowReport', { phone: '1300000****', out_id: '123', result })).toMatchObject({
      channel: 'flow',
      outcome,
      to: '1300000****',
      outId: '123',
      reason: { code: String(result), field: 'result' },
    });
  });

  test('is explained by its error code before its result', () => {
    expect(normalized('FlowReport', { result: '4', err_code: '12001', err_msg: '超限' })).toMatchObject({
      reason: { code: '12001', field: 'err_code', zh: '超出限制：超限', en: 'A limit was reached: 超限' },
    });
  });
});

describe('a ChatApp message', () => {
  const RECEIPT = {
    MessageId: '1000000000000001',
    From: '861390000****',
    To: '861388888****',
    Timestamp: 1704081605000,
    Status: 'Delivered',
    StatusDescription: 'delivered',
    ConversationType: 'marketing',
    ConversationExpirationTime: 1704081605000,
  };

  test('tells everything', () => {
    expect(normalized('ChatAppStatus', RECEIPT)).toEqual({
      kind: 'message',
      messageType: 'ChatAppStatus',
      at: AT,
      id: '1000000000000001',
      channel: 'chatapp',
      outcome: 'delivered',
      reason: { code: 'Delivered', field: 'Status', zh: '已送达', en: 'Delivered' },
      to: '861388888****',
      from: '861390000****',
      doneAt: '2024-01-01T04:00:05.000Z',
      tariff: 'marketing',
    });
  });

  test.each([
    ['Sent', 'pending', 'sentAt'],
    ['Read', 'delivered', 'doneAt'],
    ['Failed', 'failed', 'doneAt'],
    ['Deleted', 'unknown', 'doneAt'],
    ['failed', 'failed', 'doneAt'],
    ['Paused', 'unknown', 'doneAt'],
  ])('that is %s is %s', (Status, outcome, time) => {
    const view = normalized('ChatAppStatus', { ...RECEIPT, Status });
    expect(view).toMatchObject({ outcome, [time]: '2024-01-01T04:00:05.000Z' });
    expect(Object.keys(view).filter((key) => /^(sent|done)At$/.test(key))).toEqual([time]);
  });

  test('that failed says why, not that it failed', () => {
    const failed = { ...RECEIPT, Status: 'Failed', ErrorCode: '131026', ErrorDescription: 'not on this app' };
    expect(normalized('ChatAppStatus', failed)).toMatchObject({
      reason: { code: '131026', field: 'ErrorCode', zh: 'not on this app', en: 'not on this app' },
    });
  });
});

describe('an SMS through a privacy number', () => {
  const RECEIPT = {
    id: 123456,
    sms_type: 1,
    send_no: '150****0000',
    secret_no: '170****0000',
    receive_no: '180****0000',
    sms_content: ' hello ',
    call_id: 'sms-1',
    code: 'DELIVRD',
    'sms-intercept-type': 'NORMAL',
    start_time: '2024-01-01 12:01:00',
  };

  test('tells everything', () => {
    expect(normalized('SecretSmsIntercept', RECEIPT)).toEqual({
      kind: 'message',
      messageType: 'SecretSmsIntercept',
      at: AT,
      id: '123456',
      channel: 'sms',
      outcome: 'delivered',
      reason: { code: 'DELIVRD', field: 'code', zh: '用户接收成功', en: 'Delivered' },
      to: '180****0000',
      from: '150****0000',
      via: '170****0000',
      text: ' hello ',
      sentAt: '2024-01-01T04:01:00.000Z',
    });
  });

  test.each([
    [{ sms_type: 1, status: 2, code: '' }, 'unknown'],
    [{ sms_type: 2, status: 1, code: '' }, 'pending'],
    [{ sms_type: '2', status: '2', code: '' }, 'failed'],
    [{ sms_type: 2, status: 1 }, 'delivered'],
    [{ sms_type: 1, code: 'UNDELIV' }, 'unknown'],
  ])('of %o is %s', (fields, outcome) => {
    expect(normalized('SecretSmsIntercept', { ...RECEIPT, ...fields })).toMatchObject({ outcome });
  });
});
