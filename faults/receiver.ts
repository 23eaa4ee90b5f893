/**
 * The other side of the webhook, a process of its own: verifies each request with the Standard Webhooks library, writes
 * the ids of its events into a file before it answers, and behaves as badly as it is told (POST /mode).
 * Argument: the file, and the secret.
 */
import { openSync, writeSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { Webhook } from 'standardwebhooks';
import type { ReceiverMode } from './plan.js';

const [file = '', secret = ''] = process.argv.slice(2);
const webhook = new Webhook(secret);
const fd = openSync(file, 'a');
let mode: ReceiverMode | undefined;
const counts = { requests: 0, unverified: 0, refused: 0, events: 0 };

async function take(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await bodyOf(request);
  counts.requests += 1;
  try {
    webhook.verify(body, request.headers as Record<string, string>);
  } catch {
    counts.unverified += 1;
    return answer(response, 400);
  }
  const met = mode !== undefined && Math.random() < mode.rate ? mode : undefined;
  if (met?.kind === 'hang') {
    counts.refused += 1;
    return;
  }
  if (met?.kind === 'error') {
    counts.refused += 1;
    const { status = 503, retryAfter } = met;
    return answer(response, status, retryAfter === undefined ? {} : { 'retry-after': `${retryAfter}` });
  }
  if (met?.kind === 'slow') await sleep(met.delay ?? 0);
  const events = [JSON.parse(body)].flat() as { id: string }[];
  writeSync(fd, events.map(({ id }) => `${JSON.stringify({ id })}\n`).join(''));
  counts.events += events.length;
  if (met?.kind === 'lost') request.socket.resetAndDestroy();
  else answer(response, 204);
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}

function answer(response: ServerResponse, status: number, headers: Record<string, string> = {}): void {
  response.writeHead(status, headers).end();
}

const server = createServer((request, response) => {
  const handle = async () => {
    if (request.url === '/events') return take(request, response);
    if (request.method === 'POST') mode = (JSON.parse(await bodyOf(request)) as { mode?: ReceiverMode }).mode;
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(counts));
  };
  // The connection may be gone: whoever sent the request learns of it.
  handle().catch(() => response.destroy());
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.stdout.write(`listening on ${typeof address === 'object' ? address?.port : ''}\n`);
});
process.once('SIGTERM', () => process.exit(0));
