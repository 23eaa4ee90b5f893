/** The token keepers of all queues: one each, what they say to the log, and what the status tells of them. */
import type { Logger } from 'pino';
import type { Config } from './config/index.js';
import { describeError, ReceiptdError } from './errors.js';
import { maskPhones } from './mask.js';
import type { TokenStatus } from './ops/index.js';
import type { LastError } from './stats.js';
import { type createCredentials, createTokenQuery, type QueueToken, TokenKeeper } from './token/index.js';

export interface TokenKeepersOptions {
  config: Pick<Config, 'endpoints' | 'region' | 'queues'>;
  credentials: ReturnType<typeof createCredentials>;
  log: Logger;
  onToken(queueName: string, token: QueueToken): void;
}

export class TokenKeepers {
  readonly #options: TokenKeepersOptions;
  readonly #keepers: ReadonlyMap<string, TokenKeeper>;
  readonly #lastErrors = new Map<string, LastError>();

  constructor(options: TokenKeepersOptions) {
    this.#options = options;
    this.#keepers = new Map(
      options.config.queues.map((queue) => [queue.queueName, this.#keeperOf(queue)] as const),
    );
  }

  start(): void {
    for (const keeper of this.#keepers.values()) keeper.start();
  }

  stop(): void {
    for (const keeper of this.#keepers.values()) keeper.stop();
  }

  /** MNS refused the token of this version. A newer one comes through `onToken`; one that is there already has come. */
  refresh(queueName: string, refused: number): void {
    this.#keepers
      .get(queueName)
      ?.refresh(refused)
      .catch(() => {});
  }

  /** What the latest call that failed, failed with, over or not. */
  lastError(queueName: string): LastError | undefined {
    return this.#lastErrors.get(queueName);
  }

  status(queueName: string): TokenStatus {
    const status = this.#keepers.get(queueName)?.status();
    if (status === undefined) return { refreshes: 0, failures: 0 };
    const { expiresInMs, refreshAtMs, lastError, refreshes, failures } = status;
    const nextInMs = refreshAtMs === undefined ? undefined : Math.max(0, refreshAtMs - Date.now());
    return {
      ...(expiresInMs !== undefined && { expiresInSeconds: Math.ceil(expiresInMs / 1000) }),
      ...(nextInMs !== undefined && { nextRefreshInSeconds: Math.round(nextInMs / 1000) }),
      ...(lastError !== undefined && { lastError }),
      refreshes,
      failures,
    };
  }

  #keeperOf({ messageType, queueName }: Config['queues'][number]): TokenKeeper {
    const { config, credentials, onToken } = this.#options;
    const { endpoints, region } = config;
    // Made when it says something, for the level that the log has then.
    const log = () => this.#options.log.child({ queue: queueName });
    let said = '';
    return new TokenKeeper({
      query: createTokenQuery({
        endpoint: endpoints.dybaseapi,
        apiVersion: endpoints.apiVersion,
        region,
        messageType,
        queueName,
        credentials,
      }),
      onToken: (token) => {
        log().debug({ version: token.version, lifeSeconds: Math.round(token.life / 1000) }, 'new token');
        said = '';
        onToken(queueName, token);
      },
      onError: (error, { tokenStillGood }) => {
        const text = `no new token: ${describeError(error)}`;
        this.#lastErrors.set(queueName, { at: Date.now(), text: maskPhones(text) });
        // By code, as the words differ each time by the request id; and again once the old token is no good.
        const what = error instanceof ReceiptdError ? error.code : describeError(error);
        const news = `${what} ${tokenStillGood}`;
        if (news !== said) log()[tokenStillGood ? 'warn' : 'error'](text);
        said = news;
      },
    });
  }
}
