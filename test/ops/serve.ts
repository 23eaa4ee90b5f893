/** An ops server on a free port, with what a test does not care about filled in. */
import { afterEach } from 'vitest';
import type { Config } from '../../src/config/index.js';
import { OpsServer } from '../../src/ops/index.js';
import type { OpsOptions } from '../../src/ops/server.js';
import { statusOf } from './statuses.js';

export interface ServeOptions extends Partial<Omit<OpsOptions, 'config'>> {
  config?: Partial<Config['ops']>;
}

const servers: OpsServer[] = [];

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});

/** Stopped when the test is over. */
export function opsServer({ config, ...rest }: ServeOptions = {}): OpsServer {
  const server = new OpsServer({
    config: { host: '127.0.0.1', port: 0, token: '', viewerToken: '', unmask: false, ...config },
    status: () => statusOf(),
    history: () => [],
    recent: async () => [],
    deadLetters: () => undefined,
    queues: () => undefined,
    ...rest,
  });
  servers.push(server);
  return server;
}

/** @returns the base URL */
export function serve(options: ServeOptions = {}): Promise<string> {
  return opsServer(options).start();
}
