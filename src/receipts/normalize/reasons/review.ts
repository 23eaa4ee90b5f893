/** `sign_status` and `template_status`, and `AuditStatus` of ChatAppAudit. */
import { ReasonTable } from './table.js';

export const reviewStatuses = new ReasonTable({
  approving: ['审核中', 'Under review'],
  approved: ['审核通过', 'Approved'],
  rejected: ['审核未通过', 'Rejected'],
  auditing: ['审核中', 'Under review'],
  unaudit: ['未审核', 'Not reviewed yet'],
  pass: ['审核通过', 'Approved'],
  fail: ['审核未通过', 'Rejected'],
});

/** `approval_status` of MnsCardTemplate: what 0, 1 and 2 mean is not documented. */
export const cardApprovals = new ReasonTable({});
