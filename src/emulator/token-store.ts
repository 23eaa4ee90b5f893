/**
 * The short-lived keys that `QueryTokenForMnsQueue` hands out. A token is good for one message type and, if one was
 * named, one queue; it dies at the second its ExpireTime says, or at once when revoked. Dead tokens are remembered for
 * a while, because MNS answers them differently from ids it never saw.
 */
import { createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import type { Clock } from './clock.js';
import type { Settings } from './settings.js';

export interface Token {
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
  readonly securityToken: string;
  readonly messageType: string;
  /** Undefined: every queue of the type. */
  readonly queueName: string | undefined;
  /** Epoch milliseconds, whole seconds. */
  readonly createTime: number;
  readonly expireTime: number;
  /** Made once, not for every signature. */
  readonly key: KeyObject;
}

const REMEMBER_DEAD_MS = 3_600_000;

export class TokenStore {
  readonly #clock: Clock;
  readonly #settings: Readonly<Pick<Settings, 'tokenLife'>>;
  readonly #tokens = new Map<string, Token>();
  readonly #revoked = new WeakSet<Token>();

  constructor(clock: Clock, settings: Readonly<Pick<Settings, 'tokenLife'>>) {
    this.#clock = clock;
    this.#settings = settings;
  }

  /** @param lifeSeconds 0 for a token that never works */
  issue(
    messageType: string,
    queueName: string | undefined,
    lifeSeconds: number = this.#settings.tokenLife,
  ): Token {
    const createTime = Math.floor(this.#clock.now() / 1000) * 1000;
    this.#forgetBefore(createTime - REMEMBER_DEAD_MS);
    const accessKeySecret = randomBytes(22).toString('base64url');
    const token: Token = {
      accessKeyId: `STS.${randomBytes(12).toString('hex')}`,
      accessKeySecret,
      securityToken: `CAIS${randomBytes(96).toString('base64')}`,
      messageType,
      queueName,
      createTime,
      expireTime: createTime + lifeSeconds * 1000,
      key: createSecretKey(Buffer.from(accessKeySecret)),
    };
    this.#tokens.set(token.accessKeyId, token);
    return token;
  }

  find(accessKeyId: string): Token | undefined {
    return this.#tokens.get(accessKeyId);
  }

  isLive(token: Token): boolean {
    return token.expireTime > this.#clock.now() && !this.#revoked.has(token);
  }

  revoke(token: Token): void {
    this.#revoked.add(token);
  }

  /** Every token issued so far stops working. */
  revokeAll(): void {
    for (const token of this.#tokens.values()) this.#revoked.add(token);
  }

  /** Stops at the first young one: as a rule all lives are equal, and then the oldest are first. */
  #forgetBefore(time: number): void {
    for (const token of this.#tokens.values()) {
      if (token.expireTime >= time) return;
      this.#tokens.delete(token.accessKeyId);
    }
  }
}
