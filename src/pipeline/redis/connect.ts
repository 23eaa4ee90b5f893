/**
 * Connections to one server, to a Redis Cluster, or to the master that Sentinels name, all with the same promises:
 *
 * - a producer fails at once while Redis is away, so that polling stops; MNS keeps the backlog meanwhile. Nothing of it is
 *   sent again by itself on another connection: an add may have been done, and what it added delivered and forgotten; a
 *   wait for a replica would ask a server that has nothing to wait for. Only what a server refused to do because it is
 *   another's to do (MOVED) goes on to that other;
 * - a consumer waits for ever, and sends again what got no answer;
 * - neither waits for a machine that has vanished, and both find the new master after a failover.
 */
import { setMaxListeners } from 'node:events';
import { Cluster, type CommonRedisOptions, Redis, type RedisOptions } from 'ioredis';
import { UsageError } from '../../errors.js';
import { readTls, type TlsOptions } from '../../tls-files.js';
import type { PipelineConfig } from '../backend.js';

/** Which Redis, and how to get there. */
export interface RedisPlace {
  url: string;
  /** @default one server, with the usual authorities of TLS */
  redis?: PipelineConfig['redis'];
}

const STANDALONE: PipelineConfig['redis'] = {
  topology: 'standalone',
  nodes: [],
  sentinel: { name: '', username: '', password: '' },
  tls: { verify: true },
};

export type RedisClient = Redis | Cluster;

export interface Address {
  host: string;
  port: number;
}

/** ms between tries to reconnect: quick at first, so that a restart is hardly noticed. */
const RECONNECT_CAP_MS = 2_000;
/**
 * ms without an answer after which a connection is given up for dead: a machine that vanished, a firewall that forgot it.
 * Longer than an idle worker's call blocks in Redis, which is 10 s at most.
 */
const SOCKET_TIMEOUT_MS = 20_000;
/** The same for a connection on which nothing blocks. */
const PRODUCER_TIMEOUT_MS = 8_000;
/** ms of silence after which the kernel probes a connection on which nothing is being asked. */
const KEEP_ALIVE_MS = 10_000;
/** ms that one of several servers may take to connect, or to say who the master is, before another is asked. */
const ASK_TIMEOUT_MS = 3_000;
/** ms after which a cluster is asked again who has what, in case nothing else made anybody ask. */
const SLOTS_REFRESH_MS = 3_000;
const SENTINEL_PORT = 26_379;

const retryStrategy = (times: number) => Math.min(50 * 2 ** Math.min(times, 10), RECONNECT_CAP_MS);
/** After a failover the same address leads to another server, so a connection to one that is read-only is of no use. */
const reconnectOnError = (error: Error) => error.message.startsWith('READONLY');

export class RedisConnector {
  readonly #place: Required<RedisPlace>;
  readonly #parsed: RedisOptions;
  readonly #tls: (TlsOptions & { signal: AbortSignal }) | undefined;
  readonly #socketTimeout: number;

  /**
   * @param socketTimeout ms without an answer after which a connection is given up
   * @throws {UsageError} when a file of `pipeline.redis.tls` cannot be used
   */
  constructor({ url, redis = STANDALONE }: RedisPlace, socketTimeout = SOCKET_TIMEOUT_MS) {
    this.#place = { url, redis };
    this.#socketTimeout = socketTimeout;
    // ioredis itself says what it makes of a URL; a lazy client connects to nothing.
    this.#parsed = new Redis(url, { lazyConnect: true }).options;
    if (url.startsWith('rediss:')) {
      const refuse = (problem: string, cause?: unknown) =>
        new UsageError('REDIS_TLS', `pipeline.redis.${problem}`, { cause });
      this.#tls = { ...readTls(redis.tls, refuse), signal: neverAborted() };
    }
  }

  get topology(): PipelineConfig['redis']['topology'] {
    return this.#place.redis.topology;
  }

  get tls(): boolean {
    return this.#tls !== undefined;
  }

  /** What the Sentinels are asked for. */
  get masterName(): string {
    return this.#place.redis.sentinel.name;
  }

  /** The addresses that are configured: the server itself, nodes of the cluster, or Sentinels. */
  get addresses(): readonly Address[] {
    const { host = 'localhost', port = 6379 } = this.#parsed;
    // The default of ioredis is the port of a server.
    const named = this.topology !== 'sentinel' || new URL(this.#place.url).port !== '';
    const first = { host, port: named ? port : SENTINEL_PORT };
    return [first, ...this.#place.redis.nodes.map(addressOf)];
  }

  producer(): RedisClient {
    const socketTimeout = Math.min(this.#socketTimeout, PRODUCER_TIMEOUT_MS);
    return this.#connect(
      { maxRetriesPerRequest: 0, commandTimeout: PRODUCER_TIMEOUT_MS, socketTimeout },
      // A cluster's client makes these retries of its own; the first of them after a connection was lost.
      { enableOfflineQueue: false, retryDelayOnFailover: 0, retryDelayOnClusterDown: 0 },
    );
  }

  consumer(): RedisClient {
    return this.#connect({ maxRetriesPerRequest: null, socketTimeout: this.#socketTimeout }, {});
  }

  /** For one question to one of {@link addresses}: no second try. Connects when it is used. */
  probe(address: Address): Redis {
    const { username, password } =
      this.topology === 'sentinel' ? this.#place.redis.sentinel : this.#credentials();
    return silenced(
      new Redis({
        ...address,
        ...(username && { username }),
        ...(password && { password }),
        ...(this.#tls !== undefined && { tls: this.#tls }),
        lazyConnect: true,
        retryStrategy: null,
        connectTimeout: ASK_TIMEOUT_MS,
        commandTimeout: ASK_TIMEOUT_MS,
      }),
    );
  }

  #connect(
    role: Pick<CommonRedisOptions, 'maxRetriesPerRequest' | 'commandTimeout' | 'socketTimeout'>,
    whileAway: { enableOfflineQueue?: false; retryDelayOnFailover?: 0; retryDelayOnClusterDown?: 0 },
  ): RedisClient {
    const common = { ...role, reconnectOnError, keepAlive: KEEP_ALIVE_MS };
    const tls = this.#tls !== undefined && { tls: this.#tls };
    const { enableOfflineQueue = true } = whileAway;
    switch (this.topology) {
      case 'standalone':
        return silenced(new Redis(this.#place.url, { ...common, ...tls, retryStrategy, enableOfflineQueue }));
      case 'sentinel': {
        const { name, username, password } = this.#place.redis.sentinel;
        return silenced(
          new Redis({
            ...common,
            ...this.#credentials(),
            ...tls,
            ...(tls && { sentinelTLS: tls.tls, enableTLSForSentinelMode: true }),
            ...(username && { sentinelUsername: username }),
            ...(password && { sentinelPassword: password }),
            db: this.#parsed.db,
            sentinels: [...this.addresses],
            name,
            role: 'master',
            retryStrategy,
            enableOfflineQueue,
            sentinelRetryStrategy: retryStrategy,
            sentinelCommandTimeout: ASK_TIMEOUT_MS,
            connectTimeout: ASK_TIMEOUT_MS,
            // Sentinels tell of a failover: a master that is cut off from them may still take what nobody will find.
            failoverDetector: true,
            sentinelMaxConnections: 3,
          }),
        );
      }
      case 'cluster':
        return silenced(
          new Cluster([...this.addresses], {
            ...whileAway,
            redisOptions: { ...common, ...this.#credentials(), ...tls, connectTimeout: ASK_TIMEOUT_MS },
            // A replica may not know yet what was delivered.
            scaleReads: 'master',
            clusterRetryStrategy: retryStrategy,
            slotsRefreshTimeout: ASK_TIMEOUT_MS,
            slotsRefreshInterval: SLOTS_REFRESH_MS,
            // Names stay names: they are what certificates are made out to, and looked up at each connection.
            dnsLookup: (name, callback) => callback(null, name),
          }),
        );
    }
  }

  #credentials(): { username?: string; password?: string } {
    const { username, password } = this.#parsed;
    return { ...(username && { username }), ...(password && { password }) };
  }
}

/**
 * A TLS socket may tell a second error after the one that closed it (the server's alert after our own refusal), when ioredis
 * has stopped listening: the process would end. A socket that is given a signal listens to its errors itself.
 */
function neverAborted(): AbortSignal {
  const { signal } = new AbortController();
  setMaxListeners(0, signal);
  return signal;
}

/** Each failed try to connect says so in an event; whoever uses the connection learns of it by its own call. */
function silenced<C extends RedisClient>(client: C): C {
  client.on('error', () => {});
  return client;
}

function addressOf(node: string): Address {
  const colon = node.lastIndexOf(':');
  return { host: node.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(node.slice(colon + 1)) };
}

/** The connections to all masters there are: of a cluster several. */
export function masters(client: RedisClient): readonly Redis[] {
  return client instanceof Cluster ? client.nodes('master') : [client];
}

/** Resolves when the client is ready; rejects with what the first try to connect failed with, or when it is closed. */
export function connected(client: RedisClient): Promise<void> {
  if (client.status === 'ready') return Promise.resolve();
  return new Promise((resolve, reject) => {
    const settle = (act: () => void) => {
      client.off('ready', onReady);
      client.off('error', onError);
      client.off('end', onEnd);
      client.off('close', onClose);
      act();
    };
    const onReady = () => settle(resolve);
    const onError = (error: Error) => settle(() => reject(error));
    const onEnd = () => onError(new Error('the connection was closed'));
    // A cluster that is not ready says nothing more than that.
    const onClose = () => {
      if (client instanceof Cluster) onError(new Error('no node of the cluster is ready'));
    };
    client.on('ready', onReady);
    client.on('error', onError);
    client.on('end', onEnd);
    client.on('close', onClose);
  });
}
