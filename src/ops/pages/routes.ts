/**
 * The pages over HTTP. They work without a script: links, forms, and a redirect after each form, so that a reload repeats
 * nothing. Only POST changes anything, what is kept of the language included.
 */
import forms from '@fastify/formbody';
import type { FastifyInstance } from 'fastify';
import type { DeadLetterDesk } from '../../pipeline/index.js';
import { setCookie } from '../access/index.js';
import { Gatherer, type Sources } from './gather.js';
import { LiveFeed, type LiveFeedOptions } from './live-feed.js';
import { loginRoutes } from './login.js';
import { type Notice, overviewPage } from './overview.js';
import { LANGUAGE_COOKIE, ownPath, type Pages, sendPage } from './pages.js';
import { MOST_QUERY, queryOf } from './query.js';
import { dropPage } from './small-pages.js';
import { TEXTS } from './texts.js';

/** s */
const YEAR = 365 * 24 * 3_600;

const text = { type: 'string', default: '' };
const query = { type: 'string', default: '', maxLength: MOST_QUERY };

interface Named {
  id: string;
  q: string;
}
const named = {
  type: 'object',
  required: ['id'],
  properties: { id: { type: 'string', minLength: 1 }, q: query },
};

export function pageRoutes(
  app: FastifyInstance,
  pages: Pages,
  sources: Sources,
  live?: LiveFeedOptions,
): void {
  const { assets, guard } = pages;
  const gatherer = new Gatherer(sources);
  const feed = new LiveFeed(gatherer, (visitor) => guard.isStillIn(visitor), live);
  app.addHook('preClose', async () => feed.close());
  assets.serve(app);

  app.get<{ Querystring: { q: string; notice?: Notice } }>(
    '/',
    {
      schema: {
        querystring: {
          type: 'object',
          properties: { q: query, notice: { enum: Object.keys(TEXTS.en.notices) } },
        },
      },
    },
    async (request, reply) => {
      const { q, notice } = request.query;
      const overview = await gatherer.overview(queryOf(q));
      return sendPage(reply, overviewPage(pages.viewOf(request), overview, { assets, notice }));
    },
  );

  app.get<{ Querystring: { q: string } }>(
    '/api/events',
    // A HEAD would hold a place that nothing is ever sent to.
    { exposeHeadRoute: false, schema: { querystring: { type: 'object', properties: { q: query } } } },
    (request, reply) => {
      const { visitor, query: asked } = request;
      if (visitor === undefined || feed.isFull)
        return reply
          .code(503)
          .send({ error: 'too many pages are open: close one, or reload this one later' });
      feed.add(reply, { view: pages.viewOf(request), visitor, searches: queryOf(asked.q) !== '' });
    },
  );

  // What forms send is taken by these routes alone: a page elsewhere may send a form wherever it likes.
  app.register(async (scope) => {
    await scope.register(forms, { bodyLimit: 64 * 1024 });

    scope.post<{ Body: { language: string; next: string } }>(
      '/language',
      {
        config: { access: 'anyone' },
        schema: {
          body: { type: 'object', properties: { language: { enum: Object.keys(TEXTS) }, next: text } },
        },
      },
      (request, reply) => {
        const { language, next } = request.body;
        setCookie(reply, LANGUAGE_COOKIE, language, { maxAge: YEAR, secure: false });
        return reply.redirect(ownPath(next), 303);
      },
    );

    loginRoutes(scope, pages);

    scope.get<{ Querystring: Named }>(
      '/dead/drop',
      { config: { access: 'operator' }, schema: { querystring: named } },
      async (request, reply) => {
        const { id, q } = request.query;
        const letter = await openDesk(sources).show(id);
        return sendPage(
          reply.code(letter === undefined ? 404 : 200),
          dropPage(pages.viewOf(request), { id, query: q, letter }, { assets }),
        );
      },
    );

    for (const [what, done] of [
      ['retry', 'retried'],
      ['drop', 'dropped'],
    ] as const) {
      scope.post<{ Body: Named }>(`/dead/${what}`, { schema: { body: named } }, async (request, reply) => {
        const { id, q } = request.body;
        const outcome = await openDesk(sources)[what]({ messageIds: [id] });
        const notice: Notice = outcome.done > 0 ? done : 'gone';
        return reply.redirect(`/?${new URLSearchParams({ ...(q !== '' && { q }), notice })}`, 303);
      });
    }
  });
}

function openDesk({ deadLetters }: Sources): DeadLetterDesk {
  const desk = deadLetters();
  if (desk === undefined) throw Object.assign(new Error('the store is not open yet'), { statusCode: 503 });
  return desk;
}
