/**
 * Sample receipts of every message type, in their documented shape (receipts.md) and with the varieties that vendors send.
 * The same type and number always give the same receipt, and different numbers give different business ids, so what
 * arrives twice can be told from what was sent twice. Reports of different types about the same call carry its id. Some
 * fail, as in life.
 */
import { chatAppAudit, chatAppInbound, chatAppStatus } from './chatapp.js';
import { AICCS_LEAD, agentCallReport, robotCallReport } from './contact-center.js';
import { artcCdrReport } from './converged.js';
import { flowReport } from './flow.js';
import {
  secretAsrReport,
  secretPickUpReport,
  secretRecording,
  secretReport,
  secretRingReport,
  secretStartReport,
} from './privacy.js';
import {
  numberManagementReport,
  secretExceptionPhoneReport,
  secretSmsIntercept,
  smartLogisticsReport,
} from './privacy-other.js';
import type { Sample } from './series.js';
import { dypnsSmsVerifyReport, globeSmsReport, smsReport, smsReportIntl, smsUp } from './sms.js';
import { mnsCardTemplate, mnsCardVender, signSmsReport, templateSmsReport } from './sms-review.js';
import {
  artcTempStatusReport,
  llmSmartCallReport,
  plainSample,
  secretBillingCallReport,
  secretBillingSmsReport,
  secretRingRecording,
} from './unpublished.js';
import { rtAsrReport, voiceSamples } from './voice.js';

const VOICE_LEAD = '1';
const voice = voiceSamples(VOICE_LEAD);
const aiccs = voiceSamples(AICCS_LEAD);

const SAMPLES: Readonly<Record<string, Sample>> = {
  SmsReport: smsReport,
  SmsUp: smsUp,
  SignSmsReport: signSmsReport,
  TemplateSmsReport: templateSmsReport,
  GlobeSmsReport: globeSmsReport,
  MnsCardVender: mnsCardVender,
  MnsCardTemplate: mnsCardTemplate,
  DypnsSmsVerifyReport: dypnsSmsVerifyReport,
  VoiceReport: voice.report,
  VoiceCallReport: voice.callReport,
  VoiceRecordReport: voice.recordReport,
  VoiceRTASRReport: rtAsrReport(VOICE_LEAD),
  ArtcCdrReport: artcCdrReport,
  ArtcTempStatusReport: artcTempStatusReport,
  VoiceReportAiccs: aiccs.report,
  VoiceCallReportAiccs: aiccs.callReport,
  VoiceRecordReportAiccs: aiccs.recordReport,
  RobotCallReportAiccs: robotCallReport,
  AlicomAgentCallReport: agentCallReport,
  LlmSmartCallReport: llmSmartCallReport,
  SecretStartReport: secretStartReport,
  SecretRingReport: secretRingReport,
  SecretPickUpReport: secretPickUpReport,
  SecretReport: secretReport,
  SecretRecording: secretRecording,
  SecretAsrReport: secretAsrReport,
  SecretSmsIntercept: secretSmsIntercept,
  SmartLogisticsReport: smartLogisticsReport,
  NumberManagementReport: numberManagementReport,
  SecretExceptionPhoneReport: secretExceptionPhoneReport,
  SecretBillingCallReport: secretBillingCallReport,
  SecretBillingSmsReport: secretBillingSmsReport,
  SecretRingRecording: secretRingRecording,
  FlowReport: flowReport,
  ChatAppInbound: chatAppInbound,
  ChatAppStatus: chatAppStatus,
  ChatAppAudit: chatAppAudit,
};

/** Every message type that has samples of its own. */
export const SAMPLE_TYPES: readonly string[] = Object.keys(SAMPLES);

/** Other shapes under the name of a message type. */
const VARIANTS: Readonly<Record<string, Sample>> = { 'SmsReport@intl': smsReportIntl };

/** What {@link sampleReceipt} takes besides message types: `TYPE@SHAPE`. */
export const SAMPLE_VARIANTS: readonly string[] = Object.keys(VARIANTS);

/**
 * The `n`th sample of a type, `n` from 0. A type without samples of its own gets a plain object with an id.
 *
 * @param messageType or one of {@link SAMPLE_VARIANTS}
 * @param at when it is published, ms since the epoch: its last time is this one. Without it the times follow from `n`,
 * from 2024-01-01 on, and reports about the same call agree on them.
 * @param run 0 to 999,999; part of every business id, so that samples of different runs have none in common
 */
export function sampleReceipt(messageType: string, n: number, at?: number, run = 0): object {
  const sample = own(SAMPLES, messageType) ?? own(VARIANTS, messageType) ?? plainSample(messageType);
  return sample(n, at === undefined ? { run } : { run, at });
}

function own(samples: Readonly<Record<string, Sample>>, name: string): Sample | undefined {
  return Object.hasOwn(samples, name) ? samples[name] : undefined;
}
