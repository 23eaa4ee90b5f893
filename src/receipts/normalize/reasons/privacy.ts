/** Codes of number privacy but `release_cause`, and SecretAsrReport's status. */
import { ReasonTable } from './table.js';

/** `unconnected_cause` of SecretStartReport and SecretReport. */
export const unconnectedCauses = new ReasonTable({
  0: ['正常通话', 'Normal call'],
  1: ['黑名单拦截', 'Blocked by a block list'],
  2: ['无绑定关系', 'No binding'],
  3: ['呼叫限制', 'Call restricted'],
  4: ['其他', 'Other'],
});

/** `control_msg`. */
export const controlMessages = new ReasonTable({
  OK: ['正常', 'OK'],
  NO_SUBS_EXIST: ['绑定关系不存在', 'No binding exists'],
});

/** `call_type` when it is no ordinary call; 2, 3 and 5 in the 2018 text only. */
export const callTypes = new ReasonTable({
  2: ['短信发送', 'SMS sent'],
  3: ['短信接收', 'SMS received'],
  4: ['呼叫拦截', 'Call intercepted'],
  5: ['短信拦截', 'SMS intercepted'],
});

/** `statusCode` of SecretAsrReport: only this one is documented. */
export const asrStatuses = new ReasonTable({ 21050000: ['识别成功', 'Recognised'] });

/** `status` of NumberManagementReport. */
export const numberStatuses = new ReasonTable({ 1: ['号码已创建', 'Created'], 2: ['号码已删除', 'Deleted'] });

/** `noStatus` of SecretExceptionPhoneReport. */
export const numberHealth = new ReasonTable({ 0: ['号码异常', 'Abnormal'], 1: ['号码正常', 'Normal'] });

/** `logisticsStatus` of SmartLogisticsReport, in the order a parcel goes through them. */
export const parcelStatuses = new ReasonTable({
  WAIT: ['待揽收', 'Waiting'],
  ACCEPT: ['已接单', 'Accepted'],
  GOT: ['已揽收', 'Collected'],
  MODIFY_WEIGHT: ['已改重量', 'Weight changed'],
  TRANSPORT: ['运输中', 'In transit'],
  DELIVERING: ['派送中', 'Out for delivery'],
  SIGN: ['已签收', 'Signed for'],
});
