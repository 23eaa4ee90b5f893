/**
 * A TCP proxy that can be a bad network: it resets the connections there are, or plays a firewall that forgot them, so
 * that they stay open and nothing passes any more. New connections always work.
 */
import { connect, createServer, type Server, type Socket } from 'node:net';

export class FaultyProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #frozen = new WeakSet<Socket>();
  #port = 0;

  private constructor(target: number) {
    this.#server = createServer({ noDelay: true }, (client) => {
      const upstream = connect({ port: target, host: '127.0.0.1', noDelay: true });
      for (const [socket, other] of [
        [client, upstream],
        [upstream, client],
      ] as const) {
        this.#sockets.add(socket);
        socket.on('error', () => {});
        socket.on('close', () => {
          this.#sockets.delete(socket);
          // What has been forgotten tells nobody that one side has gone.
          if (!this.#frozen.has(socket)) other.destroy();
        });
        socket.pipe(other);
      }
    });
  }

  static async start(target: number): Promise<FaultyProxy> {
    const proxy = new FaultyProxy(target);
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    const address = proxy.#server.address();
    proxy.#port = typeof address === 'object' ? (address?.port ?? 0) : 0;
    return proxy;
  }

  get port(): number {
    return this.#port;
  }

  get connections(): number {
    return this.#sockets.size / 2;
  }

  /** Cuts every connection with a TCP reset. */
  reset(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  /** From now on nothing passes through the connections there are. */
  freeze(): void {
    for (const socket of this.#sockets) {
      this.#frozen.add(socket);
      socket.unpipe();
      socket.resume();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
