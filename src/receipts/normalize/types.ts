/**
 * The normalized view of a receipt: one small union for the questions people ask (did it arrive and if not why, who,
 * when, how long, billed how much, recording where), the same for every message type and provider.
 *
 * Eight kinds and `other`. Each answers other questions, so none can be folded into another without fields that are
 * always absent; whatever asks the same questions shares a kind (a flow top-up reports like a message, the state of a
 * number like the state of a parcel).
 *
 * What a receipt does not say is left out: no property is ever `''`, `null`, `NaN` or a 0 that was not published.
 * Times are ISO 8601 in UTC with milliseconds, durations are seconds. The event's raw data keeps everything else.
 */

export type Normalized =
  | NormalizedMessage
  | NormalizedInbound
  | NormalizedCall
  | NormalizedProgress
  | NormalizedRecording
  | NormalizedTranscript
  | NormalizedReview
  | NormalizedStatus
  | NormalizedOther;

/** A code as published, and what it means. */
export interface Reason {
  /** The code exactly as published, as text: `MOBILE_NOT_ON_SERVICE`, `200002`, `17`. */
  code: string;
  /** The raw field that held the code (`err_code`, `release_cause`): the same number means other things elsewhere. */
  field: string;
  /** Chinese. Of a code that no table knows: the receipt's own text, whatever its language. */
  zh: string;
  /** English. Of a code that no table knows: the receipt's own text, whatever its language. */
  en: string;
}

/** What every normalized receipt has. */
export interface NormalizedCommon {
  /** As the event's `messagetype`. */
  messageType: string;
  /** When it happened, as the event's `time`: the receipt's own time, else when MNS got it. */
  at: string;
  /**
   * The id that joins the receipt to the request that caused it, or to its other receipts: `biz_id` or `MessageId` of
   * a message, `call_id` of a call (`biz_id` of an inbound one, `channelId` or `uuid` of ArtcCdrReport), `sequence_id`
   * of an SMS from a person, `orderId` of a review, `id` of SecretSmsIntercept, `mailNo` of a parcel.
   */
  id?: string;
  /** The OutId given when calling or sending: `out_id`, `outId`. */
  outId?: string;
}

/**
 * Something sent to a person, and what became of it. SmsReport (both sites), GlobeSmsReport, DypnsSmsVerifyReport,
 * MnsCardVender, ChatAppStatus, FlowReport, SecretSmsIntercept; SecretStartReport and SecretReport when their
 * `call_type` says SMS.
 */
export interface NormalizedMessage extends NormalizedCommon {
  kind: 'message';
  /** What was sent; `flow` is a mobile data top-up. */
  channel: 'sms' | 'card' | 'chatapp' | 'flow';
  /**
   * `delivered`: on the handset (also when read; a top-up: credited; a card: rendered). `failed`: it will not get
   * there, expired ones too. `pending`: sent, delivery not reported. `unknown`: the receipt says none of these.
   */
  outcome: 'delivered' | 'failed' | 'pending' | 'unknown';
  /**
   * Why, also of what was delivered (`DELIVERED`). From `err_code` and `err_msg`, `ErrorCode` and `ErrorDescription`,
   * else the status itself: `Status`, `status`, `render_status`, `result`, `code`, `call_type`.
   */
  reason?: Reason;
  /** Recipient: `phone_number`, `To`, `to`, `mobile`, `phone`, `receive_no`; with country code on the international site. */
  to?: string;
  /** Sender, of ChatApp (`From`) and number privacy (`send_no`); SMS receipts do not say. */
  from?: string;
  /** The privacy number in between: `secret_no`. */
  via?: string;
  /** What was sent: `sms_content` of SecretSmsIntercept only. */
  text?: string;
  /** When it was sent: `send_time`, `SendDate`, `send_date`, `start_time`; `Timestamp` of ChatApp's `Sent`. */
  sentAt?: string;
  /** When the carrier reported: `report_time`, `ReceiveDate`, `receive_date`; `Timestamp` of ChatApp's other statuses. */
  doneAt?: string;
  /** How many SMS it is billed as: `sms_size`, `SmsSize`, `sms_number`. */
  segments?: number;
  /** The tariff, ChatApp only: `ConversationType` (`service`, `utility`, `marketing`, `authentication`). */
  tariff?: string;
}

/** Something a person sent. SmsUp, ChatAppInbound. */
export interface NormalizedInbound extends NormalizedCommon {
  kind: 'inbound';
  channel: 'sms' | 'chatapp';
  /** Who wrote: `phone_number`, `From`. */
  from?: string;
  /** ChatApp: the sender's name, `DisplayName` or `Name`. */
  fromName?: string;
  /** Whom they wrote to: `dest_code` (an extension number, not a whole one), `To`. */
  to?: string;
  /** Lower case: `text` for SMS; ChatApp's `Type`: `text`, `image`, `location`, `reply`, … */
  contentType?: string;
  /** What they wrote, untouched: `content`, `Message` of TEXT, its `text` of REPLY, its `caption` of IMAGE. */
  text?: string;
  /** Where the picture, film, sound or document is, for 7 days: `url` inside ChatApp's `Message`. */
  mediaUrl?: string;
  /** When they sent it: `send_time`, `Timestamp`. */
  sentAt?: string;
}

export type HungUpBy = 'caller' | 'callee' | 'platform' | 'person' | 'leg-a' | 'leg-b';

/**
 * A finished call. VoiceReport, VoiceReportAiccs, AlicomAgentCallReport, RobotCallReportAiccs, SecretReport,
 * ArtcCdrReport.
 */
export interface NormalizedCall extends NormalizedCommon {
  kind: 'call';
  /**
   * From the times first (answered at, seconds talked), from the code only when they say nothing. Of a two-leg call
   * whose own times say nothing: whether leg B was answered. `unknown`: nothing says.
   */
  outcome: 'answered' | 'unanswered' | 'unknown';
  /**
   * Why, also of an answered call. Voice: `smart_status_code`, else `status_code` (`code` of RobotCallReportAiccs); a
   * code whose meaning contradicts the outcome is told with the receipt's own text only. Number privacy:
   * `unconnected_cause` 1 to 3, else `control_msg`, else `release_cause`. ArtcCdrReport has none.
   */
  reason?: Reason;
  /**
   * `caller`, `callingNo`; number privacy: `phone_no`, or `peer_no` when `call_type` is 1, absent when `call_type` does
   * not tell the direction; ArtcCdrReport: a user id, of a conference the participant's (`userId`).
   */
  caller?: string;
  /** `callee`, `calledNo`, the other one of `phone_no` and `peer_no`. */
  callee?: string;
  /** The privacy number in between: `secret_no`. */
  via?: string;
  /** The call began: `originate_time`, `call_time`; `startTime` of RobotCallReportAiccs and ArtcCdrReport. */
  startedAt?: string;
  /** It rang: `ring_time`; number privacy: `free_ring_time`, absent when it equals `call_out_time` (it did not ring). */
  ringAt?: string;
  /** Answered: `start_time`, `answerTime`. Absent when not answered, and of ArtcCdrReport. */
  answeredAt?: string;
  /** `end_time`, `endTime`, `release_time`. */
  endedAt?: string;
  /**
   * Seconds talked, what billing goes by: `duration`; number privacy: `release_time` − `start_time`. 0 when not
   * answered and the receipt says so. How seconds are rounded up to billed minutes is not documented, so it is not
   * done here.
   */
  talkSeconds?: number;
  /**
   * `release_dir`, `hangup_direction`, `direction` of RobotCallReportAiccs. `person` is the one on the phone, whether
   * he called or was called; `platform` is Alibaba's side (the robot too).
   */
  hungUpBy?: HungUpBy;
  /** Keys pressed: `dtmf`. */
  dtmf?: string;
  /** `record_url`: there from 15 to 20 minutes after the call, for 7 days (30 by the HTTP page). */
  recordingUrl?: string;
  /** Recording of the ringing tone, number privacy only: `ring_record_url`. */
  ringRecordingUrl?: string;
  /** Only of calls published with legs: `a_*` and `b_*`, `detail.callInInfo` and `detail.callOutInfo`. */
  legs?: CallLeg[];
}

/** One leg of a call; absent as in {@link NormalizedCall}. */
export interface CallLeg {
  /** `a` and `b` of a two-leg call or a transfer (`a_*`, `b_*`), `in` and `out` of ArtcCdrReport. */
  leg: 'a' | 'b' | 'in' | 'out';
  /** Of `in` and `out`: `caller`. */
  caller?: string;
  /** Of `in` and `out`: `callee`. */
  callee?: string;
  /** `a_originate_time`, `b_originate_time`; `startTime` of `in` and `out`. */
  startedAt?: string;
  /** `a_ring_time`, `b_ring_time`. */
  ringAt?: string;
  /** `a_start_time`, `b_start_time`. */
  answeredAt?: string;
  /** `a_end_time`, `b_end_time`, `endTime`. */
  endedAt?: string;
  /** Seconds: `a_duration`, `b_duration`, `duration`. */
  talkSeconds?: number;
}

/** A call that goes on. VoiceCallReport, VoiceCallReportAiccs, SecretStartReport, SecretRingReport, SecretPickUpReport. */
export interface NormalizedProgress extends NormalizedCommon {
  kind: 'progress';
  /**
   * `dtmf`: keys were pressed. `unknown`: the code says none of these. Voice codes do not tell a one-leg call from a
   * two-leg one: `answered` without `leg` is the callee of the former or leg A of the latter.
   */
  state: 'calling' | 'ringing' | 'answered' | 'ended' | 'dtmf' | 'unknown';
  /** Only when the code names leg B for certain. */
  leg?: 'b';
  /**
   * `smart_status_code`, else `status_code`; number privacy: as of a call, so present when the call will not be
   * connected.
   */
  reason?: Reason;
  /** As {@link NormalizedCall.caller}; number privacy only. */
  caller?: string;
  /** As {@link NormalizedCall.callee}; number privacy only. */
  callee?: string;
  /** The privacy number in between: `secret_no`. */
  via?: string;
  /** When the state began: `status_time`; `call_time`, `ring_time`, `start_time` of the privacy types. */
  since?: string;
  /** Keys pressed: `dtmf`. */
  dtmf?: string;
}

/** A recording is there. VoiceRecordReport, VoiceRecordReportAiccs, SecretRecording. */
export interface NormalizedRecording extends NormalizedCommon {
  kind: 'recording';
  /** `record_file` as published: a URL or a file. Absent of SecretRecording, see `fetch`. */
  location?: string;
  /**
   * How to get the recording of SecretRecording, within 14 days: the parameters of this operation of Dyplsapi, which
   * answers a URL that lives 2 hours. Present when the receipt has a `call_id`.
   */
  fetch?: {
    action: 'QueryRecordFileDownloadUrl';
    CallId: string;
    /** `yyyy-MM-dd HH:mm:ss`, Beijing time, as the operation wants it. */
    CallTime?: string;
    PoolKey?: string;
  };
  /** Recording began: `record_begin_time`. */
  recordedAt?: string;
  /** The call it is of: `start_time` (answered) of voice, `call_time` (dialled) of number privacy. */
  callStartedAt?: string;
  /** Seconds: `duration`. */
  seconds?: number;
}

/** What was said. VoiceRTASRReport (one utterance, while it is said), SecretAsrReport (a whole call). */
export interface NormalizedTranscript extends NormalizedCommon {
  kind: 'transcript';
  /** In the order published; those without text are left out. */
  sentences: Sentence[];
  /** SecretAsrReport's `statusCode`; only `21050000`, recognised, is documented. */
  reason?: Reason;
  /** The privacy number in between: `secretNo`. */
  via?: string;
  /** The call began: `begin_time`. */
  startedAt?: string;
  /** Length of what was recognised: `bizDuration`. */
  seconds?: number;
}

export interface Sentence {
  text: string;
  /** As published: `role` (`B`), `channelId` (`0`). */
  speaker?: string;
  /** Seconds since the call or recording began: `begin_offset`, `beginTime` (both published in ms). */
  fromSeconds?: number;
  /** As `fromSeconds`: `end_offset`, `endTime`. */
  toSeconds?: number;
}

/** A verdict of Alibaba's or the carrier's review. SignSmsReport, TemplateSmsReport, MnsCardTemplate, ChatAppAudit. */
export interface NormalizedReview extends NormalizedCommon {
  kind: 'review';
  subject: 'signature' | 'template';
  /** What was reviewed: `sign_name`, `template_code`, `TemplateCode`. */
  name?: string;
  /**
   * `sign_status`, `template_status`, `AuditStatus`. `unknown` of MnsCardTemplate always: what its 0, 1 and 2 mean is
   * not documented.
   */
  verdict: 'approved' | 'rejected' | 'pending' | 'unknown';
  /** The status, or the reason given for a rejection (`reason`, `Reason`, `desc`). */
  reason?: Reason;
}

/** The state of something else. NumberManagementReport, SecretExceptionPhoneReport, SmartLogisticsReport. */
export interface NormalizedStatus extends NormalizedCommon {
  kind: 'status';
  subject: 'number' | 'parcel';
  /** Which one: `secretNo`, `mailNo`. */
  name?: string;
  /** `status`, `noStatus`, `logisticsStatus`. */
  reason?: Reason;
  /** Since when: `operatingTime`, `timestamp`, `logisticsGmtModified`. */
  since?: string;
  /** The last thing reported of a parcel: `lastLogisticDetail`. */
  text?: string;
}

/** A message type that is not known, or of which no field table was published. Read the event's data. */
export interface NormalizedOther extends NormalizedCommon {
  kind: 'other';
}
