/**
 * Sample receipts in their documented shape (receipts.md), one function a message type. The same type and number always
 * give the same receipt, and different numbers give different business ids, so what arrives twice can be told from what
 * was sent twice. Some fail, as in life: every seventh SMS, every fifth call.
 */
type Sample = (n: number) => object;

/** 2024-01-01 08:00:00 plus seconds, in the zone-less form the receipts use (receipts.md §0.2). */
const EPOCH = Date.UTC(2024, 0, 1, 8);
const time = (n: number, plus = 0): string =>
  new Date(EPOCH + (n + plus) * 1000).toISOString().slice(0, 19).replace('T', ' ');
/** `Mon, 01 Jan 2024 08:00:00 +0800`, as the international receipts print it (receipts.md §2.1). */
const offsetTime = (n: number, plus = 0): string =>
  new Date(EPOCH + (n + plus) * 1000).toUTCString().replace('GMT', '+0800');
const digits = (n: number, width: number): string => String(n % 10 ** width).padStart(width, '0');
const mobile = (n: number): string => `139${digits(n, 8)}`;
const orderId = (n: number): string => `order-${n}`;
const callId = (n: number): string => `1000${digits(n, 8)}^1000${digits(n, 8)}`;
const privacyId = (n: number): string => `pnp${digits(n, 12)}`;

const smsReport: Sample = (n) => {
  const success = n % 7 !== 6;
  return {
    phone_number: mobile(n),
    send_time: time(n),
    report_time: time(n, 6),
    success,
    err_code: success ? 'DELIVERED' : 'MOBILE_NOT_ON_SERVICE',
    err_msg: success ? '用户接收成功' : '手机关机或停机',
    sms_size: n % 11 === 10 ? '2' : '1',
    biz_id: `9327${digits(n, 14)}^0`,
    out_id: orderId(n),
  };
};

const smsUp: Sample = (n) => ({
  phone_number: mobile(n),
  send_time: time(n),
  content: n % 3 === 0 ? 'TD' : `回复 ${n}`,
  dest_code: digits(n, 4),
  sequence_id: 1_234_500_000 + n,
});

const globeSmsReport: Sample = (n) => {
  const delivered = n % 7 !== 6;
  return {
    to: `6140${digits(n, 7)}`,
    status: delivered ? '1' : '2',
    message_id: `1608${digits(n, 12)}^0`,
    send_date: offsetTime(n),
    receive_date: offsetTime(n, 5),
    error_code: delivered ? 'success' : 'UNDELIV',
    error_description: delivered ? 'delivered' : 'undeliverable',
  };
};

const voiceReport: Sample = (n) => {
  const answered = n % 5 !== 4;
  return {
    call_id: callId(n),
    originate_time: time(n),
    ring_time: time(n, 3),
    start_time: answered ? time(n, 8) : '',
    end_time: time(n, 18),
    caller: '057100000000',
    callee: mobile(n),
    duration: answered ? '10' : '0',
    status_code: answered ? '200000' : '200003',
    smart_status_code: answered ? 'ANSWERED' : 'NO_ANSWER',
    hangup_direction: answered ? '用户' : '机器',
    status_msg: answered ? '用户接听' : '用户未接听',
    out_id: orderId(n),
    dtmf: answered ? '1' : '',
    voice_type: 'voice',
    toll_type: 'UNKNOWN',
  };
};

/** Ringing, answered, ended: three reports of one call follow each other. */
const voiceCallReport: Sample = (n) => ({
  call_id: callId(Math.floor(n / 3)),
  status_code: ['200201', '200102', '200100'][n % 3],
  status_time: time(n),
  out_id: orderId(Math.floor(n / 3)),
});

const voiceRecordReport: Sample = (n) => ({
  call_id: callId(n),
  start_time: time(n, 8),
  end_time: time(n, 18),
  duration: 10,
  status_code: '200000',
  record_file: `http://example.invalid/rec/${n}.wav`,
  record_begin_time: time(n, 8),
  out_id: orderId(n),
});

const voiceRtAsrReport: Sample = (n) => ({
  call_id: callId(n),
  role: n % 2 === 0 ? 'A' : 'B',
  identity: `id${n % 2}`,
  words: '你好',
  begin_offset: 1000,
  end_offset: 9000,
  begin_time: time(n),
  out_id: orderId(n),
});

const secretStartReport = (n: number): object => ({
  pool_key: 'FC1000000001',
  sub_id: 123_456 + n,
  call_id: privacyId(n),
  phone_no: mobile(n),
  secret_no: `170${digits(n, 8)}`,
  peer_no: `158${digits(n, 8)}`,
  called_display_no: `170${digits(n, 8)}`,
  call_type: n % 2,
  call_time: time(n),
  out_id: orderId(n),
});

/** Unanswered: start_time equals release_time (receipts.md §6.3). */
const secretReport: Sample = (n) => {
  const answered = n % 5 !== 4;
  return {
    ...secretStartReport(n),
    call_out_time: time(n, 2),
    ring_time: time(n, 4),
    free_ring_time: time(n, 5),
    start_time: answered ? time(n, 9) : time(n, 69),
    release_time: time(n, 69),
    release_dir: answered ? 1 : 0,
    release_cause: answered ? 16 : 19,
    unconnected_cause: 0,
    sms_number: 0,
  };
};

const secretRecording: Sample = (n) => ({
  pool_key: 'FC1000000001',
  subs_id: 123_456 + n,
  call_id: privacyId(n),
  call_time: String(EPOCH + n * 1000),
  out_id: orderId(n),
});

const SAMPLES: Readonly<Record<string, Sample>> = {
  SmsReport: smsReport,
  SmsUp: smsUp,
  GlobeSmsReport: globeSmsReport,
  DypnsSmsVerifyReport: smsReport,
  VoiceReport: voiceReport,
  VoiceCallReport: voiceCallReport,
  VoiceRecordReport: voiceRecordReport,
  VoiceRTASRReport: voiceRtAsrReport,
  SecretStartReport: secretStartReport,
  SecretReport: secretReport,
  SecretRecording: secretRecording,
};

export const SAMPLE_TYPES: readonly string[] = Object.keys(SAMPLES);

/** The `n`th sample of a type, `n` from 0. A type without a sample of its own gets a plain object with an id. */
export function sampleReceipt(messageType: string, n: number): object {
  const sample = Object.hasOwn(SAMPLES, messageType) ? SAMPLES[messageType] : undefined;
  return sample?.(n) ?? { id: `${messageType}-${n}`, time: time(n), out_id: orderId(n) };
}
