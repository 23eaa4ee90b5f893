/** The cookies of the pages: none is for scripts, and none is sent along from another site. */
import cookies from '@fastify/cookie';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

export function takeCookies(app: FastifyInstance): void {
  // Read when asked for: hooks of a plugin come after those that are there already.
  app.register(cookies, { hook: false });
}

/** @returns empty when there is none */
export function cookieOf({ headers, server }: FastifyRequest, name: string): string {
  return server.parseCookie(headers.cookie ?? '')[name] ?? '';
}

export interface CookieOptions {
  /** s; 0 takes the cookie away. */
  maxAge: number;
  /** Never sent without TLS. */
  secure: boolean;
}

export function setCookie(reply: FastifyReply, name: string, value: string, options: CookieOptions): void {
  reply.setCookie(name, value, { ...options, path: '/', httpOnly: true, sameSite: 'strict' });
}
