/** Asks a running daemon over its ops HTTP. */
import { describeError, ReceiptdError } from '../errors.js';
import type {
  DeadLetter,
  DeadLetterDesk,
  DeadLetterOutcome,
  DeadLetterPage,
  DeadLetterSelection,
} from '../pipeline/index.js';

export class OpsClient implements DeadLetterDesk {
  readonly #url: string;
  readonly #token: string;

  /** @param url base URL @param token `ops.token`, empty when there is none */
  constructor(url: string, token: string) {
    this.#url = url.replace(/\/$/, '');
    this.#token = token;
  }

  async list({
    queueName,
    limit,
  }: {
    queueName?: string | undefined;
    limit: number;
  }): Promise<DeadLetterPage> {
    const query = new URLSearchParams({
      limit: String(limit),
      ...(queueName !== undefined && { queue: queueName }),
    });
    return this.get<DeadLetterPage>(`/api/dead?${query}`);
  }

  async show(messageId: string): Promise<DeadLetter | undefined> {
    const response = await this.#fetch(`/api/dead/${encodeURIComponent(messageId)}`);
    return response.status === 404 ? undefined : answer<DeadLetter>(response);
  }

  retry(selection: DeadLetterSelection): Promise<DeadLetterOutcome> {
    return this.#post('/api/dead/retry', selection);
  }

  drop(selection: DeadLetterSelection): Promise<DeadLetterOutcome> {
    return this.#post('/api/dead/drop', selection);
  }

  /** @throws {ReceiptdError} when the daemon does not answer, or not with what was asked for */
  async get<T>(path: string): Promise<T> {
    return answer<T>(await this.#fetch(path));
  }

  async #post<T>(path: string, body: unknown): Promise<T> {
    const headers = { 'content-type': 'application/json' };
    return answer<T>(await this.#fetch(path, { method: 'POST', headers, body: JSON.stringify(body) }));
  }

  async #fetch(
    path: string,
    init: { method?: string; headers?: Record<string, string>; body?: string } = {},
  ) {
    const headers = {
      ...init.headers,
      ...(this.#token !== '' && { authorization: `Bearer ${this.#token}` }),
    };
    try {
      return await fetch(`${this.#url}${path}`, { ...init, headers });
    } catch (error) {
      const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
      const advice = 'is the daemon running? set --url to its ops address';
      throw new ReceiptdError(
        'OPS_UNREACHABLE',
        `no answer from ${this.#url} (${describeError(cause)}): ${advice}`,
        {
          cause: error,
        },
      );
    }
  }
}

async function answer<T>(response: Response): Promise<T> {
  const body = (await response.json().catch(() => ({}))) as { error?: string };
  if (response.ok) return body as T;
  throw new ReceiptdError(
    'OPS_REFUSED',
    `${new URL(response.url).origin}: ${body.error ?? `HTTP ${response.status}`}`,
  );
}
