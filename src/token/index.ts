/** The token room: temporary MNS keys for a queue, kept fresh. */
export { type CredentialsConfig, CredentialsError, createCredentials } from './credentials.js';
export { TokenAuthError, TokenConfigError, TokenError, TokenTransientError } from './errors.js';
export {
  type KeeperClock,
  type QueueToken,
  TokenKeeper,
  type TokenKeeperOptions,
  type TokenStatus,
  TokenStoppedError,
} from './keeper.js';
export { createTokenQuery, type IssuedToken, type TokenQueryOptions } from './query.js';
