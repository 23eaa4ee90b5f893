/** What people sent, reviews and states, seen by `normalize`; values worked out by hand. */
import { describe, expect, test } from 'vitest';
import { AT, normalized } from './normalize-rig.js';

describe('what a person sent', () => {
  test.each([
    ['2024-01-01 09:00:00', 1234567890, '1234567890'],
    ['20240101090000', '12345678901234567890', '12345678901234567890'],
  ])('by SMS at %s tells everything', (send_time, sequence_id, id) => {
    const receipt = {
      phone_number: '1381111****',
      send_time,
      content: ' TD\n',
      dest_code: '1234',
      sequence_id,
    };
    expect(normalized('SmsUp', receipt)).toEqual({
      kind: 'inbound',
      messageType: 'SmsUp',
      at: AT,
      id,
      channel: 'sms',
      from: '1381111****',
      to: '1234',
      contentType: 'text',
      text: ' TD\n',
      sentAt: '2024-01-01T01:00:00.000Z',
    });
  });

  const CHAT = { MessageId: '1', From: '86138', To: '86139', DisplayName: 'Mr Liu', Name: 'jack' };

  test('by ChatApp tells everything, also with the blank that samples have after Timestamp', () => {
    const receipt = {
      ...CHAT,
      Type: 'TEXT',
      Message: '{"url":"https://typed.invalid"}',
      'Timestamp ': 1704081600000,
    };
    expect(normalized('ChatAppInbound', receipt)).toEqual({
      kind: 'inbound',
      messageType: 'ChatAppInbound',
      at: AT,
      id: '1',
      channel: 'chatapp',
      from: '86138',
      fromName: 'Mr Liu',
      to: '86139',
      contentType: 'text',
      text: '{"url":"https://typed.invalid"}',
      sentAt: '2024-01-01T04:00:00.000Z',
    });
  });

  test.each([
    ['REPLY', '{"text":"yes","payload":"p"}', { text: 'yes' }],
    [
      'IMAGE',
      '{"caption":"look","url":"https://example.invalid/1"}',
      { text: 'look', mediaUrl: 'https://example.invalid/1' },
    ],
    ['VIDEO', '{"name":"n","url":"https://example.invalid/2"}', { mediaUrl: 'https://example.invalid/2' }],
    ['DOCUMENT', 'no JSON', {}],
    ['IMAGE', '[1]', {}],
    ['LOCATION', '{"address":"a","latitude":1}', {}],
  ])('by ChatApp as %s %s tells %o', (Type, Message, told) => {
    const { text, mediaUrl } = normalized('ChatAppInbound', { ...CHAT, Type, Message }) as {
      text?: string;
      mediaUrl?: string;
    };
    expect(JSON.parse(JSON.stringify({ text, mediaUrl }))).toEqual(told);
  });
});

describe('a review', () => {
  test('of a signature tells everything', () => {
    const receipt = {
      sign_name: '示例科技',
      sign_status: 'approved',
      reason: '',
      orderId: '2024010112345678',
    };
    expect(normalized('SignSmsReport', receipt)).toEqual({
      kind: 'review',
      messageType: 'SignSmsReport',
      at: AT,
      id: '2024010112345678',
      subject: 'signature',
      name: '示例科技',
      verdict: 'approved',
      reason: { code: 'approved', field: 'sign_status', zh: '审核通过', en: 'Approved' },
    });
    expect(normalized('SignSmsReport', { order_id: '1' })).toMatchObject({ id: '1', verdict: 'unknown' });
  });

  test.each([
    [
      'TemplateSmsReport',
      { template_code: 'SMS_1', template_status: 'rejected', reason: '变量不合规' },
      'rejected',
      '变量不合规',
    ],
    [
      'TemplateSmsReport',
      { template_code: 'SMS_1', template_status: 'approving', reason: '' },
      'pending',
      'Under review',
    ],
    [
      'ChatAppAudit',
      { TemplateCode: 'SMS_1', AuditStatus: 'fail', Reason: 'INVALID_FORMAT' },
      'rejected',
      'INVALID_FORMAT',
    ],
    ['ChatAppAudit', { TemplateCode: 'SMS_1', AuditStatus: 'pass', Reason: 'x' }, 'approved', 'Approved'],
    ['ChatAppAudit', { TemplateCode: 'SMS_1', AuditStatus: 'unaudit' }, 'pending', 'Not reviewed yet'],
    ['ChatAppAudit', { TemplateCode: 'SMS_1', AuditStatus: 'auditing' }, 'pending', 'Under review'],
    ['ChatAppAudit', { TemplateCode: 'SMS_1', AuditStatus: 'new' }, 'unknown', 'Meaning not documented'],
    // Nobody says what 0, 1 and 2 mean.
    [
      'MnsCardTemplate',
      { template_code: 'SMS_1', approval_status: 1, desc: '' },
      'unknown',
      'Meaning not documented',
    ],
    [
      'MnsCardTemplate',
      { template_code: 'SMS_1', approval_status: 2, desc: 'bad picture' },
      'unknown',
      'bad picture',
    ],
  ])('by %s %o is %s', (type, receipt, verdict, en) => {
    expect(normalized(type, receipt)).toMatchObject({
      subject: 'template',
      name: 'SMS_1',
      verdict,
      reason: { en },
    });
  });
});

describe('a state', () => {
  test.each([
    ['camel case', { secretNo: '170****0000', operatingTime: '2024-01-01 12:00:00', status: 1 }],
    ['snake case', { secret_no: '170****0000', operating_time: '2024-01-01 12:00:00', status: '1' }],
  ])('of a number in %s tells everything', (_, receipt) => {
    expect(normalized('NumberManagementReport', receipt)).toEqual({
      kind: 'status',
      messageType: 'NumberManagementReport',
      at: AT,
      subject: 'number',
      name: '170****0000',
      reason: { code: '1', field: 'status', zh: '号码已创建', en: 'Created' },
      since: '2024-01-01T04:00:00.000Z',
    });
  });

  test('of an abnormal number has its time from milliseconds', () => {
    const receipt = { secretNo: '170****0000', partnerKey: 'FC', noStatus: 0, timestamp: 1704081600000 };
    expect(normalized('SecretExceptionPhoneReport', receipt)).toMatchObject({
      subject: 'number',
      name: '170****0000',
      reason: { code: '0', field: 'noStatus', zh: '号码异常', en: 'Abnormal' },
      since: '2024-01-01T04:00:00.000Z',
    });
  });

  test('of a parcel tells where it is', () => {
    const receipt = {
      mailNo: 'YT00000000',
      logisticsStatus: 'SIGN',
      logisticsStatusDesc: '已签收',
      lastLogisticDetail: '快件已签收',
      logisticsGmtModified: '2024-01-01 12:00:00',
    };
    expect(normalized('SmartLogisticsReport', receipt)).toMatchObject({
      id: 'YT00000000',
      subject: 'parcel',
      reason: { code: 'SIGN', field: 'logisticsStatus', zh: '已签收', en: 'Signed for' },
      since: '2024-01-01T04:00:00.000Z',
      text: '快件已签收',
    });
  });
});
