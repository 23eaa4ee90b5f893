/**
 * MNS signature V4, which the Java SDK 2 can be told to use (mns-http.md §3.6): the key depends on day and region, query
 * names are signed in lower case, and neither the body nor the Date header is signed, only the time that it tells.
 */
import { createHmac } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

const ALGORITHM = 'MNS4-HMAC-SHA256';
const HEADER =
  /^MNS4-HMAC-SHA256 Credential=([^/,\s]+)\/(\d{8})\/([\w-]+)\/mns\/aliyun_v4_request, ?Signature=([0-9a-f]{64})$/;

export interface CredentialV4 {
  readonly accessKeyId: string;
  /** yyyyMMdd */
  readonly day: string;
  readonly region: string;
  readonly signature: string;
}

/** Undefined when the header is not of this form. */
export function parseAuthorizationV4(authorization: string): CredentialV4 | undefined {
  const [, accessKeyId, day, region, signature] = HEADER.exec(authorization) ?? [];
  if (accessKeyId === undefined || day === undefined || region === undefined || signature === undefined) {
    return undefined;
  }
  return { accessKeyId, day, region, signature };
}

/** @param time epoch milliseconds, from the Date header */
export function stringToSignV4(
  { day, region }: Pick<CredentialV4, 'day' | 'region'>,
  method: string,
  target: string,
  headers: IncomingHttpHeaders,
  time: number,
): string {
  const stamp = new Date(time).toISOString().replace(/[-:]|\.\d+/g, '');
  const [path = '', query = ''] = target.split('?');
  let signed = '';
  for (const name of Object.keys(headers).sort()) {
    if (name === 'content-type' || name === 'content-md5' || name.startsWith('x-mns-')) {
      signed += `${name}:${headers[name]}\n`;
    }
  }
  return `${ALGORITHM}\n${stamp}\n${scope(day, region)}\n${method}\n${path}\n${canonicalQuery(query)}\n${signed}\n`;
}

export function signingKeyV4(secret: Buffer, { day, region }: Pick<CredentialV4, 'day' | 'region'>): Buffer {
  const start = Buffer.concat([Buffer.from('aliyun_v4'), secret]);
  return scope(day, region)
    .split('/')
    .reduce((key, part) => createHmac('sha256', key).update(part).digest(), start);
}

export function signatureV4(key: Buffer, stringToSign: string): string {
  return createHmac('sha256', key).update(stringToSign, 'latin1').digest('hex');
}

function scope(day: string, region: string): string {
  return `${day}/${region}/mns/aliyun_v4_request`;
}

/** Names in lower case, values as they were sent. */
function canonicalQuery(query: string): string {
  if (query === '') return '';
  const items = query.split('&').map((item): [string, string] => {
    const equals = item.indexOf('=');
    return equals < 0 ? [item.toLowerCase(), ''] : [item.slice(0, equals).toLowerCase(), item.slice(equals)];
  });
  return items
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map((item) => item.join(''))
    .join('&');
}
