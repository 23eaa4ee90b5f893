/** Samples of data volume that was charged to phones (receipts.md §7). */
import { cycle, mobile, outId, type Sample } from './series.js';

const FAILURES: readonly [[string, string], ...[string, string][]] = [
  ['10001', '用户号码状态异常'],
  ['11001', '供应商系统异常'],
  ['12000', '超过充值限额'],
  ['80000', '流控'],
];

/** One of ten fails. */
export const flowReport: Sample = (n, series) => {
  const failed = n % 10 === 9;
  const [code, text] = failed ? cycle(FAILURES, Math.floor(n / 10)) : ['00000', '充值成功'];
  return {
    phone: mobile(n, '130'),
    out_id: outId(n, series),
    result: failed ? '4' : '3',
    err_code: code,
    err_msg: text,
  };
};
