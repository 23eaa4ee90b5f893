/** `Status` of ChatAppStatus; `ErrorCode` has no published table and is told by `ErrorDescription`. */
import { ReasonTable } from './table.js';

export const chatStatuses = new ReasonTable({
  Sent: ['已发送', 'Sent'],
  Delivered: ['已送达', 'Delivered'],
  Read: ['已读', 'Read'],
  Failed: ['发送失败', 'Failed'],
  Deleted: ['已删除', 'Deleted'],
});
