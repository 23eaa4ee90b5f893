/** The capture room: raw messages kept in files, as the daemon receives them or on demand. */
export { BodyMask } from './body-mask.js';
export { CaptureOutput } from './output.js';
export { Pull, type PullOutcome } from './pull.js';
export { RemoteQueue } from './remote-queue.js';
export { type CaptureOptions, type CaptureOrigin, CaptureWriter, type RawMessage } from './writer.js';
