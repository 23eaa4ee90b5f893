/**
 * Posts to one origin and nowhere else: keep-alive connections up to a cap, one request at a time on each; an answer has
 * a time limit over all of it and is read up to a size. Aborts are honoured at once in every phase.
 *
 * A redirect is followed within the origin when it keeps the POST a POST (307, 308), a few times. Any other is refused
 * with an error that is worth another try: following it would send receipts, signatures and credentials to somebody who
 * was not configured, or lose them in a GET; and as the url is wrong, not an event, none may end as a dead letter.
 */
import { Pool } from 'undici';
import type { TlsOptions } from '../../tls-files.js';
import { type Answer, networkError, WebhookError } from './answer.js';
import type { Hide } from './hide.js';

const MAX_ANSWER_BYTES = 64 * 1024;
const MAX_REDIRECTS = 3;

export interface TransportOptions {
  url: URL;
  /** TCP connections, at most. */
  connections: number;
  /** ms from the request to the end of its answer, redirects and connecting included. */
  timeout: number;
  tls: TlsOptions;
  /** Of what errors tell. */
  hide: Hide;
}

export class WebhookTransport {
  readonly #options: TransportOptions;
  readonly #pool: Pool;

  constructor(options: TransportOptions) {
    const { url, connections, timeout, tls } = options;
    this.#options = options;
    this.#pool = new Pool(url.origin, { connections, pipelining: 1, connect: { timeout, ...tls } });
  }

  /** @throws {WebhookError} when there is no answer, or one that leads elsewhere; the signal's reason when that aborts */
  async post(headers: Record<string, string>, body: Buffer, signal: AbortSignal): Promise<Answer> {
    signal.throwIfAborted();
    const { timeout, hide } = this.#options;
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(new WebhookError(`no answer within ${timeout} ms`)), timeout);
    const onAbort = () => stop.abort(signal.reason);
    signal.addEventListener('abort', onAbort);
    // undici tells a request that waits for its connection of an abort only once that is there.
    const stopped = new Promise<never>((_, reject) => {
      stop.signal.addEventListener('abort', () => reject(stop.signal.reason));
    });
    try {
      return await Promise.race([this.#follow(headers, body, stop.signal), stopped]);
    } catch (error) {
      if (stop.signal.aborted) throw stop.signal.reason;
      throw error instanceof WebhookError ? error : networkError(error, hide);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
    }
  }

  /** Drops what is under way, which is only what was given up, and resolves once all connections are closed. */
  close(): Promise<void> {
    return this.#pool.destroy();
  }

  async #follow(headers: Record<string, string>, body: Buffer, signal: AbortSignal): Promise<Answer> {
    let url = this.#options.url;
    for (let redirects = 0; ; redirects += 1) {
      const answer = await this.#exchange(url, headers, body, signal);
      if (answer.status < 300 || answer.status >= 400) return answer;
      url = target(answer, url, this.#options.hide);
      if (redirects === MAX_REDIRECTS) {
        throw new WebhookError(`HTTP ${answer.status}: redirects more than ${MAX_REDIRECTS} times`);
      }
    }
  }

  async #exchange(
    url: URL,
    headers: Record<string, string>,
    body: Buffer,
    signal: AbortSignal,
  ): Promise<Answer> {
    const answer = await this.#pool.request({
      path: `${url.pathname}${url.search}`,
      method: 'POST',
      headers,
      body,
      signal,
      // The time limit over all of it is the caller's.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    return {
      status: answer.statusCode,
      retryAfter: first(answer.headers['retry-after']),
      date: first(answer.headers.date),
      location: first(answer.headers.location),
      ...(await read(answer.body)),
    };
  }
}

/** Leaving the loop early drops the connection: cheaper than reading on. */
async function read(stream: AsyncIterable<Buffer>): Promise<Pick<Answer, 'body' | 'cut'>> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > MAX_ANSWER_BYTES) break;
  }
  const body = Buffer.concat(chunks).subarray(0, MAX_ANSWER_BYTES).toString('utf8');
  return { body, cut: size > MAX_ANSWER_BYTES };
}

/** @throws {WebhookError} when the redirect must not be followed */
function target({ status, location }: Answer, from: URL, hide: Hide): URL {
  if (location === undefined || !URL.canParse(location, from.href)) {
    throw new WebhookError(`HTTP ${status}: a redirect to nowhere: check the sink's url`);
  }
  const to = new URL(location, from);
  // Its path and query may hold what is secret there, and as it may be the own url, here.
  if (to.origin !== from.origin) {
    const origin = hide(`${to.protocol}//${to.host}`).slice(0, 200);
    throw new WebhookError(
      `HTTP ${status}: redirects to ${origin}: another host, where no events are sent; if it is right, set the sink's url to it`,
    );
  }
  if (status !== 307 && status !== 308) {
    throw new WebhookError(
      `HTTP ${status}: redirects within its host: set the sink's url to where it leads, as only 307 and 308 are followed`,
    );
  }
  return to;
}

function first(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}
