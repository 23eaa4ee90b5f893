/** Samples of what privacy numbers report besides calls (receipts.md §6.7 to §6.10). */
import { cycle, mobile, outId, rarely, type Sample, serial, serialText, Timeline } from './series.js';

const TEXTS: readonly [string, ...string[]] = ['hello', '我到楼下了', '请问几点送到？', '麻烦放快递柜，谢谢'];

/** Intercepted as a rule; a smart SMS (type 2) tells its signature and what became of it too. */
export const secretSmsIntercept: Sample = (n, series) => {
  const smart = n % 5 === 4;
  return {
    id: serial(n, series) + 1_000_000,
    partner_key: 'FC1000000000',
    pool_key: 'FC1000000001',
    sub_id: serial(n, series) + 123_456,
    sms_type: smart ? 2 : 1,
    send_no: mobile(n, '150'),
    secret_no: mobile(n, '170'),
    receive_no: mobile(n, '180'),
    sms_content: cycle(TEXTS, n),
    ...(smart ? { sms_sign: '示例科技', status: n % 25 === 24 ? 2 : 1 } : { 'sms-intercept-type': 'NORMAL' }),
    call_id: `sms${serialText(n, series)}`,
    code: n % 25 === 24 ? 'UNDELIV' : 'DELIVRD',
    start_time: new Timeline(n, series, 0).text(0),
    out_id: outId(n, series),
  };
};

export const secretExceptionPhoneReport: Sample = (n, series) => ({
  secretNo: mobile(n, '170'),
  partnerKey: 'FC1000000000',
  noStatus: n % 4 === 3 ? 1 : 0,
  timestamp: new Timeline(n, series, 0).ms(0),
});

interface Stage {
  status: string;
  text: string;
  detail: string;
  /** Hours since the order. */
  at: number;
}

const STAGES: readonly [Stage, ...Stage[]] = [
  { status: 'WAIT', text: '待揽收', detail: '等待快递员揽收', at: 0 },
  { status: 'ACCEPT', text: '已接单', detail: '快递员已接单', at: 1 },
  { status: 'GOT', text: '已揽收', detail: '快件已揽收', at: 3 },
  { status: 'TRANSPORT', text: '运输中', detail: '快件已离开杭州中心', at: 9 },
  { status: 'DELIVERING', text: '派送中', detail: '快递员正在派送', at: 28 },
  { status: 'SIGN', text: '已签收', detail: '快件已签收，签收人：本人', at: 31 },
];

/** The way of a parcel in six reports. */
export const smartLogisticsReport: Sample = (n, series) => {
  const parcel = Math.floor(n / STAGES.length);
  const { status, text, detail, at } = cycle(STAGES, n);
  const seconds = at * 3600;
  return {
    cpCode: 'YTO',
    mailNo: `YT${serialText(parcel, series)}`,
    logisticsStatus: status,
    logisticsStatusDesc: text,
    lastLogisticDetail: detail,
    logisticsGmtModified: new Timeline(parcel, series, seconds).text(seconds),
    city: '杭州',
    bizKey: `biz-${serialText(parcel, series)}`,
    outerOrderCode: outId(parcel, series),
  };
};

/** In camel case as the table has it, now and then in snake case as the sample over HTTP. */
export const numberManagementReport: Sample = (n, series) => {
  const [secretNo, operatingTime] = [mobile(n, '170'), new Timeline(n, series, 0).text(0)];
  const rest = { city: '杭州', status: n % 4 === 3 ? 2 : 1, vendor: 1 + (n % 3) };
  return rarely('snake case', n)
    ? { secret_no: secretNo, partner_key: 'FC1000000000', operating_time: operatingTime, ...rest }
    : { secretNo, partnerKey: 'FC1000000000', operatingTime, ...rest };
};
