/**
 * The dybaseapi side: a POP RPC gateway (pop-rpc.md) with the one action `QueryTokenForMnsQueue` (dybaseapi.md §2).
 * Like the real service it hands out a token for whatever pair of type and queue is asked for: that they do not belong
 * together, or do not exist, is for MNS to say.
 */
import { XMLBuilder } from 'fast-xml-parser';
import { beijingTime, type Clock } from './clock.js';
import type { FaultRules, Injection } from './fault-rules.js';
import { POP_OPERATION } from './operations.js';
import { pause } from './pause.js';
import { popSignature, popStringToSign } from './pop-signature.js';
import type { Outcome, Reply } from './reply.js';
import type { Counters } from './stats.js';
import type { TokenStore } from './token-store.js';

export interface PopRequest {
  readonly method: string;
  readonly query: string;
  /** A form, when the method is POST. */
  readonly body: string;
  readonly requestId: string;
  readonly host: string;
  readonly onDisconnect: (listener: () => void) => void;
}

type Parameters = ReadonlyMap<string, string>;

class PopError extends Error {
  readonly code: string;
  readonly status: number;

  constructor(code: string, message: string, status = 400) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

/** 2018-05-01 is what the legacy international demos send (dybaseapi.md §2). */
const VERSIONS = new Set(['2017-05-25', '2018-05-01']);
const REQUIRED = [
  'SignatureMethod',
  'SignatureVersion',
  'SignatureNonce',
  'Timestamp',
  'AccessKeyId',
  'Signature',
];
const WINDOW_MS = 15 * 60 * 1000;
const xml = new XMLBuilder({});

export class PopService {
  readonly #clock: Clock;
  readonly #tokens: TokenStore;
  readonly #faults: FaultRules;
  readonly #counters: Counters;
  readonly #accessKeyId: string;
  readonly #accessKeySecret: string;
  /** Nonce → when it was used; in order of use. */
  readonly #nonces = new Map<string, number>();

  constructor(
    clock: Clock,
    tokens: TokenStore,
    faults: FaultRules,
    counters: Counters,
    account: { accessKeyId: string; accessKeySecret: string },
  ) {
    this.#clock = clock;
    this.#tokens = tokens;
    this.#faults = faults;
    this.#counters = counters;
    this.#accessKeyId = account.accessKeyId;
    this.#accessKeySecret = account.accessKeySecret;
  }

  async handle(request: PopRequest): Promise<Outcome> {
    const parameters: Parameters = new Map([
      ...new URLSearchParams(request.query),
      ...new URLSearchParams(request.method === 'POST' ? request.body : ''),
    ]);
    const { requestId, host } = request;
    let injected: Injection | undefined;
    let outcome: Outcome;
    try {
      const action = required(parameters, 'Action');
      if (action === POP_OPERATION) {
        this.#counters.count(action);
        injected = this.#faults.decide(action, parameters.get('QueueName') ?? '');
      }
      outcome = await this.#perform(request, parameters, action, injected);
    } catch (error) {
      const { code, status, message } =
        error instanceof PopError ? error : new PopError('InternalError', String(error), 500);
      const content = { RequestId: requestId, HostId: host, Code: code, Message: message };
      outcome = render(status, 'Error', content, parameters);
    }
    return injected?.effect?.kind === 'lost' ? 'reset' : outcome;
  }

  async #perform(
    { method, requestId, onDisconnect }: PopRequest,
    parameters: Parameters,
    action: string,
    injected?: Injection,
  ): Promise<Outcome> {
    const { delay = 0, effect } = injected ?? {};
    if (delay > 0 && !(await pause(delay, onDisconnect))) return 'hang';
    if (effect?.kind === 'reset' || effect?.kind === 'hang') return effect.kind;
    if (effect?.kind === 'error') throw new PopError(effect.code, 'Injected fault.', effect.status);
    this.#authenticate(method, parameters, action);
    const token = this.#queryToken(parameters, effect?.kind === 'expired-token');
    return render(200, `${action}Response`, { RequestId: requestId, ...token }, parameters);
  }

  #queryToken(parameters: Parameters, dead: boolean): object {
    const messageType = required(parameters, 'MessageType');
    const queueName = parameters.get('QueueName') || undefined;
    const token = this.#tokens.issue(messageType, queueName, dead ? 0 : undefined);
    this.#counters.tokens += 1;
    return {
      Code: 'OK',
      Message: 'OK',
      MessageTokenDTO: {
        AccessKeyId: token.accessKeyId,
        AccessKeySecret: token.accessKeySecret,
        SecurityToken: token.securityToken,
        CreateTime: beijingTime(token.createTime),
        ExpireTime: beijingTime(token.expireTime),
      },
    };
  }

  #authenticate(method: string, parameters: Parameters, action: string): void {
    if (!VERSIONS.has(required(parameters, 'Version'))) {
      throw new PopError('NoSuchVersion', 'Specified version does not exist.');
    }
    if (action !== POP_OPERATION)
      throw new PopError('InvalidApi.NotFound', 'Specified api is not found.', 404);
    for (const name of REQUIRED) required(parameters, name);
    if (
      parameters.get('SignatureMethod')?.toUpperCase() !== 'HMAC-SHA1' ||
      parameters.get('SignatureVersion') !== '1.0'
    ) {
      throw new PopError(
        'InvalidParameters',
        'Only SignatureMethod HMAC-SHA1 in SignatureVersion 1.0 is supported.',
      );
    }
    this.#checkTimestamp(required(parameters, 'Timestamp'));
    if (parameters.get('AccessKeyId') !== this.#accessKeyId) {
      throw new PopError('InvalidAccessKeyId.NotFound', 'Specified access key is not found.', 404);
    }
    const stringToSign = popStringToSign(method, parameters);
    if (parameters.get('Signature') !== popSignature(this.#accessKeySecret, stringToSign)) {
      throw new PopError(
        'SignatureDoesNotMatch',
        `Specified signature is not matched with our calculation. server string to sign is:${stringToSign}`,
      );
    }
    this.#useNonce(required(parameters, 'SignatureNonce'));
  }

  #checkTimestamp(text: string): void {
    const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(text) ? Date.parse(text) : Number.NaN;
    if (Number.isNaN(time)) {
      throw new PopError(
        'InvalidTimeStamp.Format',
        'Specified time stamp or date value is not well formatted.',
      );
    }
    if (Math.abs(time - this.#clock.now()) > WINDOW_MS) {
      throw new PopError('InvalidTimeStamp.Expired', 'Specified time stamp or date value is expired.');
    }
  }

  /** Only a request with a good signature uses up its nonce. Twice the window: a timestamp may lie in the future. */
  #useNonce(nonce: string): void {
    const now = this.#clock.now();
    for (const [old, usedAt] of this.#nonces) {
      if (usedAt > now - 2 * WINDOW_MS) break;
      this.#nonces.delete(old);
    }
    if (this.#nonces.has(nonce))
      throw new PopError('SignatureNonceUsed', 'Specified signature nonce was used already.');
    this.#nonces.set(nonce, now);
  }
}

function required(parameters: Parameters, name: string): string {
  const value = parameters.get(name);
  if (value === undefined || value === '') {
    throw new PopError(`Missing${name}`, `${name} is mandatory for this action.`);
  }
  return value;
}

/** The guides disagree about the default (pop-rpc.md §1); the gateway's own is XML. */
function render(status: number, root: string, content: object, parameters: Parameters): Reply {
  if (parameters.get('Format')?.toUpperCase() === 'JSON') {
    return {
      status,
      body: JSON.stringify(content),
      headers: ['Content-Type', 'application/json;charset=utf-8'],
    };
  }
  const body = `<?xml version="1.0" encoding="UTF-8"?>${xml.build({ [root]: content })}`;
  return { status, body, headers: ['Content-Type', 'text/xml;charset=utf-8'] };
}
