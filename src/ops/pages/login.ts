/** Logging in and out: a token becomes a session, which is a cookie. */
import type { FastifyInstance } from 'fastify';
import { Attempts, SESSION_COOKIE, SESSION_LIFE, setCookie, sourceOf } from '../access/index.js';
import { html } from './html.js';
import { ownPath, type Pages, sendPage } from './pages.js';
import { loginPage } from './small-pages.js';

const text = { type: 'string', default: '' };

export function loginRoutes(app: FastifyInstance, pages: Pages): void {
  const { assets, guard } = pages;
  const attempts = new Attempts();

  app.get<{ Querystring: { next: string } }>(
    '/login',
    {
      config: { access: 'anyone' },
      schema: { querystring: { type: 'object', properties: { next: text } } },
    },
    (request, reply) => {
      const next = ownPath(request.query.next);
      if (request.visitor !== undefined) return reply.redirect(next, 303);
      // Who follows a link from elsewhere may be logged in all the same: the cookie comes only with what this page asks for.
      if (sourceOf(request.headers) === 'foreign')
        return sendPage(
          reply,
          html`<!doctype html><meta charset="utf-8"><meta http-equiv="refresh" content="0;url=${next}"><title>receiptd</title>`,
        );
      const works = guard.keepsCookie(request) || !guard.wantsSecure(request);
      return sendPage(reply, loginPage(pages.viewOf(request), { next, works }, { assets }));
    },
  );

  app.post<{ Body: { token: string; next: string } }>(
    '/login',
    {
      config: { access: 'anyone' },
      schema: { body: { type: 'object', required: ['token'], properties: { token: text, next: text } } },
    },
    (request, reply) => {
      const next = ownPath(request.body.next);
      const again = (code: number, refused: 'wrong' | { waitSeconds: number }) =>
        sendPage(
          reply.code(code),
          loginPage(pages.viewOf(request), { next, refused, works: true }, { assets }),
        );
      const waitSeconds = attempts.waitFor(request.ip);
      if (waitSeconds > 0) {
        reply.header('retry-after', waitSeconds);
        return again(429, { waitSeconds });
      }
      const role = guard.sessions.roleOf(request.body.token.trim());
      if (role === undefined) {
        attempts.failed(request.ip);
        return again(401, 'wrong');
      }
      setCookie(reply, SESSION_COOKIE, guard.sessions.open(role), {
        maxAge: SESSION_LIFE / 1000,
        secure: guard.wantsSecure(request),
      });
      return reply.redirect(next, 303);
    },
  );

  app.post('/logout', { config: { access: 'viewer' } }, (request, reply) => {
    guard.sessions.end(request.visitor?.cookie ?? '');
    setCookie(reply, SESSION_COOKIE, '', { maxAge: 0, secure: guard.wantsSecure(request) });
    return reply.redirect('/login', 303);
  });
}
