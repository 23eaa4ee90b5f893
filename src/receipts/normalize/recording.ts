/** Recordings and transcripts. */
import { type Normalizer, reasonIn, withId } from './common.js';
import { compact, type Fields } from './fields.js';
import { asrStatuses } from './reasons/privacy.js';
import type { NormalizedRecording, NormalizedTranscript, Sentence } from './types.js';

/** VoiceRecordReport, VoiceRecordReportAiccs. */
export const voiceRecording: Normalizer = (fields, common) =>
  compact<NormalizedRecording>({
    ...withId(common, fields.text('call_id')),
    kind: 'recording',
    location: fields.text('record_file'),
    recordedAt: fields.time('record_begin_time'),
    callStartedAt: fields.time('start_time'),
    seconds: fields.number('duration'),
  });

/** SecretRecording: says that a recording exists, not where. */
export const secretRecording: Normalizer = (fields, common) => {
  const callId = fields.text('call_id');
  const callTime = fields.time('call_time');
  return compact<NormalizedRecording>({
    ...withId(common, callId),
    kind: 'recording',
    fetch: callId === undefined ? undefined : recordFile(callId, callTime, fields.text('pool_key')),
    callStartedAt: callTime,
  });
};

function recordFile(callId: string, callTime: string | undefined, poolKey: string | undefined) {
  return compact<NonNullable<NormalizedRecording['fetch']>>({
    action: 'QueryRecordFileDownloadUrl',
    CallId: callId,
    CallTime: callTime === undefined ? undefined : beijingWallTime(callTime),
    PoolKey: poolKey,
  });
}

/** The receipt has ms since the epoch, the operation wants the text that SecretReport has. */
function beijingWallTime(iso: string): string {
  return new Date(Date.parse(iso) + 8 * 3_600_000).toISOString().slice(0, 19).replace('T', ' ');
}

/** VoiceRTASRReport: one utterance. */
export const voiceTranscript: Normalizer = (fields, common) =>
  compact<NormalizedTranscript>({
    ...withId(common, fields.text('call_id')),
    kind: 'transcript',
    sentences: sentencesOf([fields], {
      text: 'words',
      speaker: 'role',
      from: 'begin_offset',
      to: 'end_offset',
    }),
    startedAt: fields.time('begin_time'),
  });

/** SecretAsrReport: the whole call. */
export const secretTranscript: Normalizer = (fields, common) =>
  compact<NormalizedTranscript>({
    ...withId(common, fields.text('callId')),
    kind: 'transcript',
    sentences: sentencesOf(fields.each('sentences'), {
      text: 'text',
      speaker: 'channelId',
      from: 'beginTime',
      to: 'endTime',
    }),
    reason: reasonIn(asrStatuses, fields, 'statusCode'),
    via: fields.text('secretNo'),
    seconds: fields.milliseconds('bizDuration'),
  });

function sentencesOf(
  published: Fields[],
  names: { text: string; speaker: string; from: string; to: string },
): Sentence[] {
  return published.flatMap((fields) => {
    const text = fields.verbatim(names.text);
    if (text === undefined) return [];
    return [
      compact<Sentence>({
        text,
        speaker: fields.text(names.speaker),
        fromSeconds: fields.milliseconds(names.from),
        toSeconds: fields.milliseconds(names.to),
      }),
    ];
  });
}
