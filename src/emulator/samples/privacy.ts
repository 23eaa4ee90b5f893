/** Samples of the reports about calls over protected numbers (receipts.md §6.1 to §6.6). */
import { answerReports, type PrivacyCall, privacyCall, recordingOf, ringReports } from './privacy-calls.js';
import { rarely, type Sample, Timeline } from './series.js';

/** The id of the binding is a number, and a string where the report once came over HTTP. */
function parties(call: PrivacyCall, n: number) {
  const { id, pool, binding, a, x, b, type, outId } = call;
  return {
    pool_key: pool,
    sub_id: rarely('binding', n) ? String(binding) : binding,
    call_id: id,
    phone_no: a,
    secret_no: x,
    peer_no: b,
    call_type: type,
    out_id: outId,
  };
}

/** What the reports at the beginning and at the end of a call share. */
function whole(call: PrivacyCall, n: number, time: Timeline) {
  const { intercepted } = call.outcome;
  return {
    ...parties(call, n),
    called_display_no: call.x,
    call_time: time.text(0),
    ...(intercepted ? { control_msg: 'NO_SUBS_EXIST' } : {}),
  };
}

export const secretStartReport: Sample = (n, series) => {
  const call = privacyCall(n, series);
  return whole(call, n, new Timeline(n, series, 0));
};

export const secretRingReport: Sample = (n, series) => {
  const number = ringReports(n).call;
  const call = privacyCall(number, series);
  const { ringing = call.reached } = call;
  const time = new Timeline(number, series, ringing);
  return {
    ...parties(call, number),
    call_time: time.text(0),
    ring_time: time.text(ringing),
    city: call.city,
  };
};

/** The page prints `ring_Time` once. */
export const secretPickUpReport: Sample = (n, series) => {
  const number = answerReports(n).call;
  const call = privacyCall(number, series);
  const { ringing = call.reached, answered = ringing } = call;
  const time = new Timeline(number, series, answered);
  return {
    ...parties(call, number),
    call_time: time.text(0),
    [rarely('ring time', n) ? 'ring_Time' : 'ring_time']: time.text(ringing),
    start_time: time.text(answered),
    city: call.city,
  };
};

/** Not rung: `free_ring_time` is `call_out_time`; not answered: `start_time` is `release_time` (receipts.md §6.3). */
export const secretReport: Sample = (n, series) => {
  const call = privacyCall(n, series);
  const { outcome, sentOn, reached, ringing, answered, released } = call;
  const time = new Timeline(n, series, released);
  return {
    ...whole(call, n, time),
    call_out_time: time.text(sentOn),
    ring_time: time.text(reached),
    free_ring_time: time.text(ringing ?? sentOn),
    start_time: time.text(answered ?? released),
    release_time: time.text(released),
    release_dir: outcome.releasedBy,
    release_cause: outcome.cause,
    unconnected_cause: outcome.intercepted ? 2 : 0,
    sms_number: 0,
    ...(answered === undefined ? {} : { record_url: recordingOf(call, 'call') }),
    ...(ringing === undefined ? {} : { ring_record_url: recordingOf(call, 'ring') }),
  };
};

/** The recording can be fetched a quarter of an hour after the call. The binding's id is spelled in two ways. */
export const secretRecording: Sample = (n, series) => {
  const number = answerReports(n).call;
  const { id, pool, binding, outId, released } = privacyCall(number, series);
  const time = new Timeline(number, series, released + 900);
  return {
    pool_key: pool,
    [rarely('recording', n) ? 'sub_id' : 'subs_id']: binding,
    call_id: id,
    call_time: String(time.ms(0)),
    out_id: outId,
  };
};

export const secretAsrReport: Sample = (n, series) => {
  const { id, partner, x, answered = 0, released } = privacyCall(answerReports(n).call, series);
  const length = (released - answered) * 1000;
  const sentence = (begin: number, channelId: number, text: string): object => ({
    beginTime: Math.floor(begin * length),
    endTime: Math.floor((begin + 0.4) * length),
    channelId,
    emotionValue: String(5 + channelId),
    silenceDuration: 0,
    speechRate: 170,
    text,
  });
  return {
    callId: id,
    bizDuration: length,
    partnerKey: partner,
    secretNo: x,
    statusCode: '21050000',
    sentences: [sentence(0.05, 0, '你好，您的外卖到了。'), sentence(0.5, 1, '好的，放门口就行。')],
  };
};
