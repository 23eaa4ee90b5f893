/** Slices: complete poll → deliver → acknowledge units, in worker threads or inline. */
export type { SliceHandle, SpawnSlice } from './handle.js';
export { inlineSlice } from './inline-slice.js';
export type { Foundations } from './open-slice.js';
export { SharedStore } from './shared-store.js';
export { SliceHost } from './slice-host.js';
export { latestError } from './sums.js';
export { threadSlice } from './thread-slice.js';
