/**
 * `normalize`: the same few questions answered for every message type, beside the raw data. It looks at nothing but
 * the event, changes nothing, and never throws: fields that are missing or make no sense are left out, and a message
 * type without a published field table is of kind `other`.
 */
import type { ReceiptEvent } from '../event.js';
import { convergedCall, robotCall, voiceCall } from './call.js';
import type { Normalizer } from './common.js';
import { compact, Fields } from './fields.js';
import { chatInbound, smsUp } from './inbound.js';
import { card, chatStatus, flow, intlSms, mainlandSms, secretSms, smsReport } from './message.js';
import { secretCall, secretProgress } from './privacy.js';
import { voiceProgress } from './progress.js';
import { secretRecording, secretTranscript, voiceRecording, voiceTranscript } from './recording.js';
import { cardReview, chatReview, signReview, templateReview } from './review.js';
import { numberException, numberStatus, parcelStatus } from './status.js';
import type { Normalized, NormalizedCommon, NormalizedOther } from './types.js';

export { type ReasonTableName, reasonOf } from './reasons/index.js';
export type * from './types.js';

const normalizers: ReadonlyMap<string, Normalizer> = new Map<string, Normalizer>([
  ['SmsReport', smsReport],
  ['GlobeSmsReport', intlSms],
  ['DypnsSmsVerifyReport', mainlandSms],
  ['MnsCardVender', card],
  ['ChatAppStatus', chatStatus],
  ['FlowReport', flow],
  ['SecretSmsIntercept', secretSms],
  ['SmsUp', smsUp],
  ['ChatAppInbound', chatInbound],
  ['VoiceReport', voiceCall],
  ['VoiceReportAiccs', voiceCall],
  ['AlicomAgentCallReport', voiceCall],
  ['RobotCallReportAiccs', robotCall],
  ['ArtcCdrReport', convergedCall],
  ['SecretReport', secretCall],
  ['VoiceCallReport', voiceProgress],
  ['VoiceCallReportAiccs', voiceProgress],
  ['SecretStartReport', secretProgress('calling', 'call_time')],
  ['SecretRingReport', secretProgress('ringing', 'ring_time')],
  ['SecretPickUpReport', secretProgress('answered', 'start_time')],
  ['VoiceRecordReport', voiceRecording],
  ['VoiceRecordReportAiccs', voiceRecording],
  ['SecretRecording', secretRecording],
  ['VoiceRTASRReport', voiceTranscript],
  ['SecretAsrReport', secretTranscript],
  ['SignSmsReport', signReview],
  ['TemplateSmsReport', templateReview],
  ['MnsCardTemplate', cardReview],
  ['ChatAppAudit', chatReview],
  ['NumberManagementReport', numberStatus],
  ['SecretExceptionPhoneReport', numberException],
  ['SmartLogisticsReport', parcelStatus],
]);

/** The parts of an event that are looked at; a {@link ReceiptEvent} is one, and so is a line of the ndjson sink. */
export type NormalizableEvent = Pick<ReceiptEvent, 'messagetype' | 'time' | 'enqueuedat' | 'data'>;

/** The message types that are not of kind `other`. */
export const normalizedTypes: readonly string[] = [...normalizers.keys()];

/** The normalized view of one receipt. The same event always gives the same view; it is plain JSON. */
export function normalize(event: NormalizableEvent): Normalized {
  const fields = new Fields(event.data);
  const common = compact<NormalizedCommon>({
    messageType: event.messagetype,
    at: event.time ?? event.enqueuedat,
    outId: fields.text('out_id'),
  });
  return normalizers.get(event.messagetype)?.(fields, common) ?? other(fields, common);
}

/** The ids that most types have are likely to be there in those nobody has described. */
function other(fields: Fields, common: NormalizedCommon): NormalizedOther {
  return compact<NormalizedOther>({ ...common, kind: 'other', id: fields.text('call_id', 'biz_id') });
}
