/** States of numbers and parcels. */
import { type Normalizer, reasonIn, withId } from './common.js';
import { compact } from './fields.js';
import { numberHealth, numberStatuses, parcelStatuses } from './reasons/privacy.js';
import type { NormalizedStatus } from './types.js';

/** NumberManagementReport, published both in camel and in snake case. */
export const numberStatus: Normalizer = (fields, common) =>
  compact<NormalizedStatus>({
    ...common,
    kind: 'status',
    subject: 'number',
    name: fields.text('secretNo'),
    reason: reasonIn(numberStatuses, fields, 'status'),
    since: fields.time('operatingTime'),
  });

/** SecretExceptionPhoneReport. */
export const numberException: Normalizer = (fields, common) =>
  compact<NormalizedStatus>({
    ...common,
    kind: 'status',
    subject: 'number',
    name: fields.text('secretNo'),
    reason: reasonIn(numberHealth, fields, 'noStatus'),
    since: fields.time('timestamp'),
  });

/** SmartLogisticsReport. */
export const parcelStatus: Normalizer = (fields, common) =>
  compact<NormalizedStatus>({
    ...withId(common, fields.text('mailNo')),
    kind: 'status',
    subject: 'parcel',
    name: fields.text('mailNo'),
    reason: reasonIn(parcelStatuses, fields, 'logisticsStatus', 'logisticsStatusDesc'),
    since: fields.time('logisticsGmtModified'),
    text: fields.verbatim('lastLogisticDetail'),
  });
