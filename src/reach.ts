/**
 * The way to an HTTP server, step by step: its name, a connection, TLS, an answer. What fails says which step it was. A
 * certificate that is not trusted is looked at before it is refused, so that one can be told whose it is; nothing is asked
 * of its owner then.
 */
import { lookup } from 'node:dns/promises';
import { request } from 'node:http';
import { isIP, connect as netConnect, type Socket } from 'node:net';
import { TLSSocket, connect as tlsConnect } from 'node:tls';
import { describeError, ReceiptdError } from './errors.js';

/** Characters of a stranger's text. */
const MOST = 80;

export interface ReachOptions {
  url: URL;
  /** Of a request without a body. */
  method: 'GET' | 'OPTIONS';
  headers?: Record<string, string>;
  tls?: { ca?: string[]; cert?: string; key?: string; rejectUnauthorized?: boolean };
  signal: AbortSignal;
}

export interface Reached {
  address: string;
  certificate?: {
    protocol: string;
    issuer: string;
    /** ms since the epoch */
    validTo: number;
    /** Why it would be refused, were it checked. */
    distrust?: string;
  };
  status: number;
  /** ms that the local clock is ahead of the server's, within a second; absent when the server did not tell. */
  ahead?: number;
}

export class ReachError extends ReceiptdError {
  readonly stage: 'dns' | 'connect' | 'tls' | 'http';

  constructor(stage: ReachError['stage'], message: string, options?: ErrorOptions) {
    super(`REACH_${stage.toUpperCase()}`, message, options);
    this.stage = stage;
  }
}

/** @throws {ReachError} */
export async function reach(options: ReachOptions): Promise<Reached> {
  const { url, signal } = options;
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  await lookup(host, { all: true }).catch((error: NodeJS.ErrnoException) => {
    throw new ReachError('dns', `the name ${host} is not found (${error.code})`, { cause: error });
  });
  signal.throwIfAborted();
  const secure = url.protocol === 'https:';
  const socket = await connected(options, host, secure);
  try {
    const certificate = socket instanceof TLSSocket ? trusted(socket, options) : undefined;
    const answer = await answered(socket, options);
    return { address: socket.remoteAddress ?? '', ...(certificate && { certificate }), ...answer };
  } finally {
    socket.destroy();
  }
}

function connected(options: ReachOptions, host: string, secure: boolean): Promise<Socket> {
  const { url, tls, signal } = options;
  const port = Number(url.port || (secure ? 443 : 80));
  const socket = secure
    ? tlsConnect({
        ...tls,
        host,
        port,
        ...(isIP(host) === 0 && { servername: host }),
        ALPNProtocols: ['http/1.1'],
        rejectUnauthorized: false,
      })
    : netConnect({ host, port });
  return new Promise((resolve, reject) => {
    let stage: 'connect' | 'tls' = 'connect';
    const abort = () => socket.destroy(new Error('given up'));
    signal.addEventListener('abort', abort, { once: true });
    socket.once('connect', () => {
      stage = 'tls';
    });
    socket.once(secure ? 'secureConnect' : 'connect', () => {
      signal.removeEventListener('abort', abort);
      socket.off('error', onError);
      // Whatever comes later is told by the request.
      socket.on('error', () => {});
      resolve(socket);
    });
    const onError = (error: NodeJS.ErrnoException) => {
      signal.removeEventListener('abort', abort);
      reject(new ReachError(stage, refused(error, stage, `${host}:${port}`), { cause: error }));
    };
    socket.once('error', onError);
  });
}

function refused(error: unknown, stage: 'connect' | 'tls', place: string): string {
  // A host with several addresses fails with one error for each.
  const first = error instanceof AggregateError ? error.errors[0] : error;
  const { code } = first as NodeJS.ErrnoException;
  if (stage === 'connect') return `no connection to ${place} (${code ?? describeError(first)})`;
  const why = code === 'EPROTO' || code === undefined ? describeError(first).slice(0, 2 * MOST) : code;
  return `no TLS with ${place} (${why})`;
}

/** @throws {ReachError} unless it is trusted, or need not be */
function trusted(socket: TLSSocket, { tls, url }: ReachOptions): NonNullable<Reached['certificate']> {
  const { issuer, subject, valid_to, subjectaltname } = socket.getPeerCertificate();
  const validTo = Date.parse(valid_to);
  const by = quoted(issuer?.O ?? issuer?.CN);
  const found = { protocol: socket.getProtocol() ?? '', issuer: by, validTo };
  if (socket.authorized) return found;
  const code = String(socket.authorizationError ?? 'untrusted').slice(0, MOST);
  const names = quoted(subjectaltname ?? subject?.CN);
  const why =
    code === 'CERT_HAS_EXPIRED'
      ? `expired on ${new Date(validTo).toISOString().slice(0, 10)}`
      : code === 'ERR_TLS_CERT_ALTNAME_INVALID'
        ? `is for ${names}, not for ${url.hostname}`
        : `is not trusted (${code})`;
  const distrust = `the certificate, issued by ${by}, ${why}`;
  if (tls?.rejectUnauthorized !== false) throw new ReachError('tls', distrust);
  return { ...found, distrust };
}

function answered(
  socket: Socket,
  { url, method, headers, signal }: ReachOptions,
): Promise<Pick<Reached, 'status' | 'ahead'>> {
  return new Promise((resolve, reject) => {
    const askedAt = Date.now();
    const asked = request(
      {
        createConnection: () => socket,
        host: url.hostname,
        path: `${url.pathname}${url.search}`,
        method,
        headers: { host: url.host, ...headers },
        signal,
      },
      ({ statusCode = 0, headers: { date } }) => {
        const server = Date.parse(date ?? '');
        // The header is cut to whole seconds, and was written somewhere between asking and answering.
        const ahead = (askedAt + Date.now()) / 2 - (server + 500);
        resolve({ status: statusCode, ...(!Number.isNaN(ahead) && { ahead: Math.round(ahead) }) });
      },
    );
    asked.once('error', (error: NodeJS.ErrnoException) => {
      const why = error.code ?? describeError(error);
      reject(new ReachError('http', `${url.host} does not answer as an HTTP server (${why})`));
    });
    asked.end();
  });
}

function quoted(text: string | string[] | undefined): string {
  return [text ?? 'nobody']
    .flat()
    .join(', ')
    .replace(/[\p{Cc}\p{Cs}]/gu, '\ufffd')
    .slice(0, MOST);
}
