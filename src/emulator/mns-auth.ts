/**
 * Who is calling MNS: signature V2 or V4 (mns-http.md §3) under the account's own key or under a key from the token store.
 * The token header is not part of the signature, so the secret is looked up by id and the token compared separately.
 * All SDK variants of §3.3 pass, because the headers are signed as they were sent.
 */
import { createHmac, createSecretKey, hash, type KeyObject } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Clock } from './clock.js';
import { MnsError } from './mns-error.js';
import { parseAuthorizationV4, signatureV4, signingKeyV4, stringToSignV4 } from './mns-signature-v4.js';
import type { Token, TokenStore } from './token-store.js';

export const MNS_VERSION = '2015-06-06';
const SKEW_MS = 15 * 60 * 1000;

export interface SignedRequest {
  readonly method: string;
  /** Path and query as on the request line. */
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** The account itself, or one of the tokens it handed out. */
export type Caller = 'account' | Token;

export function mnsStringToSign(method: string, target: string, headers: IncomingHttpHeaders): string {
  const names: string[] = [];
  for (const name in headers) if (name.startsWith('x-mns-')) names.push(name);
  let canonical = '';
  for (const name of names.sort()) canonical += `${name}:${headers[name]}\n`;
  const date = headers['x-mns-date'] ?? headers.date ?? '';
  return `${method}\n${headers['content-md5'] ?? ''}\n${headers['content-type'] ?? ''}\n${date}\n${canonical}${target}`;
}

export function mnsSignature(key: KeyObject | string, stringToSign: string): string {
  // Node decodes the request line and headers as latin1: this gives the bytes that were sent.
  return createHmac('sha1', key).update(stringToSign, 'latin1').digest('base64');
}

export class MnsAuthenticator {
  readonly #clock: Clock;
  readonly #tokens: TokenStore;
  readonly #accountId: string;
  readonly #accountKey: KeyObject;
  #lastDate = '';
  #lastDateMs = Number.NaN;

  constructor(clock: Clock, tokens: TokenStore, accessKeyId: string, accessKeySecret: string) {
    this.#clock = clock;
    this.#tokens = tokens;
    this.#accountId = accessKeyId;
    this.#accountKey = createSecretKey(Buffer.from(accessKeySecret));
  }

  authenticate(request: SignedRequest): Caller {
    const { headers } = request;
    const { authorization } = headers;
    if (authorization === undefined) throw new MnsError('MissingAuthorizationHeader');
    const v4 = parseAuthorizationV4(authorization);
    const [, v2Id, v2Signature] = /^MNS ([^:\s]+):(\S+)$/.exec(authorization) ?? [];
    const accessKeyId = v4?.accessKeyId ?? v2Id;
    if (accessKeyId === undefined) throw new MnsError('InvalidAuthorizationHeader');
    const time = this.#checkDate(headers['x-mns-date'] ?? headers.date);
    checkVersion(headers['x-mns-version']);
    checkContentType(headers['content-type'], request.body);

    const caller = accessKeyId === this.#accountId ? 'account' : this.#tokens.find(accessKeyId);
    const securityToken = headers['security-token'];
    // A temporary id without its token is as good as unknown (mns-http.md §7).
    if (caller === undefined || (caller !== 'account' && securityToken === undefined)) {
      throw new MnsError('InvalidAccessKeyId');
    }
    const key = caller === 'account' ? this.#accountKey : caller.key;
    const { method, target } = request;
    const matches =
      v4 === undefined
        ? v2Signature === mnsSignature(key, mnsStringToSign(method, target, headers))
        : v4.signature ===
          signatureV4(signingKeyV4(key.export(), v4), stringToSignV4(v4, method, target, headers, time));
    if (!matches) throw new MnsError('SignatureDoesNotMatch');
    if (caller !== 'account' && (securityToken !== caller.securityToken || !this.#tokens.isLive(caller))) {
      throw new MnsError('InvalidSecurityToken');
    }
    checkDigest(headers['content-md5'], request.body);
    return caller;
  }

  /** @returns epoch milliseconds */
  #checkDate(value: string | string[] | undefined): number {
    if (typeof value !== 'string') throw new MnsError('MissingDateHeader');
    if (value !== this.#lastDate) {
      this.#lastDate = value;
      this.#lastDateMs = /^[A-Z][a-z]{2}, .* GMT$/.test(value) ? Date.parse(value) : Number.NaN;
    }
    if (Number.isNaN(this.#lastDateMs)) throw new MnsError('InvalidDateHeader');
    if (Math.abs(this.#lastDateMs - this.#clock.now()) > SKEW_MS) throw new MnsError('TimeExpired');
    return this.#lastDateMs;
  }
}

function checkVersion(version: string | string[] | undefined): void {
  if (version === undefined) throw new MnsError('MissingVersionHeader');
  if (version !== MNS_VERSION) throw new MnsError('InvalidVersionHeader');
}

function checkContentType(type: string | undefined, body: Buffer): void {
  if (body.length === 0 || type === undefined) return;
  if (!/^(?:text|application)\/xml\b/i.test(type)) throw new MnsError('InvalidContentType');
}

/** Base64 of the raw digest (RFC 1864), or of its hex text as most Alibaba SDKs send it (mns-http.md §3.3). */
function checkDigest(md5: string | string[] | undefined, body: Buffer): void {
  if (typeof md5 !== 'string' || md5 === '') return;
  const hex = hash('md5', body, 'hex');
  const given = Buffer.from(md5, 'base64');
  if (given.toString('hex') !== hex && given.toString('latin1').toLowerCase() !== hex)
    throw new MnsError('InvalidDegist');
}
