/** A token keeper for each queue of the configuration, which tells the log what becomes of its tokens. */
import type { Logger } from 'pino';
import type { Config } from './config/index.js';
import { describeError, ReceiptdError } from './errors.js';
import { createTokenQuery, type QueueToken, TokenKeeper, type TokenQueryOptions } from './token/index.js';

export interface KeepersOptions {
  config: Pick<Config, 'endpoints' | 'region' | 'queues'>;
  credentials: TokenQueryOptions['credentials'];
  log: Logger;
  onToken(queueName: string, token: QueueToken): void;
}

/** @returns by name of the queue */
export function createKeepers(options: KeepersOptions): ReadonlyMap<string, TokenKeeper> {
  const { config, credentials } = options;
  const { endpoints, region, queues } = config;
  return new Map(
    queues.map(({ messageType, queueName }) => {
      const query = createTokenQuery({
        endpoint: endpoints.dybaseapi,
        apiVersion: endpoints.apiVersion,
        region,
        messageType,
        queueName,
        credentials,
      });
      // Made when it says something, for the level that the log has then.
      const log = () => options.log.child({ queue: queueName });
      let said = '';
      const keeper = new TokenKeeper({
        query,
        onToken: (token) => {
          log().debug({ version: token.version, lifeSeconds: Math.round(token.life / 1000) }, 'new token');
          said = '';
          options.onToken(queueName, token);
        },
        onError: (error, { tokenStillGood }) => {
          // By code, as the words differ each time by the request id; and again once the old token is no good.
          const what = error instanceof ReceiptdError ? error.code : describeError(error);
          const news = `${what} ${tokenStillGood}`;
          if (news !== said)
            log()[tokenStillGood ? 'warn' : 'error'](`no new token: ${describeError(error)}`);
          said = news;
        },
      });
      return [queueName, keeper] as const;
    }),
  );
}
