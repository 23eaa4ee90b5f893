/**
 * `err_code` of SmsReport and its like (help.aliyun.com documents 101641 and 101347), and `ErrorCode` and `Status` of
 * international SMS (alibabacloud.com smsreport-mns-intl, document 106598 for status 3). Carriers' own codes
 * (`MK:0001`, …) differ from carrier to carrier and are told by `err_msg`.
 */
import { ReasonTable } from './table.js';

export const smsErrors = new ReasonTable({
  DELIVERED: ['用户接收成功', 'Delivered'],
  DELIVRD: ['用户接收成功', 'Delivered'],
  success: ['用户接收成功', 'Delivered'],
  REQUEST_SUCCESS: ['已提交运营商，未收到回执', 'Accepted by the carrier, which reported nothing more'],
  MOBILE_NOT_ON_SERVICE: [
    '空号、停机、关机或不在服务区',
    'Number not in service, switched off or out of coverage',
  ],
  MOBILE_SEND_LIMIT: ['该号码发送频率或数量超限', 'Too many messages to this number'],
  MOBILE_ACCOUNT_ABNORMAL: [
    '号码账户异常、欠费或携号转网',
    'Subscriber account in arrears, abnormal or ported',
  ],
  MOBILE_IN_BLACK: ['号码在黑名单中', 'Number is on a block list'],
  MOBLLE_TERMINAL_ERROR: ['手机终端问题，如存储已满', 'Handset problem, such as memory full'],
  MOBILE_TERMINAL_ERROR: ['手机终端问题，如存储已满', 'Handset problem, such as memory full'],
  INVALID_NUMBER: ['号码无效或状态异常', 'Number invalid or in an abnormal state'],
  USER_REJECT: ['用户已退订或未开通该业务', 'Recipient has opted out or lacks the service'],
  CONTENT_KEYWORD: ['内容含被拦截的关键字', 'Content holds a blocked keyword'],
  CONTENT_ERROR: ['推广短信缺少退订说明', 'Promotional message without opt-out text'],
  SIGNATURE_BLACKLIST: ['签名在黑名单中', 'Signature is on a block list'],
  NO_ROUTE: ['没有可用的发送通道', 'No route for this message'],
  IS_CLOSE: ['发送通道已关停', 'The route was shut down'],
  PARAMS_ILLEGAL: ['签名、内容或号码等参数错误', 'Bad parameter: signature, content or number'],
  SP_NOT_BY_INTER_SMS: ['收件人未开通国际短信', 'Recipient has not enabled international SMS'],
  SP_UNKNOWN_ERROR: ['运营商未知错误', 'Unknown carrier error'],
  'isv.UNSUPPORTED_CONTENT': ['内容含不支持的字符', 'Content holds unsupported characters'],
  'isv.SMS_CONTENT_MISMATCH_TEMPLATE_TYPE': ['内容与模板类型不符', 'Content does not fit the template type'],
  'isv.SMS_SIGNATURE_SCENE_ILLEGAL': [
    '签名与模板类型不一致',
    'Signature and template are of different types',
  ],
  'isv.EXTEND_CODE_ERROR': ['不同签名使用了相同的扩展码', 'One extension code used for several signatures'],
  'isv.DOMESTIC_NUMBER_NOT_SUPPORTED': [
    '国际模板不支持境内号码',
    'International template used for a mainland number',
  ],
  'isv.DENY_IP_RANGE': ['源 IP 所在地区被禁用', 'Source address is in a forbidden region'],
  'isv.DAY_LIMIT_CONTROL': ['触发日发送限额', 'Daily sending limit reached'],
  'isv.MONTH_LIMIT_CONTROL': ['触发月发送限额', 'Monthly sending limit reached'],
  'isv.BUSINESS_LIMIT_CONTROL': ['触发流控限制', 'Rate limit reached'],
  'isv.SMS_CONTENT_ILLEGAL': ['内容包含禁止发送的内容', 'Content is forbidden'],
  'isv.SMS_SIGN_ILLEGAL': ['签名禁止使用', 'Signature is forbidden'],
  'isv.MOBILE_NUMBER_ILLEGAL': ['号码格式错误', 'Number is malformed'],
  'isv.BLACK_KEY_CONTROL_LIMIT': ['模板变量含黑名单关键字', 'Template variable holds a blocked keyword'],
  'isv.AMOUNT_NOT_ENOUGH': ['余额不足', 'Balance too low'],
  'isv.OUT_OF_SERVICE': ['业务停机', 'Service suspended'],
  'isv.PRODUCT_UN_SUBSCRIPT': ['未开通产品', 'Product not opened'],
  'isv.PRODUCT_UNSUBSCRIBE': ['未开通产品', 'Product not opened'],
  'isv.ACCOUNT_NOT_EXISTS': ['账户不存在', 'Account does not exist'],
  'isv.ACCOUNT_ABNORMAL': ['账户异常', 'Account is abnormal'],
  'isp.RAM_PERMISSION_DENY': ['RAM 权限不足', 'RAM denies the call'],
  'isp.SYSTEM_ERROR': ['系统错误', 'System error'],
  // International SMS names the same things without a prefix.
  NOT_SUPPORTED_COUNTRY: ['不支持发往该国家或地区', 'Country or region not supported'],
  MOBILE_NUMBER_ILLEGAL: ['号码格式错误', 'Number is malformed'],
  BLACK_KEY_CONTROL_LIMIT: ['模板变量含黑名单关键字', 'Template variable holds a blocked keyword'],
  SMS_CONTENT_ILLEGAL: ['内容不合法', 'Content is forbidden'],
  SMS_SECURITY_INTERCEPTED: ['被风控策略拦截', 'Blocked by risk control'],
  INVALID_SENDERID: ['SenderID 无效或未通过审核', 'Sender ID invalid or not approved'],
  ACCOUNT_ILLEGAL: ['账号因发送非法内容被列入黑名单', 'Account is blocked for forbidden content'],
  AMOUNT_NOT_ENOUGH: ['资源包或余额不足', 'Balance too low'],
  OUT_OF_SERVICE: ['业务停机', 'Service suspended'],
  SYSTEM_ERROR: ['系统错误', 'System error'],
});

/** `Status` and `status` of international SMS. */
export const intlStatuses = new ReasonTable({
  1: ['发送成功', 'Delivered'],
  2: ['发送失败', 'Failed'],
  3: ['发送成功', 'Delivered'],
  6: ['短信过期', 'Expired'],
});

/** `render_status` of MnsCardVender: only 0 is documented. */
export const cardRenderings = new ReasonTable({ 0: ['渲染成功', 'Rendered'] });

/** `status` of SecretSmsIntercept, of smart SMS only. */
export const smartSmsStatuses = new ReasonTable({ 1: ['已发送', 'Sent'], 2: ['发送失败', 'Sending failed'] });
