import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FaultyProxy } from '../../faults/proxy.js';
import { until } from '../support/until.js';

/** A server that says everything again. */
let echo: Server;
let proxy: FaultyProxy;
const clients: Socket[] = [];

beforeEach(async () => {
  echo = createServer((socket) => socket.on('error', () => {}).pipe(socket));
  echo.listen(0, '127.0.0.1');
  await once(echo, 'listening');
  proxy = await FaultyProxy.start((echo.address() as { port: number }).port);
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  await proxy[Symbol.asyncDispose]();
  await new Promise((resolve) => echo.close(resolve));
});

async function client(): Promise<Socket> {
  const socket = connect(proxy.port, '127.0.0.1');
  clients.push(socket);
  await once(socket, 'connect');
  return socket;
}

async function echoes(socket: Socket, text: string): Promise<void> {
  socket.write(text);
  const [answer] = await once(socket, 'data');
  expect(`${answer}`).toBe(text);
}

describe('the faulty proxy', () => {
  it('cuts connections with a reset, and takes new ones', async () => {
    const socket = await client();
    await echoes(socket, 'one');
    const error = once(socket, 'error');
    proxy.reset();
    expect(await error).toMatchObject([{ code: 'ECONNRESET' }]);
    await echoes(await client(), 'two');
  });

  it('forgets connections: they stay open and say nothing, and new ones work', async () => {
    const socket = await client();
    await echoes(socket, 'one');
    const heard: string[] = [];
    socket.on('data', (data) => heard.push(`${data}`));
    socket.on('close', () => heard.push('closed'));
    proxy.freeze();
    socket.write('two');
    // What is said on a new connection is heard, so what was said on the old one before would have been.
    await echoes(await client(), 'three');
    expect(heard).toEqual([]);
  });

  it('tells the other side of a forgotten connection nothing of its end', async () => {
    const socket = await client();
    await echoes(socket, 'one');
    proxy.freeze();
    const before = await connectionsOf(echo);
    socket.destroy();
    await until('the end of it on this side', () => proxy.connections < 1);
    expect(await connectionsOf(echo)).toBe(before);
  });
});

function connectionsOf(server: Server): Promise<number> {
  return new Promise((resolve, reject) =>
    server.getConnections((error, count) => (error === null ? resolve(count) : reject(error))),
  );
}
