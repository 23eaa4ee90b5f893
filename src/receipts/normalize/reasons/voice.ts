/**
 * `status_code` and `smart_status_code` of voice receipts (reference: voice status codes of the 2019 voice pages, and
 * the pages voicereport-1 and voicecallreport-*). Some samples print a code next to another meaning (200010 beside
 * 执行完成); the tables are followed, not the samples.
 */
import { ReasonTable } from './table.js';

export const voiceStatuses = new ReasonTable({
  200000: ['用户接听', 'Answered'],
  200002: ['用户占线', 'Busy'],
  200003: ['用户无应答', 'No answer'],
  200004: ['空号', 'Number not in service'],
  200005: ['无法接通或用户拒接', 'Unreachable or rejected'],
  200007: ['不在服务区', 'Out of coverage'],
  200010: ['关机', 'Powered off'],
  200011: ['停机', 'Suspended'],
  200012: ['呼损', 'Call lost or restricted'],
  200130: ['其他', 'Other'],
  // Of calls that go on. One-leg and two-leg calls share them.
  200100: ['通话结束（双呼：A 或 B 挂断）', 'Ended (two-leg call: A or B hung up)'],
  200101: ['正在呼叫（双呼：正在呼叫 A）', 'Calling (two-leg call: calling A)'],
  200102: ['被叫接听（双呼：A 接听，正在呼叫 B）', 'Callee answered (two-leg call: A answered, calling B)'],
  200103: ['双呼 B 接听', 'B of a two-leg call answered'],
  200201: ['被叫振铃（双呼：A 振铃）', 'Callee ringing (two-leg call: A ringing)'],
  200202: ['双呼 B 振铃', 'B of a two-leg call ringing'],
  300000: ['按键', 'Keys pressed'],
});

export const smartStatuses = new ReasonTable({
  ANSWERED: ['已接听', 'Answered'],
  INTELLIGENT_ANSWER: ['智能应答', 'Intelligent answer'],
  CANCEL: ['呼叫取消', 'Cancelled'],
  CALL_REJECTED: ['拒接', 'Rejected'],
  CALL_FORWARDING: ['呼叫转移', 'Call forwarding'],
  INCOMING_CALL_BARRED: ['呼入受限', 'Incoming calls barred'],
  INVALID_NUMBER: ['空号', 'Invalid number'],
  NO_ANSWER: ['无应答', 'No answer'],
  NO_USER_RESPONDING: ['用户无响应', 'No user responding'],
  NETWORK_BUSY: ['网络忙', 'Network busy'],
  OPERATOR_BLOCK: ['运营商拦截', 'Blocked by the operator'],
  POWERED_OFF: ['关机', 'Powered off'],
  SUSPEND: ['停机', 'Suspended'],
  USER_BUSY: ['用户忙', 'User busy'],
  UNAVAILABLE: ['无法接通', 'Unavailable'],
  OTHER: ['其他', 'Other'],
  OTHERS: ['其他', 'Other'],
});

const ANSWERED = new Set(['200000', 'ANSWERED']);
const UNANSWERED = new Set([
  ...['200002', '200003', '200004', '200005', '200007', '200010', '200011', '200012'],
  ...['CANCEL', 'CALL_REJECTED', 'INCOMING_CALL_BARRED', 'INVALID_NUMBER', 'NO_ANSWER', 'NO_USER_RESPONDING'],
  ...['NETWORK_BUSY', 'OPERATOR_BLOCK', 'POWERED_OFF', 'SUSPEND', 'USER_BUSY', 'UNAVAILABLE'],
]);

/** Whether a call that ended with this code was answered; undefined when the code does not tell. */
export function answeredBy(code: string): boolean | undefined {
  const name = code.toUpperCase();
  return ANSWERED.has(name) ? true : UNANSWERED.has(name) ? false : undefined;
}
