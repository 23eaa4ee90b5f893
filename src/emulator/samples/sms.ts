/** Samples of what became of an SMS, and of what people answer (receipts.md §1.1, §1.2, §1.6, §2). */
import {
  cycle,
  digits,
  lasting,
  mobile,
  outId,
  rarely,
  roll,
  type Sample,
  type Series,
  serial,
  serialText,
  Timeline,
} from './series.js';

interface Outcome {
  code: string;
  text: string;
}

const DELIVERED: Outcome = { code: 'DELIVERED', text: '用户接收成功' };
/** By the platform's own codes, the frequent ones twice, and by one of a carrier's. */
const FAILURES: readonly [Outcome, ...Outcome[]] = [
  { code: 'MOBILE_NOT_ON_SERVICE', text: '停机、空号、暂停服务、关机、不在服务区' },
  { code: 'MOBILE_NOT_ON_SERVICE', text: '停机、空号、暂停服务、关机、不在服务区' },
  { code: 'MOBILE_SEND_LIMIT', text: '单个号码日、月发送上限或流控' },
  { code: 'MOBILE_TERMINAL_ERROR', text: '手机终端问题、内存满、SIM卡满、非法设备等' },
  { code: 'MOBILE_ACCOUNT_ABNORMAL', text: '用户账号异常、携号转网、欠费等' },
  { code: 'MOBILE_IN_BLACK', text: '号码在黑名单中' },
  { code: 'CONTENT_KEYWORD', text: '内容关键字拦截' },
  { code: 'UNDELIV', text: '运营商未送达' },
];

function reportWith(lead: string): Sample {
  return (n, series) => {
    const success = delivered(n);
    const { code, text } = success ? DELIVERED : cycle(FAILURES, roll('sms failure', n, FAILURES.length));
    const reported = lasting('sms delivery', n, 1, 30);
    const time = new Timeline(n, series, reported);
    return {
      phone_number: mobile(n),
      send_time: time.text(0),
      report_time: time.text(reported),
      success,
      err_code: code,
      err_msg: text,
      sms_size: segments(n),
      biz_id: `${lead}${serialText(n, series)}^0`,
      out_id: outId(n, series),
    };
  };
}

export const smsReport = reportWith('932');
export const dypnsSmsVerifyReport = reportWith('934');

const WORDS: readonly [string, ...string[]] = [
  'TD',
  '1',
  '确认',
  '好的，谢谢',
  '请明天再联系',
  'T',
  '收到👌',
];

/** The id is a number or a string of digits, depending on how the receipt travels; times lost their separators once. */
export const smsUp: Sample = (n, series) => {
  const time = new Timeline(n, series, 0);
  const id = serial(n, series) + 1_234_500_000;
  return {
    phone_number: mobile(n),
    send_time: rarely('up time', n) ? time.compact(0) : time.text(0),
    content: cycle(WORDS, n),
    dest_code: digits(roll('dest code', n, 50), 4),
    sequence_id: rarely('up id', n) ? String(id) : id,
  };
};

interface Abroad extends Outcome {
  status: string;
}

const REACHED: Abroad = { status: '1', code: 'success', text: 'delivered' };
const UNREACHED: readonly [Abroad, ...Abroad[]] = [
  { status: '2', code: 'UNDELIV', text: 'undeliverable' },
  { status: '2', code: 'REJECTD', text: 'rejected by the carrier' },
  { status: '6', code: 'EXPIRED', text: 'validity period expired' },
];

/** What both kinds of international receipts tell. */
function abroad(n: number, series: Series) {
  const outcome = delivered(n) ? REACHED : cycle(UNREACHED, roll('abroad failure', n, UNREACHED.length));
  const received = lasting('abroad delivery', n, 2, 60);
  const time = new Timeline(n, series, received);
  return {
    ...outcome,
    to: `61400${digits(n, 6)}`,
    id: `1608${serialText(n, series)}`,
    sent: time.withZone(0),
    received: time.withZone(received),
  };
}

export const globeSmsReport: Sample = (n, series) => {
  const { to, status, id, sent, received, code, text } = abroad(n, series);
  return {
    to,
    status,
    message_id: `${id}^0`,
    send_date: sent,
    receive_date: received,
    error_code: code,
    error_description: text,
  };
};

/** What SmsReport looks like on the international site. */
export const smsReportIntl: Sample = (n, series) => {
  const { to, status, id, sent, received, code, text } = abroad(n, series);
  return {
    To: to,
    Status: status,
    MessageId: id,
    SmsSize: segments(n),
    SendDate: sent,
    ReceiveDate: received,
    ErrorCode: code,
    ErrorDescription: text,
  };
};

/** One of seven is not. */
function delivered(n: number): boolean {
  return n % 7 !== 6;
}

function segments(n: number): string {
  return String(lasting('segments', n, 1, 3));
}
