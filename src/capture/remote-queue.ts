/** One MNS queue with its own token, for a command that looks at it for a while. Deletes nothing. */
import type { Config, QueueConfig } from '../config/index.js';
import { ReceiptdError } from '../errors.js';
import { type MnsCredentials, MnsQueue, type ReceivedMessage, replacingRefusedToken } from '../mns/index.js';
import { createTokenQuery, TokenKeeper } from '../token/index.js';

/** Seconds that an empty queue keeps us waiting: one that is not empty answers at once. */
const WAIT_SECONDS = 1;
/** Messages given back at the same time. */
const CONNECTIONS = 16;
/** Seconds until what is given back is visible again; MNS takes no less. */
const SOONEST = 1;

export class RemoteQueue {
  readonly queueName: string;
  readonly messageType: string;
  readonly #keeper: TokenKeeper;
  readonly #mns: MnsQueue;

  constructor(
    { endpoints, region }: Config,
    { queueName, messageType }: QueueConfig,
    credentials: () => Promise<MnsCredentials>,
  ) {
    this.queueName = queueName;
    this.messageType = messageType;
    const { dybaseapi: endpoint, apiVersion } = endpoints;
    this.#keeper = new TokenKeeper({
      query: createTokenQuery({ endpoint, apiVersion, region, messageType, queueName, credentials }),
    });
    this.#mns = new MnsQueue({
      endpoint: endpoints.mns,
      queueName,
      connections: CONNECTIONS,
      credentials: () => {
        const token = this.#keeper.current();
        if (token === undefined) throw new Error(`no token for ${queueName} yet`);
        return token;
      },
    });
    this.#keeper.start();
  }

  /**
   * `[]` when the queue is empty.
   * @throws what MNS or the token service refuses; `CAPTURE_NO_TOKEN` when the signal aborts before there is a token
   */
  receive(max: number, signal: AbortSignal): Promise<ReceivedMessage[]> {
    return this.#withToken(() => this.#mns.receive({ max, waitSeconds: WAIT_SECONDS, signal }), signal);
  }

  /** Makes a message visible again in a second, without waiting for its visibility timeout. */
  async release(receiptHandle: string, signal: AbortSignal): Promise<void> {
    await this.#withToken(() => this.#mns.changeVisibility(receiptHandle, SOONEST, { signal }), signal);
  }

  async close(): Promise<void> {
    this.#keeper.stop();
    await this.#mns.close();
  }

  async #withToken<T>(call: () => Promise<T>, signal: AbortSignal): Promise<T> {
    const { version } = await this.#orAborted(this.#keeper.ready(), signal);
    return replacingRefusedToken(call, () => this.#orAborted(this.#keeper.refresh(version), signal));
  }

  /** The keeper tries for ever. */
  async #orAborted<T>(token: Promise<T>, signal: AbortSignal): Promise<T> {
    token.catch(() => {});
    let abort = () => {};
    const aborted = new Promise<never>((_, reject) => {
      abort = () => {
        const why = this.#keeper.status().lastError ?? 'the token service has not answered in time';
        reject(new ReceiptdError('CAPTURE_NO_TOKEN', `no token for ${this.queueName}: ${why}`));
      };
      if (signal.aborted) abort();
      else signal.addEventListener('abort', abort, { once: true });
    });
    aborted.catch(() => {});
    return Promise.race([token, aborted]).finally(() => signal.removeEventListener('abort', abort));
  }
}
