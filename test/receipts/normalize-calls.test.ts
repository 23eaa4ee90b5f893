/** Voice calls, robots and converged calls, seen by `normalize`; values worked out by hand. */
import { describe, expect, test } from 'vitest';
import { AT, normalized } from './normalize-rig.js';

const id = '100001616500^100001871490';

describe('a voice call', () => {
  const RECEIPT = {
    call_id: id,
    originate_time: '2024-01-01 10:00:00',
    ring_time: '2024-01-01 10:00:03',
    start_time: '2024-01-01 10:00:08',
    end_time: '2024-01-01 10:00:18',
    caller: '05711111****',
    callee: '1390000****',
    duration: '10',
    status_code: '200000',
    smart_status_code: 'ANSWERED',
    hangup_direction: '用户',
    status_msg: '用户接听',
    out_id: 'order-1001',
    dtmf: '1',
    toll_type: 'UNKNOWN',
  };
  const VIEW = {
    kind: 'call',
    at: AT,
    id,
    outId: 'order-1001',
    outcome: 'answered',
    reason: { code: 'ANSWERED', field: 'smart_status_code', zh: '已接听', en: 'Answered' },
    caller: '05711111****',
    callee: '1390000****',
    startedAt: '2024-01-01T02:00:00.000Z',
    ringAt: '2024-01-01T02:00:03.000Z',
    answeredAt: '2024-01-01T02:00:08.000Z',
    endedAt: '2024-01-01T02:00:18.000Z',
    talkSeconds: 10,
    hungUpBy: 'person',
    dtmf: '1',
  };

  test.each(['VoiceReport', 'VoiceReportAiccs'])('of %s tells everything', (messageType) => {
    expect(normalized(messageType, RECEIPT)).toEqual({ ...VIEW, messageType });
  });

  test('of an agent, in camel case, tells the same', () => {
    const camel = Object.entries(RECEIPT).map(([key, value]) => [
      key.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase()),
      key === 'duration' ? 10 : value,
    ]);
    const messageType = 'AlicomAgentCallReport';
    expect(normalized(messageType, Object.fromEntries(camel))).toEqual({ ...VIEW, messageType });
  });

  test('nobody answered has no answer time and zero seconds', () => {
    const missed = {
      start_time: '',
      ring_time: '',
      duration: '0',
      status_code: '200002',
      hangup_direction: '机器',
    };
    const view = normalized('VoiceReport', { ...RECEIPT, ...missed, smart_status_code: '', dtmf: '' });
    expect(view).toEqual({
      kind: 'call',
      messageType: 'VoiceReport',
      at: AT,
      id,
      outId: 'order-1001',
      outcome: 'unanswered',
      reason: { code: '200002', field: 'status_code', zh: '用户占线', en: 'Busy' },
      caller: '05711111****',
      callee: '1390000****',
      startedAt: '2024-01-01T02:00:00.000Z',
      endedAt: '2024-01-01T02:00:18.000Z',
      talkSeconds: 0,
      hungUpBy: 'platform',
    });
  });

  test.each([
    ['10秒', 10],
    [10, 10],
    [' 10 ', 10],
    ['0', 0],
    ['-1', undefined],
    ['ten', undefined],
    [{}, undefined],
  ])('of duration %o talked %s seconds', (duration, talkSeconds) => {
    const view = normalized('VoiceReport', { duration });
    expect('talkSeconds' in view ? view.talkSeconds : undefined).toBe(talkSeconds);
  });

  const start = '2024-01-01 10:00:08';
  test.each([
    [{ start_time: start, duration: '10', status_code: '200000' }, 'answered'],
    [{ start_time: start }, 'answered'],
    [{ duration: 1 }, 'answered'],
    // Hung up within the second.
    [{ start_time: start, duration: '0', status_code: '200000' }, 'answered'],
    [{ start_time: start, duration: '0' }, 'answered'],
    [{ start_time: start, duration: '0', status_code: '200003' }, 'unanswered'],
    [{ start_time: start, duration: '0', smart_status_code: 'NO_ANSWER' }, 'unanswered'],
    [{ start_time: '', duration: '0', status_code: '200000' }, 'unanswered'],
    [{ startTime: null }, 'unanswered'],
    [{ start_time: '' }, 'unanswered'],
    [{ duration: 0 }, 'unanswered'],
    [{ status_code: '200000' }, 'answered'],
    [{ status_code: '200010' }, 'unanswered'],
    [{ smart_status_code: 'POWERED_OFF' }, 'unanswered'],
    [{ smart_status_code: 'OTHER', status_code: '200005' }, 'unanswered'],
    // These two do not tell.
    [{ status_code: '200130' }, 'unknown'],
    [{ smart_status_code: 'INTELLIGENT_ANSWER' }, 'unknown'],
    [{ start_time: 'soon' }, 'unknown'],
    [{}, 'unknown'],
  ])('of %o is %s', (receipt, outcome) => {
    expect(normalized('VoiceReport', receipt)).toMatchObject({ outcome });
  });

  test('with the code that samples print next to another meaning is told in the receipt’s own words', () => {
    const receipt = { start_time: start, duration: '10', status_code: '200010', status_msg: '执行完成' };
    expect(normalized('VoiceReport', receipt)).toMatchObject({
      outcome: 'answered',
      reason: { code: '200010', field: 'status_code', zh: '执行完成', en: '执行完成' },
    });
  });

  test('with a code nobody knows is told in the receipt’s own words', () => {
    expect(normalized('VoiceReport', { status_code: '299999', status_msg: '风控' })).toMatchObject({
      reason: { code: '299999', zh: '风控', en: '风控' },
    });
  });

  test('of two legs tells both, and which leg hung up', () => {
    const receipt = {
      call_id: id,
      a_originate_time: '2024-01-01 10:00:00',
      a_ring_time: '2024-01-01 10:00:02',
      a_start_time: '2024-01-01 10:00:04',
      a_end_time: '2024-01-01 10:01:04',
      a_duration: '60',
      b_originate_time: '2024-01-01 10:00:05',
      b_start_time: '2024-01-01 10:00:10',
      b_duration: 54,
      hangup_direction: 'aleg',
    };
    expect(normalized('VoiceReport', receipt)).toEqual({
      kind: 'call',
      messageType: 'VoiceReport',
      at: AT,
      id,
      outcome: 'answered',
      hungUpBy: 'leg-a',
      legs: [
        {
          leg: 'a',
          startedAt: '2024-01-01T02:00:00.000Z',
          ringAt: '2024-01-01T02:00:02.000Z',
          answeredAt: '2024-01-01T02:00:04.000Z',
          endedAt: '2024-01-01T02:01:04.000Z',
          talkSeconds: 60,
        },
        {
          leg: 'b',
          startedAt: '2024-01-01T02:00:05.000Z',
          answeredAt: '2024-01-01T02:00:10.000Z',
          talkSeconds: 54,
        },
      ],
    });
    expect(normalized('VoiceReport', { ...receipt, b_start_time: '', b_duration: 0 })).toMatchObject({
      outcome: 'unanswered',
    });
  });

  test('says nothing of who hung up in words nobody knows', () => {
    expect(normalized('VoiceReport', { hangup_direction: '网络' })).not.toHaveProperty('hungUpBy');
  });
});

describe('a robot’s call', () => {
  const info = {
    duration: 9,
    startTime: 1704074400000,
    ringTime: 1704074400000,
    answerTime: 1704074409000,
    endTime: 1704074418000,
    calledNo: '1500000****',
    callingNo: '05710000****',
    code: 200000,
    direction: 0,
  };
  const VIEW = {
    kind: 'call',
    messageType: 'RobotCallReportAiccs',
    at: AT,
    id: 'c',
    outcome: 'answered',
    reason: { code: '200000', field: 'code', zh: '用户接听', en: 'Answered' },
    caller: '05710000****',
    callee: '1500000****',
    startedAt: '2024-01-01T02:00:00.000Z',
    ringAt: '2024-01-01T02:00:00.000Z',
    answeredAt: '2024-01-01T02:00:09.000Z',
    endedAt: '2024-01-01T02:00:18.000Z',
    talkSeconds: 9,
    hungUpBy: 'platform',
  };

  test.each([
    ['nested', { callId: 'c', type: 'finish', data: { output: { tags: 't' }, info } }],
    ['flat', { callId: 'c', type: 'finish', tag: 't', ...info }],
  ])('published %s tells everything', (_, receipt) => {
    expect(normalized('RobotCallReportAiccs', receipt)).toEqual(VIEW);
  });

  test('that nobody answered has no answer time; 1 is the customer who hung up', () => {
    const missed = { ...info, duration: 0, answerTime: 0, code: 200005, direction: '1' };
    const view = normalized('RobotCallReportAiccs', { data: { info: missed } });
    expect(view).toMatchObject({
      outcome: 'unanswered',
      talkSeconds: 0,
      hungUpBy: 'person',
      reason: { code: '200005' },
    });
    expect(view).not.toHaveProperty('answeredAt');
  });
});

describe('a converged call', () => {
  const leg = {
    caller: '20000000000000001',
    callee: '20000000000000002',
    startTime: '2024-01-01 10:00:00',
    endTime: '2024-01-01 10:01:00',
    duration: '60',
  };
  const toldLeg = {
    caller: '20000000000000001',
    callee: '20000000000000002',
    startedAt: '2024-01-01T02:00:00.000Z',
    endedAt: '2024-01-01T02:01:00.000Z',
    talkSeconds: 60,
  };

  test('of 2020 tells everything', () => {
    const receipt = { channelId: 'amd', ...leg, detail: { callInInfo: leg, callOutInfo: [leg, null, {}] } };
    expect(normalized('ArtcCdrReport', receipt)).toEqual({
      kind: 'call',
      messageType: 'ArtcCdrReport',
      at: AT,
      id: 'amd',
      outcome: 'answered',
      ...toldLeg,
      legs: [
        { leg: 'in', ...toldLeg },
        { leg: 'out', ...toldLeg },
      ],
    });
  });

  test.each([
    [{ uuid: 'u', endTime: '', duration: '0' }, 'unanswered'],
    [{ uuid: 'u', endTime: '' }, 'unanswered'],
    [{ uuid: 'u' }, 'unknown'],
    [{ uuid: 'u', userId: '7', duration: '5' }, 'answered'],
  ])('of 2019, %o, is %s', (receipt, outcome) => {
    expect(normalized('ArtcCdrReport', receipt)).toMatchObject({ id: 'u', outcome });
  });

  test('of a conference has the participant', () => {
    expect(normalized('ArtcCdrReport', { uuid: 'u', userId: '7', roomId: 'r' })).toMatchObject({
      caller: '7',
    });
  });
});
