/** Card SMS (卡片短信): what the handset makers did with one, and with its template. */
import { z } from 'zod';
import type { Known } from '../known.js';
import type { ReceiptType } from '../receipt-type.js';
import { stringOrNumber, text } from './fields.js';
import { help } from './sources.js';

/**
 * Whether a handset rendered a card SMS (卡片短信渲染回执).
 *
 * @see https://help.aliyun.com/document_detail/436091.html
 */
export type MnsCardVender = Known<z.infer<typeof mnsCardVender>>;
export const mnsCardVender = z.looseObject({
  /** Recipient. */
  mobile: z.string(),
  /** The OutId given when sending. */
  outId: text,
  /** 0 = rendered. The table says number, the sample shows `"0"`. */
  render_status: stringOrNumber,
  /** `render_status` in words. */
  desc: text,
});

/** What one handset maker says of a card template. */
export type MnsCardTemplateVendor = Known<z.infer<typeof mnsCardTemplateVendor>>;
export const mnsCardTemplateVendor = z.looseObject({
  /** The maker, e.g. `HuaWei`. */
  vendorCode: text,
  /** 0, 1 or 2; what they mean is not published. */
  state: stringOrNumber.optional(),
  /** `state` in words. */
  desc: text,
});

/**
 * The review of a card SMS template (卡片短信模板审核).
 *
 * @see https://help.aliyun.com/document_detail/436114.html
 * @see https://help.aliyun.com/document_detail/436128.html
 */
export type MnsCardTemplate = Known<z.infer<typeof mnsCardTemplate>>;
export const mnsCardTemplate = z.looseObject({
  /** The template, `CARD_SMS_…`. */
  template_code: z.string(),
  /** 0, 1 or 2; what they mean is not published. */
  approval_status: stringOrNumber,
  /** The verdicts of the handset makers. */
  tmpOps: z.array(mnsCardTemplateVendor).optional(),
  /** Extra data given with the template. */
  extData: text,
  /** `approval_status` in words. */
  desc: text,
});

export const mnsCardVenderType = {
  family: 'sms',
  title: { zh: '卡片短信渲染回执', en: 'Card SMS rendering' },
  shapes: [
    {
      schema: mnsCardVender,
      source: help('document_detail/436091.html'),
      time: [],
      subject: ['outId'],
      identity: ['outId', 'mobile', 'render_status'],
    },
  ],
} satisfies ReceiptType;

export const mnsCardTemplateType = {
  family: 'sms',
  title: { zh: '卡片短信模板审核', en: 'Card SMS template review' },
  shapes: [
    {
      schema: mnsCardTemplate,
      source: help('document_detail/436114.html', 'document_detail/436128.html'),
      time: [],
      subject: ['template_code'],
      // The makers' verdicts come one after the other, each in a receipt with all of them. Nothing tells a verdict that is
      // given again, after another one, from the first time.
      identity: ['template_code', 'approval_status', 'tmpOps'],
    },
  ],
} satisfies ReceiptType;
