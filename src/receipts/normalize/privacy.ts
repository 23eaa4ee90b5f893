/**
 * Number privacy: calls between A (`phone_no`) and B (`peer_no`) through X (`secret_no`). «Did not happen» is an empty
 * field, an absent one, or a time that repeats another one.
 */
import { type Normalizer, reasonIn, secondsBetween, withId } from './common.js';
import { compact, type Fields } from './fields.js';
import { callTypes, controlMessages, unconnectedCauses } from './reasons/privacy.js';
import { releaseCauses } from './reasons/release-cause.js';
import type {
  HungUpBy,
  NormalizedCall,
  NormalizedCommon,
  NormalizedMessage,
  NormalizedProgress,
  Reason,
} from './types.js';

/** SecretReport. */
export const secretCall: Normalizer = (fields, common) => {
  if (isSms(fields)) return secretMessage(fields, common, 'unknown');
  const times = secretTimes(fields);
  return compact<NormalizedCall>({
    ...withId(common, fields.text('call_id')),
    kind: 'call',
    outcome: times.outcome,
    reason:
      notConnected(fields) ??
      reasonIn(releaseCauses, fields, 'release_cause') ??
      anyCause(fields) ??
      interception(fields),
    ...parties(fields),
    startedAt: fields.time('call_time'),
    ringAt: times.ringAt,
    answeredAt: times.answeredAt,
    endedAt: fields.time('release_time'),
    talkSeconds: times.talkSeconds,
    hungUpBy: RELEASED_BY.get(fields.text('release_dir')),
    recordingUrl: fields.text('record_url'),
    ringRecordingUrl: fields.text('ring_record_url'),
  });
};

/** 2017's receipts have a 3 too, which nothing explains. */
const RELEASED_BY = new Map<string | undefined, HungUpBy>([
  ['0', 'platform'],
  ['1', 'caller'],
  ['2', 'callee'],
]);

type CallTimes = Pick<NormalizedCall, 'outcome' | 'ringAt' | 'answeredAt' | 'talkSeconds'>;

function secretTimes(fields: Fields): CallTimes {
  const started = fields.time('start_time');
  const released = fields.time('release_time');
  const rang = fields.time('free_ring_time');
  const ringAt = rang !== undefined && rang !== fields.time('call_out_time') ? { ringAt: rang } : {};
  if (released === undefined) return { outcome: 'unknown', ...ringAt };
  const never = fields.blank('start_time') || fields.missing('start_time');
  if (never || started === released) return { outcome: 'unanswered', ...ringAt, talkSeconds: 0 };
  // A start time that cannot be read, or lies after the release, says nothing.
  const talkSeconds = secondsBetween(started, released);
  if (started === undefined || talkSeconds === undefined) return { outcome: 'unknown', ...ringAt };
  return { outcome: 'answered', ...ringAt, answeredAt: started, talkSeconds };
}

/** SecretStartReport, SecretRingReport, SecretPickUpReport. */
export function secretProgress(state: 'calling' | 'ringing' | 'answered', timeField: string): Normalizer {
  return (fields, common) => {
    if (isSms(fields)) return secretMessage(fields, common, 'pending');
    return compact<NormalizedProgress>({
      ...withId(common, fields.text('call_id')),
      kind: 'progress',
      state,
      reason: notConnected(fields) ?? anyCause(fields) ?? interception(fields),
      ...parties(fields),
      since: fields.time(timeField),
    });
  };
}

/** `call_type` 2, 3 and 5 are SMS that go the way of calls: sent, received and intercepted. */
function isSms(fields: Fields): boolean {
  return /^[235]$/.test(fields.text('call_type') ?? '');
}

function secretMessage(
  fields: Fields,
  common: NormalizedCommon,
  outcome: 'pending' | 'unknown',
): NormalizedMessage {
  const { caller, callee, via } = parties(fields);
  return compact<NormalizedMessage>({
    ...withId(common, fields.text('call_id')),
    kind: 'message',
    channel: 'sms',
    outcome,
    reason: reasonIn(callTypes, fields, 'call_type'),
    from: caller,
    to: callee,
    via,
    sentAt: fields.time('call_time'),
    doneAt: fields.time('release_time'),
    segments: fields.number('sms_number'),
  });
}

/** Types 4 and 5, intercepted, do not say who called whom. */
function parties(fields: Fields): { caller?: string; callee?: string; via?: string } {
  const [a, b] = [fields.text('phone_no'), fields.text('peer_no')];
  const type = fields.text('call_type') ?? '';
  const [caller, callee] = /^[02]$/.test(type) ? [a, b] : /^[13]$/.test(type) ? [b, a] : [];
  return compact<{ caller?: string; callee?: string; via?: string }>({
    caller,
    callee,
    via: fields.text('secret_no'),
  });
}

/** Why the platform did not put the call through, when it says so in particular. */
function notConnected(fields: Fields): Reason | undefined {
  const cause = fields.text('unconnected_cause') ?? '';
  if (/^[123]$/.test(cause)) return unconnectedCauses.reason('unconnected_cause', cause);
  const message = fields.text('control_msg');
  if (message === undefined || message.toUpperCase() === 'OK') return undefined;
  return controlMessages.reason('control_msg', message);
}

/** 4, other, or one that is not known: better than nothing. 0 is a normal call, which is no reason for anything. */
function anyCause(fields: Fields): Reason | undefined {
  return fields.text('unconnected_cause') === '0'
    ? undefined
    : reasonIn(unconnectedCauses, fields, 'unconnected_cause');
}

function interception(fields: Fields): Reason | undefined {
  return fields.text('call_type') === '4' ? callTypes.reason('call_type', '4') : undefined;
}
