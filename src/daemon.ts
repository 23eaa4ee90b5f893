/**
 * The daemon: puts the rooms together and keeps them in order. Starting opens what can fail for good first; stopping
 * follows the flow, so that whatever is under way ends where it was going.
 */
import type { Logger } from 'pino';
import { type Config, type ConfigInput, parseConfig, sinkName } from './config/index.js';
import { describeError, ReceiptdError, UsageError } from './errors.js';
import { createLogger } from './log.js';
import { notReady, OpsServer, type QueueStatus, type Status } from './ops/index.js';
import {
  type Backend,
  type DeadLetterDesk,
  DeadLetters,
  EmbeddedBackend,
  PostgresBackend,
  RedisBackend,
} from './pipeline/index.js';
import { type Foundations, inlineSlice, SliceHost, type SpawnSlice, threadSlice } from './poll/index.js';
import { type Handlers, inlineHandlers, type Sink } from './sinks/index.js';
import { createCredentials, createTokenQuery, TokenKeeper } from './token/index.js';
import { VERSION } from './version.js';

export interface ReceiptdOptions {
  /** As in `receiptd.yaml`; every key with a default may be left out. */
  config: ConfigInput;
  /** Handlers that live in this process, beside the configured sinks. Everything then runs in this thread. */
  handlers?: Handlers;
  /** How long one of `handlers` may take, in ms; then its signal aborts and the event is tried again; 0 is for ever. @default 30000 */
  handlerTimeout?: number;
  /** @default pino on standard error, as `log` says */
  log?: Logger;
}

/** Makes a daemon; `start` runs it. With handlers and no `sinks`, the handlers are the only sink. @throws {ConfigError} */
export function createReceiptd({ config, handlers, handlerTimeout, log }: ReceiptdOptions): Receiptd {
  const checked = parseConfig(config);
  const logger = log ?? createLogger(checked.log);
  if (handlers === undefined) return new Receiptd(checked, logger, []);
  if (checked.role === 'poll')
    throw new UsageError('ROLE_HANDLERS', 'role: poll runs no handlers, leave one of them out');
  const sinks = config.sinks === undefined ? [] : checked.sinks;
  return new Receiptd({ ...checked, sinks }, logger, [inlineHandlers(handlers, logger, handlerTimeout)]);
}

export class Receiptd {
  readonly #config: Config;
  readonly #log: Logger;
  readonly #credentials: ReturnType<typeof createCredentials>;
  readonly #keepers: ReadonlyMap<string, TokenKeeper>;
  readonly #host: SliceHost;
  readonly #mode: Status['slices']['mode'];
  readonly #count: number;
  readonly #ops: OpsServer;
  readonly #startedAt = Date.now();
  #phase: 'starting' | 'running' | 'stopping' = 'starting';
  #opsUrl = '';
  #desk: DeadLetterDesk | undefined;
  #ownBackend: Backend | undefined;
  #starting: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;
  #onFatal: (error: Error) => void = () => {};
  /** Rejects when the daemon can go on no longer; never resolves. */
  readonly fatal: Promise<never>;

  constructor(config: Config, log: Logger, extraSinks: readonly Sink[]) {
    this.#config = config;
    this.#log = log;
    this.fatal = new Promise<never>((_, reject) => {
      this.#onFatal = reject;
    });
    this.fatal.catch(() => {});
    this.#credentials = createCredentials(config.credentials);
    this.#keepers = this.#createKeepers();
    const inline = config.pipeline.backend === 'embedded' || extraSinks.length > 0;
    // Lines from several threads would mix on a pipe.
    const toStdout =
      config.role !== 'poll' && config.sinks.some((sink) => sink.type === 'ndjson' && sink.path === '-');
    this.#mode = inline ? 'inline' : 'threads';
    this.#count = inline || toStdout ? 1 : config.poll.threads;
    const spawn: SpawnSlice = inline
      ? (spec, events) => inlineSlice(spec, events, log, (opened) => this.#opened(opened), extraSinks)
      : threadSlice;
    this.#host = new SliceHost({
      config,
      count: this.#count,
      spawn,
      log,
      onRefused: (queueName, refused) => {
        // A newer token reaches the slices through `onToken`; one that is there already has reached them.
        this.#keepers
          .get(queueName)
          ?.refresh(refused)
          .catch(() => {});
      },
      onFatal: (error) => this.#onFatal(error),
    });
    this.#ops = new OpsServer({
      config: config.ops,
      status: () => this.status(),
      deadLetters: () => this.#desk,
    });
  }

  /** Base URL of the ops HTTP; empty before `start`. */
  get opsUrl(): string {
    return this.#opsUrl;
  }

  /**
   * Resolves when everything is open and polling has begun; readiness follows when MNS has answered.
   * @throws {UsageError} when the configuration can never work: no credentials, a sink or a directory that cannot be
   *   written, a Redis that evicts. {ReceiptdError} when something else is in the way: a port or directory in use.
   */
  async start(): Promise<void> {
    this.#starting = this.#start();
    try {
      await this.#starting;
    } catch (error) {
      await this.stop();
      throw error;
    }
    // Stopped meanwhile.
    if (this.#phase !== 'running') return;
    const { role, pipeline, queues } = this.#config;
    const store =
      pipeline.backend === 'embedded' ? `embedded store in ${pipeline.dataDir}` : pipeline.backend;
    const does = role === 'all' ? '' : `, role ${role}`;
    const slices = `${this.#count} ${this.#mode === 'inline' ? 'inline slice' : 'thread(s)'}`;
    this.#log.info(
      `receiptd ${VERSION} runs: ${queues.length} queue(s)${does}, ${store}, ${slices}, ops at ${this.#opsUrl}`,
    );
  }

  /** Drains and closes everything. The same promise however often it is called. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  /** The sinks open their files anew, as is asked for after files were renamed. Deliveries under way end in the old ones. */
  reopen(): void {
    this.#host.reopen();
  }

  /** The time for draining is over: tells deliveries under way to give up. */
  abort(): void {
    this.#host.abort();
  }

  status(): Status {
    const snapshot = this.#host.snapshot();
    const queues = this.#config.queues.flatMap(({ queueName, messageType }): QueueStatus[] => {
      const queue = snapshot.queues[queueName];
      return queue === undefined
        ? []
        : [{ ...queue, queueName, messageType, token: this.#tokenStatus(queueName) }];
    });
    const reasons = notReady({
      now: Date.now(),
      role: this.#config.role,
      waitSeconds: this.#config.poll.waitSeconds,
      maxInFlight: this.#config.pipeline.maxInFlight,
      queues,
      sinks: snapshot.sinks,
      problems: this.#host.problems(),
      phase: this.#phase,
    });
    return {
      ready: reasons.length === 0,
      reasons,
      version: VERSION,
      pid: process.pid,
      startedAt: new Date(this.#startedAt).toISOString(),
      role: this.#config.role,
      slices: { count: this.#count, mode: this.#mode, restarts: this.#host.restarts },
      queues,
      sinks: snapshot.sinks.map((sink) => {
        const config = this.#config.sinks.find((one) => sinkName(one) === sink.name);
        return { ...sink, ...(config !== undefined && { type: config.type }) };
      }),
    };
  }

  async #start(): Promise<void> {
    const { backend, url, prefix } = this.#config.pipeline;
    this.#opsUrl = await this.#ops.start();
    // Without credentials nothing can ever work; a refusal of theirs may be mended outside while the daemon waits.
    await this.#credentials();
    if (this.#stopping !== undefined) return;
    for (const keeper of this.#keepers.values()) keeper.start();
    await this.#host.start();
    if (this.#stopping !== undefined) return;
    if (backend === 'redis') await this.#watchRedis(url, prefix);
    if (backend === 'postgres') this.#watchPostgres(url, prefix);
    this.#phase = 'running';
  }

  /** The main thread's own connection, for the dead letters; embedded stores are opened by their slice. */
  async #watchRedis(url: string, prefix: string): Promise<void> {
    const redis = new RedisBackend(url, prefix);
    this.#ownBackend = redis;
    this.#openDesk(redis);
    const warning = await redis.durabilityWarning().catch(() => undefined);
    if (warning !== undefined) this.#log.warn(warning);
  }

  /** As with Redis; its schema is there, since the slices are. */
  #watchPostgres(url: string, prefix: string): void {
    this.#ownBackend = new PostgresBackend(url, prefix);
    this.#openDesk(this.#ownBackend);
  }

  async #stop(): Promise<void> {
    this.#phase = 'stopping';
    // Acknowledging needs tokens, and a person may want to watch: both end after the slices.
    await this.#host.stop();
    await this.#starting?.catch(() => {});
    for (const keeper of this.#keepers.values()) keeper.stop();
    await this.#ownBackend?.close();
    await this.#ops.stop();
  }

  #createKeepers(): ReadonlyMap<string, TokenKeeper> {
    const { endpoints, region, queues } = this.#config;
    return new Map(
      queues.map(({ messageType, queueName }) => {
        const query = createTokenQuery({
          endpoint: endpoints.dybaseapi,
          apiVersion: endpoints.apiVersion,
          region,
          messageType,
          queueName,
          credentials: this.#credentials,
        });
        const log = this.#log.child({ queue: queueName });
        let said = '';
        const keeper = new TokenKeeper({
          query,
          onToken: (token) => {
            log.debug({ version: token.version, lifeSeconds: Math.round(token.life / 1000) }, 'new token');
            said = '';
            this.#host.setToken(queueName, token);
          },
          onError: (error, { tokenStillGood }) => {
            // By code, as the words differ each time by the request id; and again once the old token is no good.
            const what = error instanceof ReceiptdError ? error.code : describeError(error);
            const news = `${what} ${tokenStillGood}`;
            if (news !== said)
              log[tokenStillGood ? 'warn' : 'error'](`no new token: ${describeError(error)}`);
            said = news;
          },
        });
        return [queueName, keeper] as const;
      }),
    );
  }

  #tokenStatus(queueName: string): QueueStatus['token'] {
    const status = this.#keepers.get(queueName)?.status();
    if (status === undefined) return { refreshes: 0, failures: 0 };
    const { expiresInMs, lastError, refreshes, failures } = status;
    return {
      ...(expiresInMs !== undefined && { expiresInSeconds: Math.ceil(expiresInMs / 1000) }),
      ...(lastError !== undefined && { lastError }),
      refreshes,
      failures,
    };
  }

  #opened({ backend }: Foundations): void {
    if (!(backend instanceof EmbeddedBackend)) return;
    backend.lock.announce(this.#opsUrl);
    this.#openDesk(backend);
  }

  #openDesk(backend: Backend): void {
    this.#desk = DeadLetters.open(backend, this.#config);
  }
}
