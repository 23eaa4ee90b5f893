/** The types of receipts by name, and of what is nested in them. */
export type { AlicomAgentCallReport } from './alicom-agent-call-report.js';
export type { ArtcCdrDetail, ArtcCdrLeg, ArtcCdrReport, ArtcCdrReport2019 } from './artc-cdr-report.js';
export type { ChatAppAudit, ChatAppInbound, ChatAppStatus } from './chatapp.js';
export type { FlowReport } from './flow-report.js';
export type { GlobeSmsReport } from './globe-sms-report.js';
export type {
  RobotCallData,
  RobotCallInfo,
  RobotCallOutput,
  RobotCallReportAiccs,
  RobotCallReportAiccsFlat,
  RobotCallSlot,
} from './robot-call-report.js';
export type { SecretPickUpReport, SecretRingReport, SecretStartReport } from './secret-call.js';
export type {
  NumberManagementReport,
  NumberManagementReportSnake,
  SecretExceptionPhoneReport,
} from './secret-number.js';
export type { SecretAsrReport, SecretAsrSentence, SecretRecording } from './secret-recording.js';
export type { SecretReport } from './secret-report.js';
export type { SecretSmsIntercept } from './secret-sms-intercept.js';
export type { SmartLogisticsReport } from './smart-logistics-report.js';
export type { MnsCardTemplate, MnsCardTemplateVendor, MnsCardVender } from './sms-card.js';
export type { DypnsSmsVerifyReport, SmsReport, SmsReportDomestic, SmsReportIntl } from './sms-report.js';
export type { SignSmsReport, TemplateSmsReport } from './sms-review.js';
export type { SmsUp } from './sms-up.js';
export type {
  ArtcTempStatusReport,
  LlmSmartCallReport,
  SecretBillingCallReport,
  SecretBillingSmsReport,
  SecretRingRecording,
} from './unpublished.js';
export type { VoiceCallReport, VoiceCallReportAiccs } from './voice-call-report.js';
export type { VoiceRecordReport, VoiceRecordReportAiccs } from './voice-record-report.js';
export type { VoiceReport, VoiceReportAiccs } from './voice-report.js';
export type { VoiceRTASRReport } from './voice-rtasr-report.js';
