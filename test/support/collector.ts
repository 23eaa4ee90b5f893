/** A real OTLP/HTTP receiver that keeps the spans it is sent, as JSON. */
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

type Value = { stringValue?: string; intValue?: number | string; doubleValue?: number; boolValue?: boolean };

interface Sent {
  resourceSpans: {
    resource: { attributes: { key: string; value: Value }[] };
    scopeSpans: { spans: SentSpan[] }[];
  }[];
}

interface SentSpan {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  kind: number;
  attributes: { key: string; value: Value }[];
  links?: { traceId: string; spanId: string }[];
  events?: unknown[];
  status: { code?: number; message?: string };
}

export interface CollectedSpan extends Omit<SentSpan, 'attributes'> {
  attributes: Record<string, string | number | boolean | undefined>;
  service: string;
  instance: string;
}

export class Collector {
  readonly spans: CollectedSpan[] = [];
  readonly requests: { path: string; headers: IncomingHttpHeaders }[] = [];
  /** All that was sent, as text. */
  text = '';
  /** What it answers with from now on; 0 is never. */
  status = 200;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server) {
    this.#server = server;
  }

  /** @param port a free one by default */
  static async start(port = 0): Promise<Collector> {
    const server = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk);
      collector.requests.push({ path: request.url ?? '', headers: request.headers });
      if (collector.status === 0) return;
      response.writeHead(collector.status, { 'content-type': 'application/json' }).end('{}');
      if (request.method === 'POST' && collector.status === 200)
        collector.#take(Buffer.concat(chunks).toString());
    });
    const collector = new Collector(server);
    server.on('connection', (socket: Socket) => {
      collector.#sockets.add(socket);
      socket.once('close', () => collector.#sockets.delete(socket));
    });
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return collector;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  named(name: RegExp): CollectedSpan[] {
    return this.spans.filter((span) => name.test(span.name));
  }

  /** From a span up to the one that has no parent here. */
  ancestors(span: CollectedSpan): CollectedSpan[] {
    const parent = this.spans.find(({ spanId }) => spanId === span.parentSpanId);
    return parent === undefined ? [] : [parent, ...this.ancestors(parent)];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #take(text: string): void {
    this.text += text;
    for (const { resource, scopeSpans } of (JSON.parse(text) as Sent).resourceSpans) {
      const about = plain(resource.attributes);
      for (const { spans } of scopeSpans)
        for (const span of spans)
          this.spans.push({
            ...span,
            attributes: plain(span.attributes),
            service: String(about['service.name']),
            instance: String(about['service.instance.id']),
          });
    }
  }
}

function plain(attributes: SentSpan['attributes']): CollectedSpan['attributes'] {
  return Object.fromEntries(
    attributes.map(({ key, value }) => [
      key,
      value.stringValue ?? value.doubleValue ?? value.boolValue ?? Number(value.intValue),
    ]),
  );
}
