/** The columns that people search by: the business keys of a receipt, phone numbers as hashes. */
import { businessKeys } from '../../receipts/index.js';
import { phoneHash } from './phone.js';

/** See `BusinessKeys`. */
export interface SearchColumns {
  biz_id: string | null;
  call_id: string | null;
  out_id: string | null;
  /** Of the one the receipt is about. */
  phone_hash: string | null;
  /** Of the other one. */
  peer_hash: string | null;
}

export function searchColumns(receipt: unknown, messageType: string, phoneKey: string): SearchColumns {
  const { bizId, callId, outId, phones } = businessKeys(receipt, messageType);
  const [phone, peer] = phones.map((number) => phoneHash(number, phoneKey));
  return {
    biz_id: bizId ?? null,
    call_id: callId ?? null,
    out_id: outId ?? null,
    phone_hash: phone ?? null,
    peer_hash: peer ?? null,
  };
}
