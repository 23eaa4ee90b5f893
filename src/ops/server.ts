/**
 * The ops HTTP: health, metrics, status and dead letters. With a token everything but the probes asks for it, and the
 * probes say no more than yes or no without it. On loopback a request must also name a loopback host, so that a web page
 * cannot reach it through a DNS name of its own.
 */
import { timingSafeEqual } from 'node:crypto';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Config } from '../config/index.js';
import { describeError, ReceiptdError } from '../errors.js';
import type { DeadLetterDesk } from '../pipeline/index.js';
import { deadLetterRoutes } from './dead-letters.js';
import { createMetrics } from './metrics.js';
import type { Status } from './status.js';

const PROBES = new Set(['/livez', '/readyz']);
const LOOPBACK_HOST = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/i;
/** Characters of a MessageId in a path. */
const MAX_ID = 1_024;

export interface OpsOptions {
  config: Config['ops'];
  status(): Status;
  /** Undefined while the store is not open. */
  deadLetters(): DeadLetterDesk | undefined;
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
    const { token, host } = options.config;
    const loopback = LOOPBACK_HOST.test(host.includes(':') ? `[${host}]` : host);
    const trusted = (request: FastifyRequest) => token === '' || carries(request, token);
    this.#app.addHook('onRequest', async (request, reply) => {
      if (loopback && !LOOPBACK_HOST.test(request.headers.host ?? ''))
        return refuse(reply, 421, 'wrong host');
      if (PROBES.has(request.url) || trusted(request)) return;
      return refuse(reply, 401, 'send the ops.token as a bearer token');
    });
    this.#app.setErrorHandler((error, _request, reply) => {
      const status = (error as { statusCode?: number }).statusCode ?? 500;
      return reply.code(status).send({ error: describeError(error) });
    });
    health(this.#app, options.status, trusted);
    deadLetterRoutes(this.#app, options.deadLetters);
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

function health(
  app: FastifyInstance,
  status: () => Status,
  trusted: (request: FastifyRequest) => boolean,
): void {
  const metrics = createMetrics(status);
  app.get('/livez', () => ({ live: true }));
  app.get('/readyz', (request, reply) => {
    const { ready, reasons } = status();
    // The reasons name queues and endpoints, which are nobody else's business.
    return reply.code(ready ? 200 : 503).send(trusted(request) ? { ready, reasons } : { ready });
  });
  app.get('/api/status', () => status());
  app.get('/metrics', async (_request, reply) =>
    reply.type(metrics.contentType).send(await metrics.scrape()),
  );
}

function carries(request: FastifyRequest, token: string): boolean {
  const given = Buffer.from(request.headers.authorization?.replace(/^Bearer /i, '') ?? '');
  const wanted = Buffer.from(token);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

function refuse(reply: FastifyReply, code: number, error: string): FastifyReply {
  return reply.code(code).send({ error });
}
