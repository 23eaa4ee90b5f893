/**
 * The one port of the emulator: reads requests, gives each to the room its path belongs to, writes the answers with
 * the headers that room's real service sends, and carries out faults. Connections are kept alive well beyond any
 * client's idle time, so that an idle connection is never closed under a request by the server.
 */
import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ReceiptdError } from '../errors.js';
import { ADMIN_PREFIX } from './admin.js';
import type { Clock } from './clock.js';
import { MNS_VERSION } from './mns-auth.js';
import type { MnsService } from './mns-service.js';
import type { PopService } from './pop-service.js';
import type { Outcome } from './reply.js';
import type { Counters } from './stats.js';

/** Sixteen messages of 64 KB, escaped, fit well; nothing the clients send comes near. */
const BODY_LIMIT = 4 * 1024 * 1024;
const ADMIN_BODY_LIMIT = 256 * 1024 * 1024;
const KEEP_ALIVE_MS = 120_000;
const NO_BODY = Buffer.alloc(0);

export interface Rooms {
  readonly clock: Clock;
  readonly mns: MnsService;
  readonly pop: PopService;
  readonly counters: Counters;
  readonly admin: (method: string, target: string, body: string) => Outcome;
}

export class EmulatorServer {
  readonly #rooms: Rooms;
  readonly #server: Server;
  readonly #requestIdPrefix = randomBytes(8).toString('hex').toUpperCase();
  #lastRequestId = 0;

  constructor(rooms: Rooms) {
    this.#rooms = rooms;
    this.#server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (request, response) =>
      this.#receive(request, response),
    );
    this.#server.on('connection', () => {
      rooms.counters.connections += 1;
    });
  }

  async listen(host: string, port: number): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', (cause: NodeJS.ErrnoException) => reject(listenError(cause, host, port)));
      this.#server.listen(port, host, resolve);
    });
    return (this.#server.address() as AddressInfo).port;
  }

  /** Cuts every connection, also those that wait for an answer. */
  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  #receive(request: IncomingMessage, response: ServerResponse): void {
    const target = targetOf(request.url ?? '/');
    const limit = target.startsWith(ADMIN_PREFIX) ? ADMIN_BODY_LIMIT : BODY_LIMIT;
    readBody(request, limit, (body) => {
      if (body === undefined) response.writeHead(413, { Connection: 'close' }).end();
      else void this.#answer(request, response, target, body);
    });
  }

  async #answer(
    request: IncomingMessage,
    response: ServerResponse,
    target: string,
    body: Buffer,
  ): Promise<void> {
    const { clock, mns, pop, counters, admin } = this.#rooms;
    const { method = '', headers } = request;
    if (target.startsWith(ADMIN_PREFIX)) {
      write(response, admin(method, target, body.toString()), ['Date', clock.httpDate()]);
      return;
    }
    counters.requests += 1;
    this.#lastRequestId += 1;
    const requestId = this.#requestIdPrefix + this.#lastRequestId.toString(16).toUpperCase().padStart(8, '0');
    const host = headers.host ?? '';
    const onDisconnect = (listener: () => void): void => {
      if (response.closed) listener();
      else response.once('close', listener);
    };
    if (target === '/' || target.startsWith('/?')) {
      const query = target.slice(2);
      const outcome = await pop.handle({
        method,
        query,
        body: body.toString(),
        requestId,
        host,
        onDisconnect,
      });
      write(response, outcome, ['Date', clock.httpDate()]);
      return;
    }
    const baseUrl = `http://${host}`;
    const outcome = await mns.handle({ method, target, headers, body, requestId, baseUrl, onDisconnect });
    write(response, outcome, [
      'Date',
      clock.httpDate(),
      'Server',
      'AliyunMQS',
      'x-mns-request-id',
      requestId,
      'x-mns-version',
      MNS_VERSION,
      ...(outcome !== 'reset' && outcome !== 'hang' && outcome.body !== ''
        ? ['Content-Type', 'text/xml;charset=utf-8']
        : []),
    ]);
  }
}

/**
 * Path and query. A client that takes the emulator for its HTTP proxy, which is the way for one whose host is hard-coded,
 * names the host first; the PHP client of the guides asks for `//queues/…` and signs `/queues/…` (mns-http.md §9).
 */
function targetOf(url: string): string {
  const path = url.startsWith('/') ? url : url.replace(/^https?:\/\/[^/?]*/i, '');
  return path.startsWith('/') ? path.replace(/^\/{2,}/, '/') : `/${path}`;
}

/** Calls back once with the body, or with undefined as soon as it is longer than `limit`. */
function readBody(request: IncomingMessage, limit: number, done: (body: Buffer | undefined) => void): void {
  const { headers } = request;
  if (headers['content-length'] === undefined && headers['transfer-encoding'] === undefined) {
    done(NO_BODY);
    return;
  }
  const chunks: Buffer[] = [];
  let size = 0;
  request.on('data', (chunk: Buffer) => {
    if (size > limit) return;
    size += chunk.length;
    if (size > limit) done(undefined);
    else chunks.push(chunk);
  });
  request.on('end', () => {
    const [first = NO_BODY] = chunks;
    if (size <= limit) done(chunks.length > 1 ? Buffer.concat(chunks) : first);
  });
}

function write(response: ServerResponse, outcome: Outcome, headers: string[]): void {
  if (outcome === 'hang') return;
  if (outcome === 'reset') {
    response.socket?.resetAndDestroy();
    return;
  }
  const { status, body, headers: own = [] } = outcome;
  headers.push(...own);
  if (status !== 204) headers.push('Content-Length', String(Buffer.byteLength(body)));
  response.writeHead(status, headers).end(body);
}

function listenError(cause: NodeJS.ErrnoException, host: string, port: number): ReceiptdError {
  const reason = cause.code === 'EADDRINUSE' ? 'the port is in use, choose another one' : cause.message;
  return new ReceiptdError('EMULATOR_LISTEN', `the emulator cannot listen on ${host}:${port}: ${reason}`, {
    cause,
  });
}
