/** Ops: what a person or a machine can see and do over HTTP while the daemon runs. */
export { notReady } from './readiness.js';
export { Recorder } from './recorder.js';
export { OpsServer } from './server.js';
export type { HistoryPoint, QueueStatus, Status, TokenStatus } from './status.js';
export { backlogOf } from './status.js';
