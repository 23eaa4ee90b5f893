/** Asks a running daemon over its ops HTTP. A question may take long: what is asked for ends when the connection does. */
import { Agent, fetch, type Response } from 'undici';
import { describeError, ReceiptdError } from '../errors.js';
import type {
  DeadLetter,
  DeadLetterCount,
  DeadLetterDesk,
  DeadLetterFilter,
  DeadLetterOutcome,
  DeadLetterPage,
  DeadLetterRange,
  DeadLetterSelection,
  ExportFormat,
} from '../pipeline/index.js';

/** Of ids in one request, and about how many characters: the daemon takes 1,000 and 256 KiB. */
const MOST_IDS = 500;
const MOST_CHARACTERS = 60_000;

interface Request {
  method?: string;
  headers?: Record<string, string>;
  body?: string;
  signal?: AbortSignal | undefined;
  /** ms; 0 is none */
  timeout?: number;
}

export class OpsClient implements DeadLetterDesk {
  readonly #url: string;
  readonly #token: string;
  readonly #agent = new Agent({ headersTimeout: 0, bodyTimeout: 0 });

  /** @param url base URL @param token `ops.token`, empty when there is none */
  constructor(url: string, token: string) {
    this.#url = url.replace(/\/$/, '');
    this.#token = token;
  }

  async list({ queueName, types = [], reason, since, until, limit }: DeadLetterFilter & { limit: number }) {
    const query = new URLSearchParams({ limit: String(limit) });
    for (const [name, value] of Object.entries({ queue: queueName, reason, since, until }))
      if (value !== undefined) query.append(name, value);
    for (const type of types) query.append('type', type);
    return this.get<DeadLetterPage>(`/api/dead?${query}`);
  }

  async show(messageId: string): Promise<DeadLetter | undefined> {
    const response = await this.#fetch(`/api/dead/${encodeURIComponent(messageId)}`);
    return response.status === 404 ? undefined : answer<DeadLetter>(response);
  }

  count(range: DeadLetterRange): Promise<DeadLetterCount> {
    return this.#post('/api/dead/count', range);
  }

  retry(selection: DeadLetterSelection, signal?: AbortSignal): Promise<DeadLetterOutcome> {
    return this.#act('/api/dead/retry', selection, signal);
  }

  drop(selection: DeadLetterSelection, signal?: AbortSignal): Promise<DeadLetterOutcome> {
    return this.#act('/api/dead/drop', selection, signal);
  }

  async *export(
    selection: DeadLetterSelection,
    format: ExportFormat,
    signal?: AbortSignal,
  ): AsyncGenerator<string> {
    for (const part of partsOf(selection)) {
      const response = await this.#request('/api/dead/export', { ...part, format }, signal);
      if (!response.ok) await answer(response);
      yield* this.#linesOf(response);
    }
  }

  /**
   * @param timeout ms that the answer may take; 0 is for ever
   * @throws {ReceiptdError} when the daemon does not answer, or not with what was asked for
   */
  async get<T>(path: string, timeout = 0): Promise<T> {
    return answer<T>(await this.#fetch(path, { timeout }));
  }

  async #act(path: string, selection: DeadLetterSelection, signal?: AbortSignal): Promise<DeadLetterOutcome> {
    let done = 0;
    const missing: string[] = [];
    for (const part of partsOf(selection)) {
      if (signal?.aborted) return { done, missing, stopped: true };
      const outcome = await this.#post<DeadLetterOutcome>(path, part, signal);
      done += outcome.done;
      missing.push(...outcome.missing);
    }
    return { done, missing };
  }

  async #post<T>(path: string, body: unknown, signal?: AbortSignal): Promise<T> {
    return answer<T>(await this.#request(path, body, signal));
  }

  #request(path: string, body: unknown, signal?: AbortSignal): Promise<Response> {
    const headers = { 'content-type': 'application/json' };
    return this.#fetch(path, { method: 'POST', headers, body: JSON.stringify(body), signal });
  }

  async *#linesOf(response: Response): AsyncGenerator<string> {
    let rest = '';
    const decoder = new TextDecoder();
    try {
      for await (const chunk of response.body ?? []) {
        const pieces = decoder.decode(chunk as Uint8Array, { stream: true }).split('\n');
        for (const piece of pieces.slice(0, -1)) {
          yield `${rest}${piece}\n`;
          rest = '';
        }
        rest += pieces.at(-1) ?? '';
      }
    } catch (error) {
      throw lost(this.#url, error);
    }
    if (rest !== '') throw lost(this.#url, new Error('the last line is cut short'));
  }

  async #fetch(path: string, { signal, timeout = 0, ...init }: Request = {}): Promise<Response> {
    const headers = {
      ...init.headers,
      ...(this.#token !== '' && { authorization: `Bearer ${this.#token}` }),
    };
    const ends = [signal, timeout > 0 ? AbortSignal.timeout(timeout) : undefined].filter(
      (end) => end !== undefined,
    );
    let response: Response;
    try {
      response = await fetch(`${this.#url}${path}`, {
        ...init,
        headers,
        dispatcher: this.#agent,
        signal: AbortSignal.any(ends),
      });
    } catch (error) {
      if (signal?.aborted) throw new ReceiptdError('STOPPED', 'stopped', { cause: error });
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
    if (response.status !== 401) return response;
    await response.body?.cancel();
    const why =
      this.#token === ''
        ? 'asks for ops.token: set RECEIPTD_OPS_TOKEN, or name the configuration of the daemon with -c'
        : 'does not know this ops.token: take that of the daemon, from its configuration or RECEIPTD_OPS_TOKEN';
    throw new ReceiptdError('OPS_REFUSED', `${this.#url} ${why}`);
  }
}

async function answer<T>(response: Response): Promise<T> {
  const { origin } = new URL(response.url);
  const body = (await response.json().catch((error: unknown) => {
    if (response.ok) throw lost(origin, error);
    return {};
  })) as { error?: string };
  if (response.ok) return body as T;
  throw new ReceiptdError('OPS_REFUSED', `${origin}: ${body.error ?? `HTTP ${response.status}`}`);
}

function lost(url: string, cause: unknown): ReceiptdError {
  const why = describeError(cause instanceof Error && cause.cause !== undefined ? cause.cause : cause);
  return new ReceiptdError('OPS_LOST', `the answer of ${url} broke off (${why}): run the command again`, {
    cause,
  });
}

function partsOf(selection: DeadLetterSelection): DeadLetterSelection[] {
  if (!('messageIds' in selection)) return [selection];
  const parts: string[][] = [];
  let characters = 0;
  for (const id of new Set(selection.messageIds)) {
    characters += id.length;
    const part = parts.at(-1);
    if (part === undefined || part.length === MOST_IDS || characters > MOST_CHARACTERS) {
      parts.push([id]);
      characters = id.length;
    } else part.push(id);
  }
  return parts.map((messageIds) => ({ ...selection, messageIds }));
}
