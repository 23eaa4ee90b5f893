/** Samples of what is reviewed before it may be sent, and of card messages (receipts.md §1.3 to §1.5). */
import { cycle, digits, mobile, outId, rarely, type Sample, serial, serialText, Timeline } from './series.js';

interface Verdict {
  status: string;
  reason: string;
}

const APPROVED: Verdict = { status: 'approved', reason: '' };
const VERDICTS: readonly [Verdict, ...Verdict[]] = [
  APPROVED,
  APPROVED,
  { status: 'rejected', reason: '变量不合规' },
  APPROVED,
  { status: 'approving', reason: '' },
  APPROVED,
  { status: 'rejected', reason: '资质材料与申请内容不符' },
];

export const signSmsReport: Sample = (n, series) => {
  const { status, reason } = cycle(VERDICTS, n);
  // Spelled in two ways, by the current and by the old page.
  const orderKey = rarely('order key', n) ? 'order_id' : 'orderId';
  return {
    sign_name: `示例科技${serial(n, series)}`,
    sign_status: status,
    sign_source: '企事业单位的全称或简称',
    sign_scene: n % 2 === 0 ? '验证码' : '通用',
    reason,
    remark: 'test',
    [orderKey]: `2024${serialText(n, series)}`,
    create_date: new Timeline(n, series, 0).text(0),
  };
};

const TEMPLATES: readonly [[string, string, string], ...[string, string, string][]] = [
  ['登录验证', '验证码', '您的验证码为$' + '{code}'],
  ['发货通知', '短信通知', '您的订单$' + '{order}已发货'],
  ['会员活动', '推广短信', '会员日全场八折，拒收请回复R'],
];

export const templateSmsReport: Sample = (n, series) => {
  const { status, reason } = cycle(VERDICTS, n);
  const [name, type, content] = cycle(TEMPLATES, n);
  return {
    template_code: `SMS_${serialText(n, series)}`,
    template_name: name,
    template_type: type,
    template_content: content,
    template_status: status,
    reason,
    remark: '',
    orderId: `2024${serialText(n, series)}`,
    create_date: new Timeline(n, series, 0).text(0),
  };
};

/** Documented as an integer and printed as a string; 0 is rendered. */
export const mnsCardVender: Sample = (n, series) => {
  const status = n % 7 === 6 ? 1 : 0;
  return {
    mobile: mobile(n),
    outId: outId(n, series),
    render_status: rarely('render status', n) ? String(status) : status,
    desc: status === 0 ? 'ok' : 'render failed',
  };
};

const MAKERS = ['HuaWei', 'XiaoMi', 'OPPO', 'VIVO', 'MEIZU'];

export const mnsCardTemplate: Sample = (n, series) => {
  const status = n % 3;
  return {
    template_code: `CARD_SMS_${serial(n, series)}`,
    approval_status: status,
    tmpOps: MAKERS.slice(0, 1 + (n % MAKERS.length)).map((vendorCode) => ({
      vendorCode,
      state: status,
      desc: status === 2 ? '内容不合规' : '',
    })),
    extData: `batch-${digits(n, 6)}`,
    desc: status === 2 ? '审核失败' : '',
  };
};
