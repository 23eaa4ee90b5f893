/**
 * The Standard Webhooks headers. While secrets are rotated each request carries a signature of either, so that a receiver
 * verifies with the one it has. The id is the same in every attempt, the timestamp that of the attempt.
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
