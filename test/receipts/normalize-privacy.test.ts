/** Calls through privacy numbers, seen by `normalize`; values worked out by hand. */
import { describe, expect, test } from 'vitest';
import { AT, normalized } from './normalize-rig.js';

describe('a privacy call', () => {
  const RECEIPT = {
    pool_key: 'FC1234567',
    sub_id: 123456,
    call_id: 'abcdef1234',
    phone_no: '150****0000',
    secret_no: '170****0000',
    peer_no: '158****0000',
    called_display_no: '170****0000',
    call_type: 0,
    call_time: '2024-01-01 12:00:00',
    call_out_time: '2024-01-01 12:00:02',
    ring_time: '2024-01-01 12:00:04',
    free_ring_time: '2024-01-01 12:00:05',
    start_time: '2024-01-01 12:00:09',
    release_time: '2024-01-01 12:01:09',
    release_dir: 1,
    release_cause: 16,
    unconnected_cause: 0,
    sms_number: 0,
    record_url: 'http://example.invalid/rec/1',
    ring_record_url: '',
    out_id: 'o-1',
    control_msg: 'OK',
  };

  test('tells everything', () => {
    expect(normalized('SecretReport', RECEIPT)).toEqual({
      kind: 'call',
      messageType: 'SecretReport',
      at: AT,
      id: 'abcdef1234',
      outId: 'o-1',
      outcome: 'answered',
      reason: { code: '16', field: 'release_cause', zh: '正常清除', en: 'Normal clearing' },
      caller: '150****0000',
      callee: '158****0000',
      via: '170****0000',
      startedAt: '2024-01-01T04:00:00.000Z',
      ringAt: '2024-01-01T04:00:05.000Z',
      answeredAt: '2024-01-01T04:00:09.000Z',
      endedAt: '2024-01-01T04:01:09.000Z',
      talkSeconds: 60,
      hungUpBy: 'caller',
      recordingUrl: 'http://example.invalid/rec/1',
    });
  });

  test('was not answered when it started the second it was released, and did not ring when that is the call-out time', () => {
    const view = normalized('SecretReport', {
      ...RECEIPT,
      free_ring_time: RECEIPT.call_out_time,
      start_time: RECEIPT.release_time,
      release_cause: '19',
      release_dir: '0',
    });
    expect(view).toMatchObject({
      outcome: 'unanswered',
      talkSeconds: 0,
      hungUpBy: 'platform',
      reason: { code: '19', field: 'release_cause', zh: '用户无应答', en: 'No answer' },
    });
    expect(view).not.toHaveProperty('answeredAt');
    expect(view).not.toHaveProperty('ringAt');
  });

  test.each([
    ['empty', { start_time: '' }, 'unanswered'],
    ['missing', { start_time: undefined }, 'unanswered'],
    ['nonsense', { start_time: 'soon' }, 'unknown'],
    ['an object', { start_time: {} }, 'unknown'],
    ['after the release', { start_time: '2024-01-01 12:01:10' }, 'unknown'],
    ['known but the release time is not', { release_time: '' }, 'unknown'],
  ])('whose start time is %s is not called answered', (_, fields, outcome) => {
    const view = normalized('SecretReport', { ...RECEIPT, ...fields });
    expect(view).toMatchObject({ outcome });
    expect(view).not.toHaveProperty('answeredAt');
  });

  test('ring_time, when the exchange answered, is not taken for ringing', () => {
    expect(normalized('SecretReport', { ...RECEIPT, free_ring_time: '' })).not.toHaveProperty('ringAt');
  });

  test.each([
    [0, 'platform'],
    ['2', 'callee'],
    [3, undefined],
    ['', undefined],
  ])('of release_dir %s was hung up by %s', (release_dir, by) => {
    const view = normalized('SecretReport', { ...RECEIPT, release_dir });
    expect('hungUpBy' in view ? view.hungUpBy : undefined).toBe(by);
  });

  test.each([
    [0, '150****0000', '158****0000'],
    ['1', '158****0000', '150****0000'],
    [4, undefined, undefined],
    [9, undefined, undefined],
  ])('of call_type %s is from %s to %s', (call_type, caller, callee) => {
    const view = normalized('SecretReport', { ...RECEIPT, call_type }) as {
      caller?: string;
      callee?: string;
    };
    expect([view.caller, view.callee]).toEqual([caller, callee]);
  });

  test.each([
    [{ unconnected_cause: 2 }, 'unconnected_cause', '2', 'No binding'],
    [
      { unconnected_cause: '0', control_msg: 'NO_SUBS_EXIST' },
      'control_msg',
      'NO_SUBS_EXIST',
      'No binding exists',
    ],
    [{ unconnected_cause: 4, release_cause: 21 }, 'release_cause', '21', 'Call rejected'],
    [{ unconnected_cause: 4, release_cause: undefined }, 'unconnected_cause', '4', 'Other'],
    [{ call_type: 4, release_cause: '' }, 'call_type', '4', 'Call intercepted'],
    [{ release_cause: 200 }, 'release_cause', '200', 'Meaning not documented'],
  ])('of %o has its reason in %s', (fields, field, code, en) => {
    expect(normalized('SecretReport', { ...RECEIPT, ...fields })).toMatchObject({
      reason: { field, code, en },
    });
  });

  test.each([
    [2, '150****0000', '158****0000', 'SMS sent'],
    ['3', '158****0000', '150****0000', 'SMS received'],
    [5, undefined, undefined, 'SMS intercepted'],
  ])('of call_type %s is an SMS', (call_type, from, to, en) => {
    const view = normalized('SecretReport', { ...RECEIPT, call_type, sms_number: 3 });
    expect(view).toMatchObject({
      kind: 'message',
      channel: 'sms',
      outcome: 'unknown',
      segments: 3,
      reason: { en },
    });
    expect([view].map((message) => message.kind === 'message' && [message.from, message.to])).toEqual([
      [from, to],
    ]);
    expect(normalized('SecretStartReport', { ...RECEIPT, call_type })).toMatchObject({
      kind: 'message',
      outcome: 'pending',
    });
  });

  test.each([
    ['SecretStartReport', 'calling', '2024-01-01T04:00:00.000Z'],
    ['SecretRingReport', 'ringing', '2024-01-01T04:00:04.000Z'],
    ['SecretPickUpReport', 'answered', '2024-01-01T04:00:09.000Z'],
  ])('that goes on, of %s, is %s', (messageType, state, since) => {
    expect(normalized(messageType, { ...RECEIPT, call_type: '1' })).toEqual({
      kind: 'progress',
      messageType,
      at: AT,
      id: 'abcdef1234',
      outId: 'o-1',
      state,
      caller: '158****0000',
      callee: '150****0000',
      via: '170****0000',
      since,
    });
  });

  test('with ring_Time rang at that time', () => {
    expect(normalized('SecretRingReport', { ring_Time: '2024-01-01 12:00:04' })).toMatchObject({
      since: '2024-01-01T04:00:04.000Z',
    });
  });

  test('that will not be connected says why at its start', () => {
    expect(normalized('SecretStartReport', { call_type: 4, control_msg: 'NO_SUBS_EXIST' })).toMatchObject({
      state: 'calling',
      reason: { code: 'NO_SUBS_EXIST', zh: '绑定关系不存在' },
    });
  });
});
