/**
 * Who may do what over the ops HTTP. Without `ops.token`, which is only so on loopback, everybody who can reach the port
 * may do everything, and a request must name a loopback host, so that a web page cannot reach it through a DNS name of its
 * own. With it, who asks shows a token as bearer, or a session. Reading is for operators and viewers, anything else for
 * operators, unless a route says otherwise in its `access`.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Config } from '../../config/index.js';
import { cookieOf, takeCookies } from './cookies.js';
import { isNavigation, sourceOf } from './origin.js';
import { type Role, Sessions } from './session.js';

export const SESSION_COOKIE = 'receiptd_session';

export interface Visitor {
  role: Role;
  /** ms since the epoch when the session ends; absent for bearers, and where there is nothing to log in to. */
  until?: number;
  /** Of a session. */
  cookie?: string;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Who may: anyone, operators and viewers, or operators alone. @default viewer for GET and HEAD, else operator */
    access?: 'anyone' | Role;
  }
  interface FastifyRequest {
    /** Undefined when it is not known who asks. */
    visitor: Visitor | undefined;
  }
}

const LOOPBACK_HOST = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/i;

/** Scripts, styles and pictures are receiptd's own and nothing is inline, so what slips through escaping does nothing. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; " +
  "base-uri 'none'; frame-ancestors 'none'";

const HEADERS = {
  'content-security-policy': POLICY,
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  // Not no-referrer: browsers would then call the origin of a form `null`.
  'referrer-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
};

export class Guard {
  readonly sessions: Sessions;
  /** Whether there is something to log in to. */
  readonly hasLogin: boolean;
  readonly #loopback: boolean;

  constructor({ host, token, viewerToken }: Pick<Config['ops'], 'host' | 'token' | 'viewerToken'>) {
    this.hasLogin = token !== '';
    this.sessions = new Sessions({ operator: token, viewer: viewerToken });
    this.#loopback = isLoopbackHost(host.includes(':') ? `[${host}]` : host);
  }

  watch(app: FastifyInstance): void {
    takeCookies(app);
    app.decorateRequest('visitor', undefined);
    app.addHook('onRequest', async (request, reply) => {
      reply.headers(HEADERS);
      if (this.#loopback && !isLoopbackHost(request.headers.host ?? ''))
        throw refusal(421, 'ops.host is loopback, so it is to be asked for as localhost or 127.0.0.1');
      request.visitor = this.#visitorOf(request);
      return this.#admit(request, reply);
    });
  }

  /** Whether a cookie for this request must not travel without TLS. On loopback there is none, and nobody to listen. */
  wantsSecure(request: FastifyRequest): boolean {
    return !this.#loopback || isEncrypted(request);
  }

  /** Whether a browser would keep such a cookie. */
  keepsCookie(request: FastifyRequest): boolean {
    return isEncrypted(request) || isLoopbackHost(request.headers.host ?? '');
  }

  /** For what goes on longer than a request: whether this visitor may still look. */
  isStillIn({ until, cookie }: Visitor): boolean {
    return (
      (until === undefined || until > Date.now()) && (cookie === undefined || !!this.sessions.read(cookie))
    );
  }

  #visitorOf(request: FastifyRequest): Visitor | undefined {
    if (!this.hasLogin) return { role: 'operator' };
    const bearer = this.sessions.roleOf(request.headers.authorization?.replace(/^Bearer /i, '') ?? '');
    if (bearer !== undefined) return { role: bearer };
    const cookie = cookieOf(request, SESSION_COOKIE);
    const session = this.sessions.read(cookie);
    return session && { ...session, cookie };
  }

  /** @returns a reply where one was given */
  #admit(request: FastifyRequest, reply: FastifyReply): FastifyReply | undefined {
    const { method, visitor, routeOptions } = request;
    const reads = method === 'GET' || method === 'HEAD';
    const source = sourceOf(request.headers);
    // Links from elsewhere may lead here; nothing else of another page has any business here, and no read changes a thing.
    if (source === 'foreign' && !isNavigation(request))
      throw refusal(403, 'asked for by a page of another site');
    const { access = reads ? 'viewer' : 'operator' } = routeOptions.config;
    if (access === 'anyone') return undefined;
    if (visitor === undefined) return this.#strange(request, reply);
    if (!reads && visitor.cookie !== undefined && source !== 'own')
      throw refusal(403, 'the browser does not say which page asks: send the ops.token as a bearer token');
    if (access === 'operator' && visitor.role === 'viewer')
      throw refusal(403, 'ops.viewerToken may only look, this needs ops.token');
    return undefined;
  }

  #strange(request: FastifyRequest, reply: FastifyReply): FastifyReply {
    if (isNavigation(request)) {
      return reply.redirect(`/login?next=${encodeURIComponent(request.url)}`, 303);
    }
    reply.header('www-authenticate', 'Bearer');
    throw refusal(401, 'send the ops.token as a bearer token');
  }
}

function isLoopbackHost(host: string): boolean {
  return LOOPBACK_HOST.test(host);
}

/** A proxy in front says so. Who lies about it only makes a cookie of their own stricter. */
function isEncrypted({ headers, protocol }: FastifyRequest): boolean {
  return protocol === 'https' || /^https\b/i.test(String(headers['x-forwarded-proto'] ?? ''));
}

function refusal(statusCode: number, message: string): Error {
  return Object.assign(new Error(message), { statusCode });
}
