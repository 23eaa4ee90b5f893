/** Parcels whose way is followed along with a privacy number. */
import { z } from 'zod';
import type { Known } from '../known.js';
import type { ReceiptType } from '../receipt-type.js';
import { amount, text, wallTime } from './fields.js';
import { help } from './sources.js';

/**
 * A parcel got somewhere (电商物流).
 *
 * @see https://help.aliyun.com/document_detail/375220.html
 * @see https://help.aliyun.com/document_detail/375331.html
 */
export type SmartLogisticsReport = Known<z.infer<typeof smartLogisticsReport>>;
export const smartLogisticsReport = z.looseObject({
  /** The carrier of the parcel, e.g. `YTO`. */
  cpCode: text,
  /** Number of the parcel. */
  mailNo: z.string(),
  /** `WAIT`, `ACCEPT`, `GOT`, `MODIFY_WEIGHT`, `TRANSPORT`, `DELIVERING` or `SIGN`. */
  logisticsStatus: z.string(),
  /** The status in words. */
  logisticsStatusDesc: text,
  /** The last news of the parcel, in words. */
  lastLogisticDetail: text,
  /** The status changed; Beijing wall time. */
  logisticsGmtModified: wallTime,
  /** Where it is. */
  city: text,
  /** Id of the order for this service. */
  bizKey: text,
  /** The customer's own order id. */
  outerOrderCode: text,
  /** About the packaging. Optional. */
  packageDyn: z.unknown().optional(),
  /** Price. Optional. */
  aliyunprice: amount,
});

export const smartLogisticsReportType = {
  family: 'privacy',
  title: { zh: '电商物流', en: 'Parcel progress' },
  shapes: [
    {
      schema: smartLogisticsReport,
      source: help('document_detail/375220.html', 'document_detail/375331.html'),
      time: ['logisticsGmtModified'],
      subject: ['mailNo'],
      identity: ['cpCode', 'mailNo', 'logisticsStatus', 'logisticsGmtModified', 'lastLogisticDetail'],
    },
  ],
} satisfies ReceiptType;
