/** A Redis server of the bench's own, on a free port, that writes nothing to the disk. */
import { createServer } from 'node:net';
import { Redis } from 'ioredis';
import { Child } from './child.js';

export class RedisProcess {
  readonly url: string;
  readonly child: Child;

  private constructor(child: Child, port: number) {
    this.child = child;
    this.url = `redis://127.0.0.1:${port}`;
  }

  static async start(): Promise<RedisProcess> {
    const port = await freePort();
    const flags = ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
    const child = new Child('redis-server', 'redis-server', flags);
    await child.says(/[Rr]eady to accept connections/);
    return new RedisProcess(child, port);
  }

  /** Back to the state of a new one. */
  async clear(): Promise<void> {
    const client = new Redis(this.url);
    await client.flushall();
    client.disconnect();
  }

  stop(): Promise<void> {
    return this.child.stop();
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
      server.close(() => resolve(port));
    });
  });
}
