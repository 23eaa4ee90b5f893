/** A real HTTP or HTTPS server that keeps what it is sent, and the sink that posts to it. */
import { once } from 'node:events';
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createTlsServer, type ServerOptions } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { pino } from 'pino';
import { type ConfigInput, parseConfig } from '../../src/config/index.js';
import { openSinks, type Sink } from '../../src/sinks/index.js';

export interface Received {
  method: string;
  path: string;
  headers: Record<string, string>;
  /** Name, value, name, value as sent. */
  rawHeaders: string[];
  body: string;
}

export type Reply = (request: Received, response: ServerResponse) => unknown;

/** Confirms. */
export const ok: Reply = (_, response) => response.end('{"code":0,"msg":"接收成功"}');

export function status(code: number, headers: Record<string, string> = {}, body = ''): Reply {
  return (_, response) => response.writeHead(code, headers).end(body);
}

export class Receiver {
  readonly received: Received[] = [];
  readonly url: string;
  /** Answers of the requests to come, in turn; the last one answers all further ones. */
  replies: Reply[] = [ok];
  underWay = 0;
  mostUnderWay = 0;
  connections = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server, scheme: string) {
    this.#server = server;
    this.url = `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.on('connection', (socket: Socket) => {
      this.connections += 1;
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
  }

  static async start(tls?: ServerOptions): Promise<Receiver> {
    const listener: RequestListener = (request, response) => void receiver.#answer(request, response);
    const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const receiver = new Receiver(server, tls === undefined ? 'http' : 'https');
    return receiver;
  }

  get open(): number {
    return this.#sockets.size;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.underWay += 1;
    this.mostUnderWay = Math.max(this.mostUnderWay, this.underWay);
    response.once('close', () => {
      this.underWay -= 1;
    });
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const received: Received = {
      method: request.method ?? '',
      path: request.url ?? '',
      headers: request.headers as Record<string, string>,
      rawHeaders: request.rawHeaders,
      body: Buffer.concat(chunks).toString('utf8'),
    };
    this.received.push(received);
    const reply = this.replies.length > 1 ? this.replies.shift() : this.replies[0];
    await reply?.(received, response);
  }
}

type SinkInput = NonNullable<ConfigInput['sinks']>[number];
export type WebhookInput = Omit<Extract<SinkInput, { type: 'webhook' }>, 'type' | 'url'> & { url?: string };

/** As the daemon opens it, from what a user writes. */
export async function openWebhook(url: string, input: WebhookInput = {}): Promise<Sink> {
  const { sinks } = parseConfig({
    queues: [{ messageType: 'SmsReport', queueName: 'q' }],
    sinks: [{ type: 'webhook', url, ...input }],
  });
  const [sink] = await openSinks(sinks, pino({ enabled: false }));
  if (sink === undefined) throw new Error('no sink');
  return sink;
}
