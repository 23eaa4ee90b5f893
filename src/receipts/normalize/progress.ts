/** Calls that go on, of voice and the contact centre. */
import { type Normalizer, withId } from './common.js';
import { compact } from './fields.js';
import { smartStatuses, voiceStatuses } from './reasons/voice.js';
import type { NormalizedProgress } from './types.js';

type Progress = Pick<NormalizedProgress, 'state' | 'leg'>;

/**
 * 200102 is «callee answered» of a one-leg call, «A answered» and «calling B» of a two-leg one: somebody answered in
 * each reading, and which leg it was cannot be told.
 */
const STATES = new Map<string | undefined, Progress>([
  ['200101', { state: 'calling' }],
  ['200201', { state: 'ringing' }],
  ['200202', { state: 'ringing', leg: 'b' }],
  ['200102', { state: 'answered' }],
  ['200103', { state: 'answered', leg: 'b' }],
  ['200100', { state: 'ended' }],
  ['300000', { state: 'dtmf' }],
]);

/** VoiceCallReport, VoiceCallReportAiccs. An inbound call has `biz_id` instead of `call_id`. */
export const voiceProgress: Normalizer = (fields, common) => {
  const code = fields.text('status_code');
  const dtmf = fields.text('dtmf');
  const smart = fields.text('smart_status_code');
  // The English page prints 200000 where the others print 300000 for pressed keys.
  const keys = code === '200000' && dtmf !== undefined;
  const progress = keys ? { state: 'dtmf' as const } : (STATES.get(code) ?? { state: 'unknown' as const });
  return compact<NormalizedProgress>({
    ...withId(common, fields.text('call_id', 'biz_id')),
    kind: 'progress',
    ...progress,
    reason:
      smart !== undefined
        ? smartStatuses.reason('smart_status_code', smart)
        : code !== undefined
          ? { ...voiceStatuses.reason('status_code', keys ? '300000' : code), code }
          : undefined,
    since: fields.time('status_time'),
    dtmf,
  });
};
