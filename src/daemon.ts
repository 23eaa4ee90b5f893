/**
 * The daemon: puts the rooms together and keeps them in order. Starting opens what can fail for good first; stopping
 * follows the flow, so that whatever is under way ends where it was going.
 */
import type { Logger } from 'pino';
import { type Config, type ConfigInput, planReload } from './config/index.js';
import { Display } from './display.js';
import { createLogger } from './log.js';
import type { HistoryPoint, Status } from './ops/index.js';
import { checkedConfig, type ReceiptdOptions } from './options.js';
import { EmbeddedBackend } from './pipeline/index.js';
import {
  type Foundations,
  inlineSlice,
  SharedStore,
  SliceHost,
  type SpawnSlice,
  threadSlice,
} from './poll/index.js';
import { writesToStdout } from './sink-status.js';
import { inlineHandlers, type Sink } from './sinks/index.js';
import type { RecentEvent, RecentQuery } from './stats.js';
import { createCredentials } from './token/index.js';
import { TokenKeepers } from './token-keepers.js';
import { VERSION } from './version.js';

/** Makes a daemon; `start` runs it. With handlers and no `sinks`, the handlers are the only sink. @throws {ConfigError} */
export function createReceiptd({ config, handlers, handlerTimeout, log }: ReceiptdOptions): Receiptd {
  const checked = checkedConfig(config, handlers !== undefined);
  const logger = log ?? createLogger(checked.log);
  const sinks = handlers === undefined ? [] : [inlineHandlers(handlers, logger, handlerTimeout)];
  return new Receiptd(checked, logger, sinks);
}

export class Receiptd {
  #config: Config;
  readonly #log: Logger;
  readonly #extraSinks: readonly Sink[];
  #credentials: ReturnType<typeof createCredentials>;
  readonly #tokens: TokenKeepers;
  readonly #host: SliceHost;
  readonly #mode: Status['slices']['mode'];
  readonly #display: Display;
  #phase: 'starting' | 'running' | 'stopping' = 'starting';
  #opsUrl = '';
  #starting: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;
  /** Changes of the configuration, one after the other. */
  #reloading: Promise<unknown> = Promise.resolve();
  #onFatal: (error: Error) => void = () => {};
  /** Rejects when the daemon can go on no longer; never resolves. */
  readonly fatal: Promise<never>;

  /** @param once it is done when nothing is left to do, see {@link drained}; it goes on until it is stopped all the same */
  constructor(config: Config, log: Logger, extraSinks: readonly Sink[], once = false) {
    this.#config = config;
    this.#log = log;
    this.#extraSinks = extraSinks;
    this.fatal = new Promise<never>((_, reject) => {
      this.#onFatal = reject;
    });
    this.fatal.catch(() => {});
    this.#credentials = createCredentials(config.credentials);
    this.#tokens = new TokenKeepers({
      config,
      credentials: () => this.#credentials(),
      log,
      onToken: (queueName, token) => this.#host.setToken(queueName, token),
    });
    const inline = config.pipeline.backend === 'embedded' || extraSinks.length > 0;
    this.#mode = inline ? 'inline' : 'threads';
    const store = new SharedStore();
    const spawn: SpawnSlice = inline
      ? (spec, events) => inlineSlice(spec, events, log, (opened) => this.#opened(opened), extraSinks, store)
      : threadSlice;
    this.#host = new SliceHost({
      config,
      count: this.#countFor(config),
      spawn,
      once,
      log,
      onRefused: (queueName, refused) => this.#tokens.refresh(queueName, refused),
      onFatal: (error) => this.#onFatal(error),
    });
    this.#display = new Display({
      config,
      now: () => ({
        config: this.#config,
        phase: this.#phase,
        slices: { count: this.#countFor(this.#config), mode: this.#mode },
      }),
      host: this.#host,
      tokens: this.#tokens,
      extraSinks,
      log,
    });
  }

  /** What it goes by now. */
  get config(): Config {
    return this.#config;
  }

  /** Nothing is left to do: every queue is empty, nothing waits in the store or for its acknowledgement; half a second old. */
  get drained(): boolean {
    return this.#phase === 'running' && this.#host.drained;
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
    const slices = `${this.#countFor(this.#config)} ${this.#mode === 'inline' ? 'inline slice' : 'thread(s)'}`;
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

  /**
   * Goes on with another configuration, without an event lost or delivered twice: new slices take over while the old ones
   * end what they have under way; resolves when they are gone. Sinks, credentials, `poll`, `ack`, `dedupe`, `capture`,
   * `shutdown`, `tracing`, `log.level`, and the limits and `ackOn` of `pipeline` can change; of any other key the log says that it needs a restart.
   * Does nothing when nothing has changed, or the daemon stops.
   * @throws {ConfigError} when it is invalid, {ReceiptdError} when something of it cannot be used: then all stays as it was
   */
  reload(config: ConfigInput): Promise<void> {
    const reloaded = this.#reloading.then(() =>
      this.#reload(checkedConfig(config, this.#extraSinks.length > 0)),
    );
    this.#reloading = reloaded.catch(() => {});
    return reloaded;
  }

  /** The time for draining is over: tells deliveries under way to give up. */
  abort(): void {
    this.#host.abort();
  }

  status(): Status {
    return this.#display.status();
  }

  /** The last hour in points of 10 s, the oldest first, all queues added up. */
  history(): readonly HistoryPoint[] {
    return this.#display.history();
  }

  /**
   * Of the events that this process finished lately (some thousands), those that are about `query.text`, the newest
   * first. Phone numbers are as published. Without those of a slice that is down, does not answer within 2 s, or was
   * replaced when the configuration changed.
   */
  recent(query: RecentQuery): Promise<RecentEvent[]> {
    return this.#display.recent(query);
  }

  async #reload(next: Config): Promise<void> {
    await this.#starting;
    if (this.#phase !== 'running') return;
    const log = this.#log;
    const { config, changed, needsRestart } = planReload(this.#config, next);
    for (const key of needsRestart) log.warn(`reload: ${key} needs a restart, its old value stays`);
    if (changed.length === 0) return;
    const level = log.level;
    // New slices log as they should from the beginning on.
    if (changed.includes('log.level')) log.level = config.log.level;
    try {
      const { drained } = await this.#host.replace({
        config,
        count: this.#countFor(config),
        oneAfterTheOther: writesToStdout(config) || writesToStdout(this.#config),
      });
      if (this.#stopping !== undefined) return;
      this.#config = config;
      this.#credentials = createCredentials(config.credentials);
      log.info(`reload: ${changed.join(', ')} changed`);
      await drained;
      log.info('reload: done');
    } catch (error) {
      log.level = level;
      throw error;
    }
  }

  #countFor(config: Config): number {
    // Lines from several threads would mix on a pipe.
    return this.#mode === 'inline' || writesToStdout(config) ? 1 : config.poll.threads;
  }

  async #start(): Promise<void> {
    this.#opsUrl = await this.#display.open();
    // Without credentials nothing can ever work; a refusal of theirs may be mended outside while the daemon waits.
    await this.#credentials();
    if (this.#stopping !== undefined) return;
    this.#tokens.start();
    await this.#host.start();
    if (this.#stopping !== undefined) return;
    await this.#display.watchStore();
    if (this.#stopping !== undefined) return;
    this.#display.record();
    this.#phase = 'running';
  }

  async #stop(): Promise<void> {
    this.#phase = 'stopping';
    this.#display.stopRecording();
    // Acknowledging needs tokens, and a person may want to watch: both end after the slices.
    await this.#host.stop();
    await this.#starting?.catch(() => {});
    this.#tokens.stop();
    await this.#display.close();
  }

  #opened({ backend }: Foundations): void {
    if (!(backend instanceof EmbeddedBackend)) return;
    backend.lock.announce(this.#opsUrl);
    this.#display.showStore(backend);
  }
}
