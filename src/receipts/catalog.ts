/**
 * The message types receiptd knows, in the order in which most people meet them. A type that is not here flows through
 * untyped.
 */
import type { ReceiptType } from './receipt-type.js';
import { alicomAgentCallReportType } from './types/alicom-agent-call-report.js';
import { artcCdrReportType } from './types/artc-cdr-report.js';
import { chatAppAuditType, chatAppInboundType, chatAppStatusType } from './types/chatapp.js';
import { flowReportType } from './types/flow-report.js';
import { globeSmsReportType } from './types/globe-sms-report.js';
import type * as Types from './types/index.js';
import { robotCallReportAiccsType } from './types/robot-call-report.js';
import { secretPickUpReportType, secretRingReportType, secretStartReportType } from './types/secret-call.js';
import { numberManagementReportType, secretExceptionPhoneReportType } from './types/secret-number.js';
import { secretAsrReportType, secretRecordingType } from './types/secret-recording.js';
import { secretReportType } from './types/secret-report.js';
import { secretSmsInterceptType } from './types/secret-sms-intercept.js';
import { smartLogisticsReportType } from './types/smart-logistics-report.js';
import { mnsCardTemplateType, mnsCardVenderType } from './types/sms-card.js';
import { dypnsSmsVerifyReportType, smsReportType } from './types/sms-report.js';
import { signSmsReportType, templateSmsReportType } from './types/sms-review.js';
import { smsUpType } from './types/sms-up.js';
import {
  artcTempStatusReportType,
  llmSmartCallReportType,
  secretBillingCallReportType,
  secretBillingSmsReportType,
  secretRingRecordingType,
} from './types/unpublished.js';
import { voiceCallReportAiccsType, voiceCallReportType } from './types/voice-call-report.js';
import { voiceRecordReportAiccsType, voiceRecordReportType } from './types/voice-record-report.js';
import { voiceReportAiccsType, voiceReportType } from './types/voice-report.js';
import { voiceRTASRReportType } from './types/voice-rtasr-report.js';

/**
 * Message type → the type of its receipts. `defineHandlers` gets its types from here. Of a type that is published in several
 * shapes it is the usual one; the others have types of their own.
 */
export interface Receipts {
  SmsReport: Types.SmsReport;
  SmsUp: Types.SmsUp;
  GlobeSmsReport: Types.GlobeSmsReport;
  SignSmsReport: Types.SignSmsReport;
  TemplateSmsReport: Types.TemplateSmsReport;
  MnsCardVender: Types.MnsCardVender;
  MnsCardTemplate: Types.MnsCardTemplate;
  DypnsSmsVerifyReport: Types.DypnsSmsVerifyReport;
  VoiceReport: Types.VoiceReport;
  VoiceCallReport: Types.VoiceCallReport;
  VoiceRecordReport: Types.VoiceRecordReport;
  VoiceRTASRReport: Types.VoiceRTASRReport;
  SecretStartReport: Types.SecretStartReport;
  SecretRingReport: Types.SecretRingReport;
  SecretPickUpReport: Types.SecretPickUpReport;
  SecretReport: Types.SecretReport;
  SecretRecording: Types.SecretRecording;
  SecretAsrReport: Types.SecretAsrReport;
  SecretSmsIntercept: Types.SecretSmsIntercept;
  SecretExceptionPhoneReport: Types.SecretExceptionPhoneReport;
  NumberManagementReport: Types.NumberManagementReport;
  SmartLogisticsReport: Types.SmartLogisticsReport;
  VoiceReportAiccs: Types.VoiceReportAiccs;
  VoiceCallReportAiccs: Types.VoiceCallReportAiccs;
  VoiceRecordReportAiccs: Types.VoiceRecordReportAiccs;
  RobotCallReportAiccs: Types.RobotCallReportAiccs;
  AlicomAgentCallReport: Types.AlicomAgentCallReport;
  ArtcCdrReport: Types.ArtcCdrReport;
  ChatAppInbound: Types.ChatAppInbound;
  ChatAppStatus: Types.ChatAppStatus;
  ChatAppAudit: Types.ChatAppAudit;
  FlowReport: Types.FlowReport;
  ArtcTempStatusReport: Types.ArtcTempStatusReport;
  LlmSmartCallReport: Types.LlmSmartCallReport;
  SecretBillingCallReport: Types.SecretBillingCallReport;
  SecretBillingSmsReport: Types.SecretBillingSmsReport;
  SecretRingRecording: Types.SecretRingRecording;
}

export type MessageType = keyof Receipts;

export const catalog = {
  SmsReport: smsReportType,
  SmsUp: smsUpType,
  GlobeSmsReport: globeSmsReportType,
  SignSmsReport: signSmsReportType,
  TemplateSmsReport: templateSmsReportType,
  MnsCardVender: mnsCardVenderType,
  MnsCardTemplate: mnsCardTemplateType,
  DypnsSmsVerifyReport: dypnsSmsVerifyReportType,
  VoiceReport: voiceReportType,
  VoiceCallReport: voiceCallReportType,
  VoiceRecordReport: voiceRecordReportType,
  VoiceRTASRReport: voiceRTASRReportType,
  SecretStartReport: secretStartReportType,
  SecretRingReport: secretRingReportType,
  SecretPickUpReport: secretPickUpReportType,
  SecretReport: secretReportType,
  SecretRecording: secretRecordingType,
  SecretAsrReport: secretAsrReportType,
  SecretSmsIntercept: secretSmsInterceptType,
  SecretExceptionPhoneReport: secretExceptionPhoneReportType,
  NumberManagementReport: numberManagementReportType,
  SmartLogisticsReport: smartLogisticsReportType,
  VoiceReportAiccs: voiceReportAiccsType,
  VoiceCallReportAiccs: voiceCallReportAiccsType,
  VoiceRecordReportAiccs: voiceRecordReportAiccsType,
  RobotCallReportAiccs: robotCallReportAiccsType,
  AlicomAgentCallReport: alicomAgentCallReportType,
  ArtcCdrReport: artcCdrReportType,
  ChatAppInbound: chatAppInboundType,
  ChatAppStatus: chatAppStatusType,
  ChatAppAudit: chatAppAuditType,
  FlowReport: flowReportType,
  ArtcTempStatusReport: artcTempStatusReportType,
  LlmSmartCallReport: llmSmartCallReportType,
  SecretBillingCallReport: secretBillingCallReportType,
  SecretBillingSmsReport: secretBillingSmsReportType,
  SecretRingRecording: secretRingRecordingType,
} as const satisfies Record<MessageType, ReceiptType>;

/** What is known of a message type; undefined when nothing is. */
export function receiptType(name: string): ReceiptType | undefined {
  return isKnownType(name) ? catalog[name] : undefined;
}

/** Not of what every object has, like `constructor`. */
export function isKnownType(name: string): name is MessageType {
  return Object.hasOwn(catalog, name);
}
