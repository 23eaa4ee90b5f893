import { describe, expect, test } from 'vitest';
import { driftOf, fixture } from './fixtures.js';

describe('drift', () => {
  test.each([
    ['SmsReport', { success: 'true' }, ['success']],
    ['SmsReport', { biz_id: undefined }, ['biz_id']],
    ['SmsReport', { err_msg: null }, ['err_msg']],
    ['SmsReport-international', { Status: null }, ['Status']],
    ['SmsUp', { content: undefined, send_time: 5 }, ['send_time', 'content']],
    ['SignSmsReport', { sign_status: 1 }, ['sign_status']],
    ['MnsCardTemplate', { tmpOps: [{ state: true }] }, ['tmpOps.0.state']],
    ['MnsCardTemplate', { tmpOps: {} }, ['tmpOps']],
    ['VoiceReport', { call_id: 1, duration: [] }, ['call_id', 'duration']],
    ['VoiceReport', { start_time: null }, ['start_time']],
    ['VoiceCallReport', { status_code: 200102 }, ['status_code']],
    [
      'ArtcCdrReport',
      { detail: { callOutInfo: [{ caller: '1' }, { caller: 2 }] } },
      ['detail.callOutInfo.1.caller'],
    ],
    ['ArtcCdrReport-2019', { roomId: 1 }, ['roomId']],
    ['RobotCallReportAiccs', { data: undefined }, ['data']],
    ['RobotCallReportAiccs', { data: { output: { intentions: [1] } } }, ['data.output.intentions.0']],
    ['RobotCallReportAiccs-flat', { endTime: {} }, ['endTime']],
    ['AlicomAgentCallReport', { caller: null }, ['caller']],
    ['SecretReport', { release_time: undefined }, ['release_time']],
    ['SecretRingReport', { ring_time: undefined }, ['ring_time']],
    ['SecretAsrReport', { sentences: [{ text: 1 }] }, ['sentences.0.text']],
    ['SecretSmsIntercept', { 'sms-intercept-type': 1 }, ['sms-intercept-type']],
    ['ChatAppInbound-http', { 'Timestamp ': {} }, ['Timestamp ']],
    ['FlowReport', { phone: 1300000 }, ['phone']],
  ])('of %s with %j is in %o', (name, changes, paths) => {
    const { type, receipt } = fixture(name);
    expect(driftOf({ type, receipt: { ...receipt, ...changes } })).toEqual(paths);
  });

  test('is none of a field that nobody knows, at any depth', () => {
    const { type, receipt } = fixture('ArtcCdrReport');
    const detail = { callInInfo: { brand_new: 1 }, callOutInfo: [{ brand_new: [] }], brand_new: {} };
    expect(driftOf({ type, receipt: { ...receipt, brand_new: null, detail } })).toEqual([]);
  });

  test.each([
    ['AlicomAgentCallReport', { startTime: null, bDuration: null }],
    ['SecretStartReport', { sub_id: '123456', call_type: '0' }],
    ['SecretReport', { sub_id: '12345678901234567890' }],
    ['VoiceReport', { duration: 10, b_duration: '6' }],
    ['VoiceRecordReport', { duration: '10' }],
    ['ChatAppStatus', { Timestamp: '1704081605000' }],
  ])('is none of %s with %j', (name, changes) => {
    const { type, receipt } = fixture(name);
    expect(driftOf({ type, receipt: { ...receipt, ...changes } })).toEqual([]);
  });
});
