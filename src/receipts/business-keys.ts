/**
 * What people look a receipt up by. Fields go by their names, whatever the message type, so that types that nobody has
 * described are found as well.
 */
import { Fields } from './normalize/fields.js';
import { bareNumber } from './phone-number.js';

export interface BusinessKeys {
  /** `biz_id` of an SMS or of an inbound call; the message's own id where that takes its place. */
  bizId?: string;
  /** `call_id`; `channelId` or `uuid` of converged communications. */
  callId?: string;
  /** What the sender gave with the request. */
  outId?: string;
  /**
   * As published, each once: first the one the receipt is about (who got the SMS or the call, who wrote, A of a privacy
   * number), then the other ones (who called, who sent, B of a privacy number).
   */
  phones: readonly string[];
}

/** Longer than any that is given out; what is longer is not searched by. */
const LONGEST = 255;
/** PostgreSQL stores no NUL, no database stores half of a surrogate pair, and no id has control characters. */
const NOT_IN_IDS = /[\p{Cc}\p{Cs}]/u;

/** People before numbers of a business before privacy numbers. */
const PHONES = [
  'phone_number',
  'phone_no',
  'phone',
  'mobile',
  'callee',
  'calledNo',
  'receive_no',
  'To',
  'peer_no',
  'caller',
  'callingNo',
  'send_no',
  'From',
  'OriginPhoneNumber',
  'secret_no',
];
/** There the person is the one who wrote. */
const PHONES_INBOUND = ['From', 'To'];

export function businessKeys(receipt: unknown, messageType: string): BusinessKeys {
  const fields = new Fields(receipt);
  const nested = fields.inside('data').inside('info');
  const names = messageType === 'ChatAppInbound' ? PHONES_INBOUND : PHONES;
  const phones = new Map<string, string>();
  for (const from of [fields, nested]) {
    for (const name of names) {
      const phone = from.text(name) ?? '';
      const number = bareNumber(phone);
      if (number !== undefined && !phones.has(number)) phones.set(number, phone);
    }
  }
  const bizId = id(fields.text('biz_id', 'message_id'));
  const callId = id(fields.text('call_id', 'channelId', 'uuid'));
  const outId = id(fields.text('out_id'));
  return {
    ...(bizId !== undefined && { bizId }),
    ...(callId !== undefined && { callId }),
    ...(outId !== undefined && { outId }),
    phones: [...phones.values()],
  };
}

function id(text: string | undefined): string | undefined {
  return text === undefined || text.length > LONGEST || NOT_IN_IDS.test(text) ? undefined : text;
}
