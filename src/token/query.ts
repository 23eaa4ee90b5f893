/** QueryTokenForMnsQueue (reference/dybaseapi.md §2): one call, one token or one error that says what to do. */
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import RPCClient from '@alicloud/pop-core';
import type { MnsCredentials } from '../mns/index.js';
import { tokenLife } from './expiry.js';
import { badAnswer, queryError } from './refusals.js';

/** A token as it was issued. */
export interface IssuedToken extends MnsCredentials {
  /** ms from the moment it was asked for. */
  life: number;
}

export interface TokenQueryOptions {
  /** Origin of dybaseapi, `https://dybaseapi.aliyuncs.com`. */
  endpoint: string;
  /** @default '2017-05-25' */
  apiVersion?: string;
  region: string;
  messageType: string;
  queueName: string;
  /** Our own AccessKey, asked for at each call. */
  credentials: () => Promise<MnsCredentials>;
  /** ms to connect, and again to answer. @default 5_000 */
  timeout?: number;
}

// pop-core's types know neither `verbose`, which adds the exchange to the answer, nor what comes back then.
type Verbose = [answer: unknown, exchange: { response: { headers: Record<string, string | undefined> } }];
const VerboseClient = RPCClient as unknown as new (
  config: RPCClient.Config,
  verbose: true,
) => { request(action: string, params: object, options: object): Promise<Verbose> };

/** @returns the call; it throws `TokenError` (without the caller's secrets) and what `credentials()` throws */
export function createTokenQuery(options: TokenQueryOptions): () => Promise<IssuedToken> {
  const { endpoint, apiVersion = '2017-05-25', messageType, queueName, timeout = 5_000 } = options;
  // One call an hour: a kept connection would only be found broken.
  const agent = new (endpoint.startsWith('https:') ? HttpsAgent : HttpAgent)({ keepAlive: false });
  return async () => {
    const credentials = await options.credentials();
    const context = { endpoint, messageType, queueName, credentials };
    // A client for each call, as it keeps the credentials it was made with.
    const client = new VerboseClient({ endpoint, apiVersion, ...credentials }, true);
    const answered = await client
      .request(
        'QueryTokenForMnsQueue',
        { MessageType: messageType, QueueName: queueName, RegionId: options.region },
        // POST, so that keys and signature are in the body and in nobody's access log.
        { method: 'POST', timeout, agent },
      )
      .catch((error: unknown) => {
        throw queryError(error, context);
      });
    const [answer, exchange] = answered;
    const dto = (answer as { MessageTokenDTO?: Record<string, unknown> } | null)?.MessageTokenDTO;
    const accessKeyId = text(dto?.AccessKeyId);
    const accessKeySecret = text(dto?.AccessKeySecret);
    const securityToken = text(dto?.SecurityToken);
    if (!accessKeyId || !accessKeySecret || !securityToken) throw badAnswer('without a token', context);
    const life = tokenLife({
      createTime: text(dto?.CreateTime),
      expireTime: text(dto?.ExpireTime),
      serverDate: exchange.response.headers.date,
      now: Date.now(),
    });
    return { accessKeyId, accessKeySecret, securityToken, life };
  };
}

/** Text, or a number as text: some formats of the times are all digits. */
function text(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value !== '' ? value : undefined;
}
