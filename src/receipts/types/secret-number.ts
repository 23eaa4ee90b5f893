/** Privacy numbers themselves: out of order, created, deleted. */
import { z } from 'zod';
import type { Known } from '../known.js';
import type { ReceiptType } from '../receipt-type.js';
import { amount, epochMs, stringOrNumber, text, wallTime } from './fields.js';
import { help } from './sources.js';

/**
 * A privacy number went out of order, or works again (异常号码).
 *
 * @see https://help.aliyun.com/document_detail/354287.html
 */
export type SecretExceptionPhoneReport = Known<z.infer<typeof secretExceptionPhoneReport>>;
export const secretExceptionPhoneReport = z.looseObject({
  /** X, the number. */
  secretNo: z.string(),
  /** The number pool, `FC…`. */
  partnerKey: text,
  /** 0 out of order, 1 works. */
  noStatus: stringOrNumber,
  /** It was noticed; ms since the epoch. */
  timestamp: epochMs,
});

/**
 * A privacy number was created or deleted (号码管理). The HTTP sample has the names of {@link NumberManagementReportSnake}.
 *
 * @see https://help.aliyun.com/document_detail/421097.html
 */
export type NumberManagementReport = Known<z.infer<typeof numberManagementReport>>;
export const numberManagementReport = z.looseObject({
  /** X, the number. */
  secretNo: z.string(),
  /** Its city. */
  city: text,
  /** The number pool, `FC…`. */
  partnerKey: text,
  /** It was done; Beijing wall time. */
  operatingTime: wallTime,
  /** 1 created, 2 deleted. */
  status: stringOrNumber,
  /** The carrier: 1, 2 or 3. */
  vendor: amount,
});

/**
 * NumberManagementReport as the HTTP sample prints it.
 *
 * @see https://help.aliyun.com/document_detail/421097.html
 */
export type NumberManagementReportSnake = Known<z.infer<typeof numberManagementReportSnake>>;
export const numberManagementReportSnake = z.looseObject({
  /** X, the number. */
  secret_no: z.string(),
  /** Its city. */
  city: text,
  /** The number pool, `FC…`. */
  partner_key: text,
  /** It was done; Beijing wall time. */
  operating_time: wallTime,
  /** 1 created, 2 deleted. */
  status: stringOrNumber,
  /** The carrier: 1, 2 or 3. */
  vendor: amount,
});

export const secretExceptionPhoneReportType = {
  family: 'privacy',
  title: { zh: '异常号码', en: 'Privacy number out of order' },
  shapes: [
    {
      schema: secretExceptionPhoneReport,
      source: help('document_detail/354287.html'),
      time: ['timestamp'],
      subject: ['secretNo'],
      identity: ['partnerKey', 'secretNo', 'noStatus', 'timestamp'],
      needs: ['timestamp'],
    },
  ],
} satisfies ReceiptType;

export const numberManagementReportType = {
  family: 'privacy',
  title: { zh: '号码管理', en: 'Privacy number created or deleted' },
  shapes: [
    {
      schema: numberManagementReportSnake,
      source: help('document_detail/421097.html'),
      mark: 'secret_no',
      time: ['operating_time'],
      subject: ['secret_no'],
      // In the order of the other shape, so that the spelling does not matter.
      identity: ['partner_key', 'secret_no', 'status', 'operating_time'],
      needs: ['operating_time'],
    },
    {
      schema: numberManagementReport,
      source: help('document_detail/421097.html'),
      time: ['operatingTime'],
      subject: ['secretNo'],
      identity: ['partnerKey', 'secretNo', 'status', 'operatingTime'],
      needs: ['operatingTime'],
    },
  ],
} satisfies ReceiptType;
