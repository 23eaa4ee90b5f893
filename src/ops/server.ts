/**
 * The ops HTTP: health, metrics, status, dead letters and pages. With a token everything but the probes asks for it, and
 * the probes say no more than yes or no without it; `access/` has the rules. An error is one line: JSON for programs, a page
 * for browsers.
 */
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Config } from '../config/index.js';
import { describeError, ReceiptdError } from '../errors.js';
import type { ReceiptQueue } from '../pipeline/index.js';
import { Guard, isNavigation } from './access/index.js';
import { boardRoutes } from './board/index.js';
import { deadLetterRoutes } from './dead-letters.js';
import { createMetrics } from './metrics.js';
import {
  type LiveFeedOptions,
  messagePage,
  Pages,
  pageRoutes,
  type Sources,
  sendPage,
} from './pages/index.js';
import type { Status } from './status.js';

/** Characters of a MessageId in a path. */
const MAX_ID = 1_024;

export interface OpsOptions extends Sources {
  config: Config['ops'];
  /** Of the store, by name. Undefined while it is not open. */
  queues(): ReadonlyMap<string, ReceiptQueue> | undefined;
  /** How open pages are kept up to date. */
  live?: LiveFeedOptions;
}

export class OpsServer {
  readonly #app: FastifyInstance;
  readonly #config: Config['ops'];

  constructor(options: OpsOptions) {
    this.#config = options.config;
    this.#app = Fastify({
      logger: false,
      forceCloseConnections: true,
      bodyLimit: 256 * 1024,
      routerOptions: { maxParamLength: MAX_ID },
    });
    const guard = new Guard(options.config);
    const pages = new Pages(guard, options.config.unmask);
    guard.watch(this.#app);
    answerErrors(this.#app, pages);
    health(this.#app, options.status);
    deadLetterRoutes(this.#app, options.deadLetters, options.config.unmask);
    pageRoutes(this.#app, pages, options, options.live);
    boardRoutes(this.#app, pages, options.queues);
  }

  /**
   * @returns its base URL
   * @throws {ReceiptdError} when the address cannot be had
   */
  async start(): Promise<string> {
    const { host, port } = this.#config;
    try {
      return await this.#app.listen({ host, port });
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? describeError(error);
      const advice =
        code === 'EADDRINUSE' ? 'another process has it, set another ops.port' : 'set ops.host and ops.port';
      throw new ReceiptdError(
        'OPS_LISTEN',
        `ops.port: cannot listen on ${host}:${port} (${code}): ${advice}`,
        {
          cause: error,
        },
      );
    }
  }

  async stop(): Promise<void> {
    await this.#app.close();
  }
}

function health(app: FastifyInstance, status: () => Status): void {
  const metrics = createMetrics(status);
  app.get('/livez', { config: { access: 'anyone' } }, () => ({ live: true }));
  app.get('/readyz', { config: { access: 'anyone' } }, ({ visitor }, reply) => {
    const { ready, reasons } = status();
    // The reasons name queues and endpoints, which are nobody else's business.
    return reply.code(ready ? 200 : 503).send(visitor === undefined ? { ready } : { ready, reasons });
  });
  app.get('/api/status', () => status());
  app.get('/metrics', async (_request, reply) =>
    reply.type(metrics.contentType).send(await metrics.scrape()),
  );
}

function answerErrors(app: FastifyInstance, pages: Pages): void {
  const answer = (request: FastifyRequest, reply: FastifyReply, code: number, message: string) => {
    if (!wantsPage(request)) return reply.code(code).send({ error: message });
    const view = pages.viewOf(request);
    const page = messagePage(view, { title: view.texts.errorTitle(code), message }, pages);
    return sendPage(reply.code(code), page);
  };
  app.setErrorHandler((error, request, reply) =>
    answer(request, reply, (error as { statusCode?: number }).statusCode ?? 500, describeError(error)),
  );
  app.setNotFoundHandler((request, reply) =>
    answer(request, reply, 404, `there is no ${request.method} ${request.url}`),
  );
}

/** A browser that opens a link or sends a form. */
function wantsPage(request: FastifyRequest): boolean {
  const form = String(request.headers['content-type'] ?? '').startsWith('application/x-www-form-urlencoded');
  return isNavigation(request) || (form && (request.headers.accept ?? '').includes('text/html'));
}
