/** Finished calls of voice, the contact centre and converged communications. */
import { type Normalizer, withId } from './common.js';
import { compact, type Draft, type Fields } from './fields.js';
import { ownWords } from './reasons/table.js';
import { answeredBy, smartStatuses, voiceStatuses } from './reasons/voice.js';
import type { CallLeg, HungUpBy, NormalizedCall, Reason } from './types.js';

type Outcome = NormalizedCall['outcome'];

/** VoiceReport, VoiceReportAiccs, AlicomAgentCallReport. */
export const voiceCall: Normalizer = (fields, common) => {
  const legs = [voiceLeg(fields, 'a'), voiceLeg(fields, 'b')].filter((leg) => Object.keys(leg).length > 1);
  const codes = [fields.text('smart_status_code'), fields.text('status_code')];
  const outcome = voiceOutcome(fields, codes);
  return compact<NormalizedCall>({
    ...withId(common, fields.text('call_id')),
    kind: 'call',
    outcome,
    reason: voiceReason(fields, outcome),
    caller: fields.text('caller'),
    callee: fields.text('callee'),
    startedAt: fields.time('originate_time'),
    ringAt: fields.time('ring_time'),
    answeredAt: outcome === 'unanswered' ? undefined : fields.time('start_time'),
    endedAt: fields.time('end_time'),
    talkSeconds: fields.number('duration'),
    hungUpBy: HUNG_UP_BY.get(fields.text('hangup_direction')?.toLowerCase()),
    dtmf: fields.text('dtmf'),
    recordingUrl: fields.text('record_url'),
    legs: legs.length > 0 ? legs : undefined,
  });
};

const HUNG_UP_BY = new Map<string | undefined, HungUpBy>([
  ['用户', 'person'],
  ['机器', 'platform'],
  ['aleg', 'leg-a'],
  ['bleg', 'leg-b'],
]);

function voiceLeg(fields: Fields, leg: 'a' | 'b'): CallLeg {
  return compact<CallLeg>({
    leg,
    startedAt: fields.time(`${leg}_originate_time`),
    ringAt: fields.time(`${leg}_ring_time`),
    answeredAt: fields.time(`${leg}_start_time`),
    endedAt: fields.time(`${leg}_end_time`),
    talkSeconds: fields.number(`${leg}_duration`),
  });
}

/** Times and seconds first: published codes are known to contradict them. */
function voiceOutcome(fields: Fields, codes: readonly (string | undefined)[]): Outcome {
  const coded = codes.map((code) => (code === undefined ? undefined : answeredBy(code)));
  const byCode = coded.find((answered) => answered !== undefined);
  return (
    talked(fields, '', byCode) ??
    talked(fields, 'b_') ??
    (byCode === undefined ? 'unknown' : byCode ? 'answered' : 'unanswered')
  );
}

/** What start time and duration say: `start_time` is empty and `duration` 0 when not answered. */
function talked(fields: Fields, leg: '' | 'b_', byCode?: boolean): Outcome | undefined {
  const seconds = fields.number(`${leg}duration`);
  if (seconds !== undefined && seconds > 0) return 'answered';
  // A start time next to 0 seconds is a call hung up at once, unless the code too says that nobody answered.
  if (fields.time(`${leg}start_time`) !== undefined) {
    return seconds === 0 && byCode === false ? 'unanswered' : 'answered';
  }
  return seconds === 0 || fields.blank(`${leg}start_time`) ? 'unanswered' : undefined;
}

function voiceReason(fields: Fields, outcome: Outcome): Reason | undefined {
  const text = fields.text('status_msg');
  const smart = fields.text('smart_status_code');
  const code = smart ?? fields.text('status_code');
  if (code === undefined) return undefined;
  const field = smart === undefined ? 'status_code' : 'smart_status_code';
  if (contradicts(code, outcome)) return ownWords(field, code, text);
  return (smart === undefined ? voiceStatuses : smartStatuses).reason(field, code, text);
}

function contradicts(code: string, outcome: Outcome): boolean {
  const answered = answeredBy(code);
  return answered !== undefined && outcome !== 'unknown' && answered !== (outcome === 'answered');
}

/** RobotCallReportAiccs: published nested, tabled flat. Times are ms since the epoch, 0 or absent when not happened. */
export const robotCall: Normalizer = (fields, common) => {
  const nested = fields.inside('data').inside('info');
  const either = <T>(read: (from: Fields) => T | undefined) => read(nested) ?? read(fields);
  const answeredAt = either((from) => from.time('answerTime'));
  const talkSeconds = either((from) => from.number('duration'));
  const code = either((from) => from.text('code'));
  const outcome = robotOutcome(answeredAt, talkSeconds, code);
  return compact<NormalizedCall>({
    ...withId(common, fields.text('callId')),
    kind: 'call',
    outcome,
    reason: code === undefined ? undefined : robotReason(code, outcome),
    caller: either((from) => from.text('callingNo')),
    callee: either((from) => from.text('calledNo')),
    startedAt: either((from) => from.time('startTime')),
    ringAt: either((from) => from.time('ringTime')),
    answeredAt,
    endedAt: either((from) => from.time('endTime')),
    talkSeconds,
    hungUpBy: ROBOT_HUNG_UP_BY.get(either((from) => from.text('direction'))),
  });
};

const ROBOT_HUNG_UP_BY = new Map<string | undefined, HungUpBy>([
  ['0', 'platform'],
  ['1', 'person'],
]);

function robotOutcome(answeredAt: string | undefined, seconds: number | undefined, code?: string): Outcome {
  if (answeredAt !== undefined || (seconds ?? 0) > 0) return 'answered';
  if (seconds === 0) return 'unanswered';
  const byCode = code === undefined ? undefined : answeredBy(code);
  return byCode === undefined ? 'unknown' : byCode ? 'answered' : 'unanswered';
}

function robotReason(code: string, outcome: Outcome): Reason {
  return contradicts(code, outcome) ? ownWords('code', code) : voiceStatuses.reason('code', code);
}

/**
 * ArtcCdrReport. It has no answer time: `endTime` is empty and `duration` 0 when not answered.
 */
export const convergedCall: Normalizer = (fields, common) => {
  const detail = fields.inside('detail');
  const legs = [
    ...[detail.inside('callInInfo')].map((leg) => convergedLeg(leg, 'in')),
    ...detail.each('callOutInfo').map((leg) => convergedLeg(leg, 'out')),
  ].filter((leg) => Object.keys(leg).length > 1);
  const talkSeconds = fields.number('duration');
  const unanswered = talkSeconds === 0 || (talkSeconds === undefined && fields.blank('endTime'));
  return compact<NormalizedCall>({
    ...withId(common, fields.text('channelId', 'uuid')),
    kind: 'call',
    outcome: (talkSeconds ?? 0) > 0 ? 'answered' : unanswered ? 'unanswered' : 'unknown',
    caller: fields.text('caller', 'userId'),
    callee: fields.text('callee'),
    ...convergedTimes(fields),
    legs: legs.length > 0 ? legs : undefined,
  });
};

function convergedLeg(fields: Fields, leg: 'in' | 'out'): CallLeg {
  const who = { caller: fields.text('caller'), callee: fields.text('callee') };
  return compact<CallLeg>({ leg, ...who, ...convergedTimes(fields) });
}

function convergedTimes(fields: Fields): Pick<Draft<CallLeg>, 'startedAt' | 'endedAt' | 'talkSeconds'> {
  return {
    startedAt: fields.time('startTime'),
    endedAt: fields.time('endTime'),
    talkSeconds: fields.number('duration'),
  };
}
