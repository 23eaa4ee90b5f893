/** What is told of calls beside their record: progress, recordings, transcripts. Values worked out by hand. */
import { describe, expect, test } from 'vitest';
import type { NormalizedProgress } from '../../src/receipts/normalize/index.js';
import { AT, normalized } from './normalize-rig.js';

const id = '100001616500^100001871490';

describe('a call that goes on', () => {
  test.each([
    ['200101', { state: 'calling' }],
    ['200201', { state: 'ringing' }],
    ['200202', { state: 'ringing', leg: 'b' }],
    // A leg cannot be told: callee answered, A answered, or B is being called.
    ['200102', { state: 'answered' }],
    ['200103', { state: 'answered', leg: 'b' }],
    ['200100', { state: 'ended' }],
    ['300000', { state: 'dtmf' }],
    ['200000', { state: 'unknown' }],
    ['200010', { state: 'unknown' }],
    ['', { state: 'unknown' }],
  ])('with code %s is %o', (status_code, progress) => {
    const { state, leg } = normalized('VoiceCallReport', { call_id: id, status_code }) as NormalizedProgress;
    expect(JSON.parse(JSON.stringify({ state, leg }))).toEqual(progress);
  });

  test.each(['VoiceCallReport', 'VoiceCallReportAiccs'])('of %s tells everything', (messageType) => {
    const receipt = {
      call_id: id,
      status_code: '300000',
      status_time: '2024-01-01 10:00:08',
      dtmf: '12#',
      out_id: '{"order":1}',
    };
    expect(normalized(messageType, receipt)).toEqual({
      kind: 'progress',
      messageType,
      at: AT,
      id,
      outId: '{"order":1}',
      state: 'dtmf',
      reason: { code: '300000', field: 'status_code', zh: '按键', en: 'Keys pressed' },
      since: '2024-01-01T02:00:08.000Z',
      dtmf: '12#',
    });
  });

  test('with keys and 200000, as the English page prints it, tells of the keys', () => {
    expect(normalized('VoiceCallReport', { status_code: '200000', dtmf: '1' })).toMatchObject({
      state: 'dtmf',
      reason: { code: '200000', en: 'Keys pressed' },
    });
  });

  test('inbound has biz_id for its id', () => {
    expect(normalized('VoiceCallReport', { biz_id: 'b', status_code: '200101' })).toMatchObject({ id: 'b' });
  });
});

describe('a recording', () => {
  test.each(['VoiceRecordReport', 'VoiceRecordReportAiccs'])('of %s tells where it is', (messageType) => {
    const receipt = {
      call_id: id,
      start_time: '2024-01-01 10:00:08',
      duration: 10,
      record_file: 'http://example.invalid/rec/1.wav',
      record_begin_time: '2024-01-01 10:00:09',
    };
    expect(normalized(messageType, receipt)).toEqual({
      kind: 'recording',
      messageType,
      at: AT,
      id,
      location: 'http://example.invalid/rec/1.wav',
      recordedAt: '2024-01-01T02:00:09.000Z',
      callStartedAt: '2024-01-01T02:00:08.000Z',
      seconds: 10,
    });
  });

  test.each(['1704081600000', 1704081600000, '2024-01-01 12:00:00'])(
    'of number privacy, called at %s, tells how to fetch it',
    (call_time) => {
      const receipt = {
        pool_key: 'FC1234567',
        subs_id: 123456,
        call_id: 'abcdef1234',
        call_time,
        out_id: 'o-1',
      };
      expect(normalized('SecretRecording', receipt)).toEqual({
        kind: 'recording',
        messageType: 'SecretRecording',
        at: AT,
        id: 'abcdef1234',
        outId: 'o-1',
        fetch: {
          action: 'QueryRecordFileDownloadUrl',
          CallId: 'abcdef1234',
          CallTime: '2024-01-01 12:00:00',
          PoolKey: 'FC1234567',
        },
        callStartedAt: '2024-01-01T04:00:00.000Z',
      });
    },
  );

  test('without a call id cannot be fetched', () => {
    expect(normalized('SecretRecording', { pool_key: 'FC1234567' })).not.toHaveProperty('fetch');
  });
});

describe('a transcript', () => {
  test('of one utterance tells who said what when', () => {
    const receipt = { call_id: id, role: 'B', words: '你好', begin_offset: 1000, end_offset: '9500' };
    expect(normalized('VoiceRTASRReport', { ...receipt, begin_time: '2024-01-01 10:00:08' })).toEqual({
      kind: 'transcript',
      messageType: 'VoiceRTASRReport',
      at: AT,
      id,
      sentences: [{ text: '你好', speaker: 'B', fromSeconds: 1, toSeconds: 9.5 }],
      startedAt: '2024-01-01T02:00:08.000Z',
    });
  });

  test('of a whole call tells it in order and leaves out what has no text', () => {
    const receipt = {
      callId: 'abcdef1234',
      secretNo: '170****0000',
      bizDuration: 60000,
      statusCode: '21050000',
      sentences: [
        { beginTime: 340, endTime: 2460, channelId: 0, text: '你好' },
        { beginTime: 3000, endTime: 3100, channelId: 1, text: '' },
        null,
        { beginTime: 0, channelId: 1, text: '再见' },
      ],
    };
    expect(normalized('SecretAsrReport', receipt)).toEqual({
      kind: 'transcript',
      messageType: 'SecretAsrReport',
      at: AT,
      id: 'abcdef1234',
      sentences: [
        { text: '你好', speaker: '0', fromSeconds: 0.34, toSeconds: 2.46 },
        { text: '再见', speaker: '1', fromSeconds: 0 },
      ],
      reason: { code: '21050000', field: 'statusCode', zh: '识别成功', en: 'Recognised' },
      via: '170****0000',
      seconds: 60,
    });
  });
});
