/**
 * The Standard Webhooks headers. While secrets are rotated each request carries a signature of either, so that a receiver
 * verifies with the one it has. The timestamp is that of the attempt.
 *
 * The id is the same whenever the same request is made again. A batch that is tried again is another request: its events go
 * one by one, each under the event's own id, which is what a receiver that keeps what it has seen must look at.
 */
import { Webhook } from 'standardwebhooks';

export class Signer {
  readonly #keys: readonly Webhook[];

  /** @param secrets as the configuration has checked them; without any nothing is signed */
  constructor(secrets: readonly string[]) {
    this.#keys = secrets.map((secret) => new Webhook(secret));
  }

  headers(id: string, body: string): Record<string, string> {
    if (this.#keys.length === 0) return {};
    const now = new Date();
    return {
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
      'webhook-signature': this.#keys.map((key) => key.sign(id, now, body)).join(' '),
    };
  }
}
