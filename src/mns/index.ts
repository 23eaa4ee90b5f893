/** The MNS client: everything that talks to a queue goes through this room. */

export type { DeleteFailure, PeekedMessage, ReceivedMessage } from './answers.js';
export type { MnsCredentials } from './credentials.js';
export { hideSecrets } from './credentials.js';
export {
  MnsAuthError,
  MnsError,
  MnsFatalError,
  MnsHandleError,
  type MnsOperation,
  MnsProtocolError,
  MnsThrottledError,
  MnsTransientError,
} from './errors.js';
export { MnsQueue, type MnsQueueOptions } from './queue.js';
export { replacingRefusedToken } from './refused-token.js';
