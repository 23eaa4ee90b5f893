/** What was sent to a person: SMS of both sites, card SMS, ChatApp messages, flow top-ups. */
import { type Normalizer, reasonIn, withId } from './common.js';
import { compact, type Fields } from './fields.js';
import { chatStatuses } from './reasons/chatapp.js';
import { flowReason, flowResults } from './reasons/flow.js';
import { cardRenderings, intlStatuses, smartSmsStatuses, smsErrors } from './reasons/sms.js';
import { ownWords } from './reasons/table.js';
import type { NormalizedMessage } from './types.js';

type Outcome = NormalizedMessage['outcome'];

const DELIVERED = /^(?:delivered|delivrd|success)$/i;

/** SmsReport is one name for two shapes: the international site's has `To` where the mainland's has `phone_number`. */
export const smsReport: Normalizer = (fields, common) =>
  fields.text('phone_number') === undefined && fields.text('To', 'Status') !== undefined
    ? intlSms(fields, common)
    : mainlandSms(fields, common);

/** SmsReport of the mainland site, DypnsSmsVerifyReport. */
export const mainlandSms: Normalizer = (fields, common) => {
  const success = fields.flag('success');
  const stated: Outcome = success === undefined ? 'unknown' : success ? 'delivered' : 'failed';
  const delivered = DELIVERED.test(fields.text('err_code') ?? '');
  return compact<NormalizedMessage>({
    ...withId(common, fields.text('biz_id')),
    kind: 'message',
    channel: 'sms',
    outcome: stated === 'unknown' && delivered ? 'delivered' : stated,
    reason: reasonIn(smsErrors, fields, 'err_code', 'err_msg'),
    to: fields.text('phone_number'),
    sentAt: fields.time('send_time'),
    doneAt: fields.time('report_time'),
    segments: fields.number('sms_size'),
  });
};

const INTL_OUTCOMES = new Map<string | undefined, Outcome>([
  ['1', 'delivered'],
  ['2', 'failed'],
  ['3', 'delivered'],
  ['6', 'failed'],
]);

/** SmsReport of the international site, and GlobeSmsReport, which says the same in snake case. */
export const intlSms: Normalizer = (fields, common) => {
  const names = common.messageType === 'GlobeSmsReport' ? GLOBE_NAMES : INTL_NAMES;
  return compact<NormalizedMessage>({
    ...withId(common, fields.text('MessageId')),
    kind: 'message',
    channel: 'sms',
    outcome: INTL_OUTCOMES.get(fields.text('Status')) ?? 'unknown',
    reason:
      reasonIn(smsErrors, fields, names.code, 'ErrorDescription') ??
      reasonIn(intlStatuses, fields, names.status, 'ErrorDescription'),
    to: fields.text('To'),
    sentAt: fields.time('SendDate'),
    doneAt: fields.time('ReceiveDate'),
    segments: fields.number('SmsSize'),
  });
};

const INTL_NAMES = { code: 'ErrorCode', status: 'Status' };
const GLOBE_NAMES = { code: 'error_code', status: 'status' };

/** MnsCardVender. Only 0 is documented, so anything else is not called a failure. */
export const card: Normalizer = (fields, common) =>
  compact<NormalizedMessage>({
    ...common,
    kind: 'message',
    channel: 'card',
    outcome: fields.text('render_status') === '0' ? 'delivered' : 'unknown',
    reason: reasonIn(cardRenderings, fields, 'render_status', 'desc'),
    to: fields.text('mobile'),
  });

/** FlowReport. */
export const flow: Normalizer = (fields, common) => {
  const result = fields.text('result');
  const code = fields.text('err_code');
  return compact<NormalizedMessage>({
    ...common,
    kind: 'message',
    channel: 'flow',
    outcome: result === '3' ? 'delivered' : result === '4' ? 'failed' : 'unknown',
    reason:
      code === undefined
        ? reasonIn(flowResults, fields, 'result', 'err_msg')
        : flowReason(code, fields.text('err_msg')),
    to: fields.text('phone'),
  });
};

const CHAT_OUTCOMES = new Map<string | undefined, Outcome>([
  ['sent', 'pending'],
  ['delivered', 'delivered'],
  ['read', 'delivered'],
  ['failed', 'failed'],
]);

/** ChatAppStatus. `Timestamp` is when this status came about. */
export const chatStatus: Normalizer = (fields, common) => {
  const outcome = CHAT_OUTCOMES.get(fields.text('Status')?.toLowerCase()) ?? 'unknown';
  const since = fields.time('Timestamp');
  return compact<NormalizedMessage>({
    ...withId(common, fields.text('MessageId')),
    kind: 'message',
    channel: 'chatapp',
    outcome,
    reason: chatReason(fields),
    to: fields.text('To'),
    from: fields.text('From'),
    sentAt: outcome === 'pending' ? since : undefined,
    doneAt: outcome === 'pending' ? undefined : since,
    tariff: fields.text('ConversationType'),
  });
};

/** The error, if there is one: `Failed` by itself does not say why. */
function chatReason(fields: Fields) {
  const code = fields.text('ErrorCode');
  const text = fields.text('ErrorDescription', 'StatusDescription');
  return code === undefined
    ? reasonIn(chatStatuses, fields, 'Status', 'StatusDescription')
    : ownWords('ErrorCode', code, text);
}

/**
 * SecretSmsIntercept. «Intercepted» means that the content was taken note of: the documented sample of an intercepted
 * SMS says `DELIVRD`. `status` speaks of smart SMS (`sms_type` 2) only.
 */
export const secretSms: Normalizer = (fields, common) => {
  const status = fields.text('sms_type') === '2' ? fields.text('status') : undefined;
  const code = fields.text('code');
  const delivered = DELIVERED.test(code ?? '');
  return compact<NormalizedMessage>({
    ...withId(common, fields.text('id')),
    kind: 'message',
    channel: 'sms',
    outcome: status === '2' ? 'failed' : delivered ? 'delivered' : status === '1' ? 'pending' : 'unknown',
    reason:
      reasonIn(smsErrors, fields, 'code') ??
      (status === undefined ? undefined : smartSmsStatuses.reason('status', status)),
    to: fields.text('receive_no'),
    from: fields.text('send_no'),
    via: fields.text('secret_no'),
    text: fields.verbatim('sms_content'),
    sentAt: fields.time('start_time'),
  });
};
