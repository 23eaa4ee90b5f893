/**
 * `/queues`: bull-board over the daemon's own queues, to look at jobs in any state. To look only, whoever asks: emptying,
 * editing, adding or promoting jobs behind the daemon's back could lose receipts or deliver them twice; what is safe to do
 * stands on the overview.
 */
import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { FastifyAdapter } from '@bull-board/fastify';
import { Queue } from 'bullmq';
import type { FastifyInstance, FastifyPluginCallback } from 'fastify';
import { describeError } from '../../errors.js';
import { maskPhones } from '../../mask.js';
import type { ReceiptQueue } from '../../pipeline/index.js';
import { messagePage, type Pages, sendPage } from '../pages/index.js';
import { masked, readable } from './masked.js';

const PATH = '/queues';
const ICON = '/assets/icon.svg';

/** Styles are set by its scripts as well. The address of its own pages stands in `base`. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; " +
  "connect-src 'self'; base-uri 'self'; form-action 'none'; frame-ancestors 'none'";

/** Fonts of a web server elsewhere: the page does without. */
const FOREIGN_STYLE = /<link[^>]*href="https:[^>]*>/g;

export function boardRoutes(
  app: FastifyInstance,
  pages: Pages,
  queues: () => ReadonlyMap<string, ReceiptQueue> | undefined,
): void {
  const adapter = new FastifyAdapter();
  adapter.setBasePath(PATH);
  const board = createBullBoard({
    queues: [],
    serverAdapter: adapter,
    options: {
      uiConfig: {
        boardTitle: 'receiptd',
        favIcon: { default: ICON, alternative: ICON },
        boardLogo: { path: ICON },
        miscLinks: [{ text: '← receiptd', url: '/' }],
        hideDocsLink: true,
        // These ask Redis for what a restricted user may not ask, and other stores have not.
        hideRedisDetails: true,
        showWorkers: false,
      },
      handlerHooks: {
        after: async (_context, result) =>
          pages.unmask ? result : { ...result, body: masked(result.body) as typeof result.body },
      },
    },
  });

  // Also what the rooms around it refuse, and a store that is away; its scripts show the text.
  adapter.setErrorHandler((error) => ({
    status: ((error as { statusCode?: number }).statusCode ?? 500) as 500,
    body: { error: maskPhones(describeError(error)) },
  }));

  let shown: ReadonlyMap<string, ReceiptQueue> | undefined;
  const trouble = (): 'boardClosed' | 'boardUnfit' | undefined => {
    const open = queues();
    if (open === undefined) return 'boardClosed';
    if (open === shown) return undefined;
    const found = [...open].map(([name, queue]) =>
      queue instanceof Queue ? adapterOf(name, queue) : undefined,
    );
    if (found.includes(undefined)) return 'boardUnfit';
    board.setQueues(found.filter((one) => one !== undefined));
    shown = open;
    return undefined;
  };

  app.register(
    async (scope) => {
      scope.addHook('onRequest', async (request, reply) => {
        if (request.method !== 'GET' && request.method !== 'HEAD')
          throw Object.assign(new Error('this browser only looks: retry and drop are on the overview'), {
            statusCode: 405,
          });
        reply.header('content-security-policy', POLICY);
        const why = trouble();
        if (why === undefined) return;
        const view = pages.viewOf(request);
        reply.code(503);
        return sendPage(
          reply,
          messagePage(view, { title: view.texts.browser, message: view.texts[why] }, pages),
        );
      });
      scope.addHook('onSend', async (_request, reply, payload) =>
        typeof payload === 'string' && String(reply.getHeader('content-type')).startsWith('text/html')
          ? payload.replace(FOREIGN_STYLE, '')
          : payload,
      );
      await scope.register(adapter.registerPlugin() as FastifyPluginCallback);
    },
    { prefix: PATH },
  );
}

function adapterOf(name: string, queue: Queue): BullMQAdapter {
  const adapter = new BullMQAdapter(queue, { readOnlyMode: true, displayName: name });
  adapter.setFormatter('data', readable);
  return adapter;
}
