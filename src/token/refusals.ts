/** From what pop-core threw to an error that says what to do, without the URL, keys and bodies that pop-core puts in. */
import { hideSecrets, type MnsCredentials } from '../mns/index.js';
import { TokenAuthError, TokenConfigError, type TokenError, TokenTransientError } from './errors.js';

/** The call an error is about. */
export interface QueryContext {
  endpoint: string;
  messageType: string;
  queueName: string;
  credentials: MnsCredentials;
}

const MAX_QUOTE = 200;
const CHECK_KEY =
  'check ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET, or credentials.accessKeyId and credentials.accessKeySecret';
const CHECK_RAM = 'give the RAM user or role the permission dybase:QueryTokenForMnsQueue';
const CHECK_QUEUE =
  'check queues[].messageType and queues[].queueName against the console, and that the product is active';
const CHECK_CLOCK = "this machine's clock is off: synchronise it (NTP)";

type Kind = new (code: string, message: string, requestId?: string) => TokenError;

/** First match wins (reference/pop-rpc.md §4, dybaseapi.md §2.3). */
const RULES: readonly (readonly [RegExp, Kind, string])[] = [
  [/^Throttling|FLOW_LIMIT|LIMIT_CONTROL/, TokenTransientError, 'backing off'],
  [
    /^(InternalError|ServiceUnavailable|SignatureNonceUsed)|^isp\.(?!RAM_)/,
    TokenTransientError,
    'trying again',
  ],
  [/^InvalidTimeStamp/, TokenConfigError, CHECK_CLOCK],
  [/RAM|^(Forbidden|NoPermission|UnauthorizedOperation)/, TokenAuthError, CHECK_RAM],
  [/AccessKeyId|SecurityToken|Signature/, TokenAuthError, CHECK_KEY],
  [
    /^Invalid(Api|Product)|NoSuchVersion/,
    TokenConfigError,
    'check endpoints.dybaseapi and endpoints.apiVersion',
  ],
  [/ACCOUNT|OUT_OF_SERVICE/, TokenConfigError, 'check the state of the Alibaba Cloud account in the console'],
];

/** Turns whatever `RPCClient.request` rejected with into one of ours. */
export function queryError(thrown: unknown, context: QueryContext): TokenError {
  const { code, data, entry, name } = (thrown ?? {}) as PopError;
  if (data) return refusal(String(code), data, entry?.response?.statusCode, context);
  if (thrown instanceof Error && (typeof code === 'string' || name === 'RequestTimeoutError')) {
    const why = code ?? 'timeout';
    return new TokenTransientError(
      typeof code === 'string' ? code : 'TOKEN_TIMEOUT',
      `${subject(context)}: cannot reach ${context.endpoint} (${why}); check endpoints.dybaseapi and the network`,
    );
  }
  // What is left is pop-core failing to read the answer; what it throws then may hold all of it, so it is not kept.
  return badAnswer('not JSON', context);
}

/** An answer that says OK and holds no token, or none that can be read. */
export function badAnswer(what: string, context: QueryContext): TokenTransientError {
  return new TokenTransientError(
    'TOKEN_BAD_ANSWER',
    `${subject(context)}: the answer of ${context.endpoint} is ${what}; check endpoints.dybaseapi, and for a proxy in between`,
  );
}

interface PopError {
  code?: unknown;
  name?: unknown;
  data?: { Message?: unknown; RequestId?: unknown };
  entry?: { response?: { statusCode?: number } };
}

function refusal(
  code: string,
  data: NonNullable<PopError['data']>,
  status: number | undefined,
  context: QueryContext,
): TokenError {
  const [, Kind, advice] = RULES.find(([pattern]) => pattern.test(code)) ?? [
    undefined,
    (status ?? 0) >= 500 ? TokenTransientError : TokenConfigError,
    CHECK_QUEUE,
  ];
  const requestId = typeof data.RequestId === 'string' ? data.RequestId : undefined;
  return new Kind(
    code,
    `${subject(context)}: ${code}${requestId ? ` (request ${requestId})` : ''}${said(code, data, context)}; ${advice}`,
    requestId,
  );
}

/** What the service said, in one short line; not its string to sign, which it repeats for a wrong signature. */
function said(code: string, { Message }: NonNullable<PopError['data']>, context: QueryContext): string {
  if (typeof Message !== 'string' || /Signature/.test(code)) return '';
  const line = hideSecrets(Message, context.credentials)
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .trim();
  return `: ${line.length > MAX_QUOTE ? `${line.slice(0, MAX_QUOTE)}…` : line}`;
}

function subject({ messageType, queueName }: QueryContext): string {
  return `QueryTokenForMnsQueue for ${messageType} (${queueName})`;
}
