/** `err_code` and `result` of FlowReport (developer.aliyun.com/ask/218468 and /218637). */
import type { Reason } from '../types.js';
import { type Meanings, ownWords, ReasonTable } from './table.js';

/** `result` of FlowReport. */
export const flowResults = new ReasonTable({ 3: ['充值成功', 'Credited'], 4: ['充值失败', 'Failed'] });

const codes = new ReasonTable({
  '00000': ['充值成功', 'Credited'],
  80000: ['请求被限流', 'Throttled'],
});

/** Which side failed is all that is documented of most codes; the receipt's own text says more. */
const RANGES = [
  { from: 10000, to: 10005, zh: '用户侧原因', en: 'A cause on the user’s side' },
  { from: 11000, to: 11007, zh: '供应商侧原因', en: 'A cause on the supplier’s side' },
  { from: 11999, to: 11999, zh: '供应商侧原因', en: 'A cause on the supplier’s side' },
  { from: 12000, to: 12004, zh: '超出限制', en: 'A limit was reached' },
];

/** All that is documented, code or range of codes → Chinese, English. */
export const flowMeanings: Meanings = {
  ...codes.meanings,
  ...Object.fromEntries(
    RANGES.map(({ from, to, zh, en }) => [from === to ? `${from}` : `${from}–${to}`, [zh, en] as const]),
  ),
};

/** @param text `err_msg`, told with the side that failed */
export function flowReason(code: string, text?: string): Reason {
  const number = /^\d{5}$/.test(code) ? Number(code) : Number.NaN;
  const side = RANGES.find(({ from, to }) => number >= from && number <= to);
  if (!side) return codes.has(code) ? codes.reason('err_code', code) : ownWords('err_code', code, text);
  const tell = (name: string, colon: string) => (text === undefined ? name : `${name}${colon}${text}`);
  return { code, field: 'err_code', zh: tell(side.zh, '：'), en: tell(side.en, ': ') };
}
