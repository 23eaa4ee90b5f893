/** A server that answers what a test tells it to, and remembers what it was sent. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

export interface SeenRequest {
  method: string;
  path: string;
  headers: IncomingMessage['headers'];
  body: string;
}

export type Reply = (request: SeenRequest, response: ServerResponse) => void;

export class StubServer {
  readonly requests: SeenRequest[] = [];
  connections = 0;
  reply: Reply = (_request, response) => response.writeHead(204).end();
  readonly #sockets = new Set<Socket>();
  readonly #server = createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const request = {
        method: incoming.method ?? '',
        path: incoming.url ?? '',
        headers: incoming.headers,
        body: Buffer.concat(chunks).toString(),
      };
      this.requests.push(request);
      this.reply(request, response);
    });
  });

  async listen(): Promise<this> {
    this.#server.on('connection', (socket: Socket) => {
      this.connections += 1;
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Every request from now on gets this answer. */
  answer(status: number, body: string, headers: Record<string, string> = {}): void {
    this.reply = (_request, response) => {
      response.writeHead(status, { 'content-type': 'text/xml;charset=utf-8', ...headers }).end(body);
    };
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

export const NAMESPACE = 'xmlns="http://mns.aliyuncs.com/doc/v1"';

/** An MNS error answer. */
export function errorXml(code: string, message = `${code} happened.`): string {
  return `<?xml version="1.0" ?>\n<Error ${NAMESPACE}>\n  <Code>${code}</Code>\n  <Message>${message}</Message>\n  <RequestId>6A8B7C5D</RequestId>\n  <HostId>http://123.mns.cn-hangzhou.aliyuncs.com</HostId>\n</Error>`;
}

/** One received message; overrides replace an element's text, undefined leaves it out. */
export function messageXml(overrides: Record<string, string | undefined> = {}): string {
  const elements = {
    MessageId: '0909AC939C3A61357F898A13F0DB0001',
    MessageBodyMD5: '82DFA5549EBC9AFC168EB7931EBECE5F',
    MessageBody: 'eyJiaXpfaWQiOiIxMjM0NV4wIn0=',
    ReceiptHandle: '8-0zxjHBaWtzPz8zphz0z6OGz5yWWidU1f01',
    EnqueueTime: '1716809414944',
    FirstDequeueTime: '1716809420986',
    NextVisibleTime: '1716809450986',
    DequeueCount: '1',
    Priority: '8',
    ...overrides,
  };
  const inner = Object.entries(elements)
    .filter(([, text]) => text !== undefined)
    .map(([name, text]) => `    <${name}>${text}</${name}>`);
  return `  <Message>\n${inner.join('\n')}\n  </Message>`;
}

export function messagesXml(...messages: string[]): string {
  return `<?xml version="1.0" ?>\n<Messages ${NAMESPACE}>\n${messages.join('\n')}\n</Messages>`;
}
