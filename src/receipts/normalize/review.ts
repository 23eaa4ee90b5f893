/** Reviews of signatures and templates. */
import { type Normalizer, reasonIn, withId } from './common.js';
import { compact, type Fields } from './fields.js';
import { cardApprovals, reviewStatuses } from './reasons/review.js';
import { ownWords } from './reasons/table.js';
import type { NormalizedReview, Reason } from './types.js';

const VERDICTS = new Map<string | undefined, NormalizedReview['verdict']>([
  ['approved', 'approved'],
  ['pass', 'approved'],
  ['rejected', 'rejected'],
  ['fail', 'rejected'],
  ['approving', 'pending'],
  ['auditing', 'pending'],
  ['unaudit', 'pending'],
]);

/** SignSmsReport. */
export const signReview: Normalizer = (fields, common) =>
  compact<NormalizedReview>({
    ...withId(common, fields.text('orderId')),
    kind: 'review',
    subject: 'signature',
    name: fields.text('sign_name'),
    ...verdict(fields, 'sign_status', 'reason'),
  });

/** TemplateSmsReport. */
export const templateReview: Normalizer = (fields, common) =>
  compact<NormalizedReview>({
    ...withId(common, fields.text('orderId')),
    kind: 'review',
    subject: 'template',
    name: fields.text('template_code'),
    ...verdict(fields, 'template_status', 'reason'),
  });

/** ChatAppAudit. */
export const chatReview: Normalizer = (fields, common) =>
  compact<NormalizedReview>({
    ...common,
    kind: 'review',
    subject: 'template',
    name: fields.text('TemplateCode'),
    ...verdict(fields, 'AuditStatus', 'Reason'),
  });

/** MnsCardTemplate. */
export const cardReview: Normalizer = (fields, common) =>
  compact<NormalizedReview>({
    ...common,
    kind: 'review',
    subject: 'template',
    name: fields.text('template_code'),
    verdict: 'unknown',
    reason: reasonIn(cardApprovals, fields, 'approval_status', 'desc'),
  });

function verdict(
  fields: Fields,
  statusField: string,
  reasonField: string,
): { verdict: NormalizedReview['verdict']; reason: Reason | undefined } {
  const status = fields.text(statusField);
  const found = VERDICTS.get(status?.toLowerCase()) ?? 'unknown';
  const why = fields.text(reasonField);
  if (status === undefined) return { verdict: found, reason: undefined };
  const told = why === undefined || found === 'approved' ? undefined : ownWords(statusField, status, why);
  return { verdict: found, reason: told ?? reviewStatuses.reason(statusField, status) };
}
