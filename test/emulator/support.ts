/** A client of the emulator that sends exactly what a test says, signed the documented way unless told otherwise. */
import { createHmac } from 'node:crypto';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { type Emulator, startEmulator } from '../../src/emulator/index.js';

export const QUEUE = 'Alicom-Queue-1234567890123456-SmsReport';
export const MESSAGES = `/queues/${QUEUE}/messages`;
export const ACCOUNT: Key = { id: 'testId', secret: 'testSecret' };

export interface Key {
  id: string;
  secret: string;
  token?: string;
}

export interface Response {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}

export type Headers = Record<string, string | undefined>;

export function startWithQueue(options: Parameters<typeof startEmulator>[0] = {}): Promise<Emulator> {
  return startEmulator({ queues: [{ name: QUEUE, messageType: 'SmsReport' }], ...options });
}

/** Header values of undefined are left out: also those that would be there by default. */
export function send(
  emulator: Emulator,
  method: string,
  path: string,
  options: { headers?: Headers; body?: string; signal?: AbortSignal } = {},
): Promise<Response> {
  const { headers = {}, body = '', signal } = options;
  const sent: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) if (value !== undefined) sent[name] = value;
  if (body !== '') sent['content-length'] = String(Buffer.byteLength(body));
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      { host: '127.0.0.1', port: emulator.port, method, path, headers: sent, ...(signal ? { signal } : {}) },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(chunks).toString(),
          }),
        );
      },
    );
    request.on('error', reject);
    request.end(body);
  });
}

/** An MNS request with signature V2, written here from the protocol notes and not with the emulator's own code. */
export function mns(
  emulator: Emulator,
  method: string,
  path: string,
  options: { key?: Key; headers?: Headers; body?: string; signal?: AbortSignal; signedPath?: string } = {},
): Promise<Response> {
  const { key = ACCOUNT, body = '', signedPath = path, signal } = options;
  const headers: Headers = {
    date: new Date().toUTCString(),
    'x-mns-version': '2015-06-06',
    ...(body === '' ? {} : { 'content-type': 'text/xml;charset=UTF-8' }),
    ...options.headers,
  };
  const canonical = Object.keys(headers)
    .filter((name) => name.startsWith('x-mns-') && headers[name] !== undefined)
    .sort()
    .map((name) => `${name}:${headers[name]}\n`)
    .join('');
  const date = headers['x-mns-date'] ?? headers.date ?? '';
  const text = `${method}\n${headers['content-md5'] ?? ''}\n${headers['content-type'] ?? ''}\n${date}\n${canonical}${signedPath}`;
  const signature = createHmac('sha1', key.secret).update(text).digest('base64');
  return send(emulator, method, path, {
    headers: { authorization: `MNS ${key.id}:${signature}`, 'security-token': key.token, ...headers },
    body,
    ...(signal ? { signal } : {}),
  });
}

/** The texts of every element of that name. */
export function texts(xml: string, name: string): string[] {
  return Array.from(xml.matchAll(new RegExp(`<${name}>([^<]*)</${name}>`, 'g')), (match) => match[1] ?? '');
}

export function text(xml: string, name: string): string {
  const [first] = texts(xml, name);
  if (first === undefined) throw new Error(`no <${name}> in ${xml}`);
  return first;
}

export function handlesXml(handles: readonly string[]): string {
  const items = handles.map((handle) => `<ReceiptHandle>${handle}</ReceiptHandle>`).join('');
  return `<?xml version="1.0" encoding="UTF-8"?><ReceiptHandles xmlns="http://mns.aliyuncs.com/doc/v1/">${items}</ReceiptHandles>`;
}

let nonce = 0;

/** A signed POP RPC call; a parameter of undefined is left out. */
export function pop(
  emulator: Emulator,
  parameters: Headers = {},
  options: { method?: 'GET' | 'POST'; key?: Key } = {},
): Promise<Response> {
  const { method = 'GET', key = ACCOUNT } = options;
  nonce += 1;
  const all: Headers = {
    Action: 'QueryTokenForMnsQueue',
    Format: 'JSON',
    Version: '2017-05-25',
    AccessKeyId: key.id,
    SignatureMethod: 'HMAC-SHA1',
    SignatureVersion: '1.0',
    SignatureNonce: `nonce-${process.pid}-${nonce}`,
    Timestamp: new Date().toISOString().replace(/\.\d+Z$/, 'Z'),
    RegionId: 'cn-hangzhou',
    MessageType: 'SmsReport',
    QueueName: QUEUE,
    ...parameters,
  };
  const encode = (value: string): string =>
    encodeURIComponent(value).replace(
      /[!'()*]/g,
      (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
    );
  const query = Object.keys(all)
    .filter((name) => all[name] !== undefined)
    .sort()
    .map((name) => `${encode(name)}=${encode(all[name] ?? '')}`)
    .join('&');
  const toSign = `${method}&%2F&${encode(query)}`;
  const signature = createHmac('sha1', `${key.secret}&`).update(toSign).digest('base64');
  const signed = 'Signature' in parameters ? query : `${query}&Signature=${encode(signature)}`;
  if (method === 'GET') return send(emulator, 'GET', `/?${signed}`);
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  return send(emulator, 'POST', '/', { headers, body: signed });
}

export async function fetchToken(emulator: Emulator, parameters: Headers = {}): Promise<Key> {
  const { body } = await pop(emulator, parameters);
  const { MessageTokenDTO: dto } = JSON.parse(body) as { MessageTokenDTO: Record<string, string> };
  const { AccessKeyId: id = '', AccessKeySecret: secret = '', SecurityToken: token = '' } = dto;
  return { id, secret, token };
}
