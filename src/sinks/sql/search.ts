/**
 * What people look a receipt up by. Fields go by their names, whatever the message type, so that types that nobody has
 * described are found as well.
 */
import { Fields } from '../../receipts/index.js';
import { phoneHash } from './phone.js';

export interface SearchColumns {
  /** `biz_id` of an SMS or of an inbound call; the message's own id where that takes its place. */
  biz_id: string | null;
  /** `call_id`; `channelId` or `uuid` of converged communications. */
  call_id: string | null;
  /** What the sender gave with the request. */
  out_id: string | null;
  /** Of the one the receipt is about: who got the SMS or the call, who wrote, A of a privacy number. */
  phone_hash: string | null;
  /** Of the other one: who called, who sent, B of a privacy number. */
  peer_hash: string | null;
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

export function searchColumns(receipt: unknown, messageType: string, phoneKey: string): SearchColumns {
  const fields = new Fields(receipt);
  const nested = fields.inside('data').inside('info');
  const names = messageType === 'ChatAppInbound' ? PHONES_INBOUND : PHONES;
  const hashes = new Set<string>();
  for (const from of [fields, nested]) {
    for (const name of names) {
      const hash = phoneHash(from.text(name) ?? '', phoneKey);
      if (hash !== undefined) hashes.add(hash);
    }
  }
  const [phone, peer] = hashes;
  return {
    biz_id: id(fields.text('biz_id', 'message_id')),
    call_id: id(fields.text('call_id', 'channelId', 'uuid')),
    out_id: id(fields.text('out_id')),
    phone_hash: phone ?? null,
    peer_hash: peer ?? null,
  };
}

function id(text: string | undefined): string | null {
  return text === undefined || text.length > LONGEST || NOT_IN_IDS.test(text) ? null : text;
}
