/**
 * Which operation a request asks for (mns-http.md §5 and §6): MNS names none, it follows from method, path, query and,
 * for a send, the root of the body. Query names are case-insensitive, because the clients disagree about them; values
 * are percent-decoded without turning `+` into a blank, because most SDKs send old Base64 handles as they are (§4).
 */
import { MnsError } from './mns-error.js';
import type { MnsOperation } from './operations.js';

export type Query = ReadonlyMap<string, string>;

export interface MnsCall {
  readonly operation: MnsOperation;
  /** Empty for ListQueue. */
  readonly queueName: string;
  /** Names in lower case. */
  readonly query: Query;
}

const PATH = /^\/queues(?:\/([^/]+)(\/messages)?)?\/?$/;
const KNOWN_QUERY = new Set([
  'metaoverride',
  'numofmessages',
  'peekonly',
  'receipthandle',
  'visibilitytimeout',
  'waitseconds',
]);
const NO_QUERY: Query = new Map();

/** `target` is the request line's path and query. */
export function parseMnsCall(method: string, target: string, body: string): MnsCall {
  const mark = target.indexOf('?');
  const path = PATH.exec(mark < 0 ? target : target.slice(0, mark));
  if (path === null) throw new MnsError('InvalidRequestURL');
  const query = mark < 0 ? NO_QUERY : parseQuery(target.slice(mark + 1));
  const queueName = decode(path[1] ?? '', 'InvalidRequestURL');
  const operation =
    path[2] !== undefined
      ? messageOperation(method, query, body)
      : path[1] !== undefined
        ? queueOperation(method, query)
        : method === 'GET'
          ? 'ListQueue'
          : undefined;
  if (operation === undefined)
    throw new MnsError('InvalidRequestURL', `${method} is not supported on this resource.`);
  return { operation, queueName, query };
}

function queueOperation(method: string, query: Query): MnsOperation | undefined {
  if (method === 'PUT') return query.get('metaoverride') === 'true' ? 'SetQueueAttributes' : 'CreateQueue';
  if (method === 'GET') return 'GetQueueAttributes';
  if (method === 'DELETE') return 'DeleteQueue';
  return undefined;
}

function messageOperation(method: string, query: Query, body: string): MnsOperation | undefined {
  const batch = query.has('numofmessages');
  if (method === 'GET') {
    if (query.get('peekonly') === 'true') return batch ? 'BatchPeekMessage' : 'PeekMessage';
    return batch ? 'BatchReceiveMessage' : 'ReceiveMessage';
  }
  // Without a handle and without a body it can only be a DeleteMessage that forgot its handle.
  if (method === 'DELETE')
    return query.has('receipthandle') || body === '' ? 'DeleteMessage' : 'BatchDeleteMessage';
  if (method === 'POST') return /<(?:\w+:)?Messages[\s/>]/.test(body) ? 'BatchSendMessage' : 'SendMessage';
  if (method === 'PUT') return 'ChangeMessageVisibility';
  return undefined;
}

function parseQuery(text: string): Query {
  const query = new Map<string, string>();
  for (const item of text.split('&')) {
    if (item === '') continue;
    const equals = item.indexOf('=');
    const name = (equals < 0 ? item : item.slice(0, equals)).toLowerCase();
    if (!KNOWN_QUERY.has(name)) throw new MnsError('InvalidQueryString', `Unknown querystring item: ${name}`);
    query.set(name, equals < 0 ? '' : decode(item.slice(equals + 1), 'InvalidQueryString'));
  }
  return query;
}

function decode(text: string, code: 'InvalidRequestURL' | 'InvalidQueryString'): string {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    throw new MnsError(code);
  }
}
