/** A queue of MNS as a slice reaches it: each request with the newest token, once more with a new one where that is refused. */
import { replacingRefusedToken } from '../mns/index.js';
import type { SliceToken, TokenSource } from './tokens.js';
import type { Troubles } from './troubles.js';

export class QueueAccess {
  readonly #queueName: string;
  readonly #tokens: TokenSource;
  readonly #troubles: Troubles;

  constructor(queueName: string, tokens: TokenSource, troubles: Troubles) {
    this.#queueName = queueName;
    this.#tokens = tokens;
    this.#troubles = troubles;
  }

  /** What the requests of an MnsQueue carry. */
  readonly credentials = (): SliceToken => {
    const token = this.#tokens.current(this.#queueName);
    if (token === undefined) throw new Error(`no token for ${this.#queueName} yet`);
    return token;
  };

  /** @param signal ends the wait for a new token */
  async request<T>(call: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const version = this.#tokens.current(this.#queueName)?.version ?? 0;
    const answer = await replacingRefusedToken(call, (refusal) => {
      this.#troubles.report('token', refusal);
      return this.#tokens.replace(this.#queueName, version, signal);
    });
    this.#troubles.clear('token');
    return answer;
  }
}
