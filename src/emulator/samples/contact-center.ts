/** Samples of what only the contact centre (AICCS) sends (receipts.md §5). */
import { rarely, roll, type Sample, serialText, Timeline } from './series.js';
import { answeredReports, voiceCall } from './voice-calls.js';

/** Calls of VoiceReportAiccs; VoiceReport's own begin with 1. */
export const AICCS_LEAD = '3';
const AGENT_LEAD = '5';

const talks = answeredReports(1);

/** How an answered call with a robot went. Nested as the HTTP page has it, now and then flat as the MNS table reads. */
export const robotCallReport: Sample = (n, series) => {
  const { call: number } = talks(n);
  const {
    id,
    ringing = 0,
    answered = 0,
    ended,
    duration,
    caller,
    callee,
  } = voiceCall(number, series, AICCS_LEAD);
  const time = new Timeline(number, series, ended);
  const interested = roll('intention', n, 3) > 0;
  const output = {
    slots: [
      { nodeName: '开场白节点', action: 'recognized', source: 'n1', value: interested ? 'yes' : 'no' },
      ...(interested
        ? [{ nodeName: '预约节点', action: 'recognized', source: 'n2', value: 'tomorrow' }]
        : []),
    ],
    intentions: [interested ? 'i1' : 'i2'],
    tags: interested ? 't1,t2' : 't3',
  };
  const info = {
    duration,
    startTime: time.ms(0),
    ringTime: time.ms(ringing),
    answerTime: time.ms(answered),
    endTime: time.ms(ended),
    calledNo: callee,
    callingNo: caller,
    code: 200_000,
    direction: n % 2,
  };
  const head = { callId: id, type: 'finish', robotId: '10000030001', partnerId: 10_000_000_001 };
  return rarely('flat robot', n) ? { ...head, ...output, ...info } : { ...head, data: { output, info } };
};

export const agentCallReport: Sample = (n, series) => {
  const { id, outcome, ringing, answered, ended, duration, caller, callee, outId } = voiceCall(
    n,
    series,
    AGENT_LEAD,
  );
  const time = new Timeline(n, series, ended);
  return {
    taskId: `task-${Math.floor(n / 1000)}`,
    detailId: serialText(n, series),
    batchId: `batch-${Math.floor(n / 100)}`,
    callId: id,
    outId,
    originateTime: time.text(0),
    ringTime: ringing === undefined ? '' : time.text(ringing),
    startTime: answered === undefined ? null : time.text(answered),
    endTime: time.text(ended),
    duration,
    statusCode: outcome.status,
    smartStatusCode: outcome.smart,
    statusMsg: outcome.text,
    caller,
    realCaller: caller,
    callee,
    hangupDirection: outcome.answered && n % 3 === 0 ? '用户' : '机器',
  };
};
