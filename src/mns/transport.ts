/**
 * Sends requests to one origin and nowhere else: keep-alive connections up to a cap, one request at a time on each,
 * answers bounded in size and time, aborts honoured at once in every phase.
 */
import { setMaxListeners } from 'node:events';
import { type Dispatcher, Pool } from 'undici';

/** 16 messages of 64 KB in base64 are 1.4 MB, escaped text and properties on top. */
const MAX_ANSWER_BYTES = 4 * 1024 * 1024;
const CONNECT_TIMEOUT_MS = 5_000;

export interface TransportRequest {
  method: 'GET' | 'PUT' | 'DELETE';
  /** Path and query exactly as signed. */
  path: string;
  headers: Record<string, string>;
  body?: string | undefined;
  /** ms until the answer's headers must be there, and between two pieces of its body. */
  timeout: number;
  signal?: AbortSignal | undefined;
}

export interface Answer {
  status: number;
  /** The server's clock when it answered, ms since the epoch, cut to seconds; NaN when it did not tell. */
  date: number;
  requestId: string | undefined;
  location: string | undefined;
  body: string;
  /** Local clock, ms since the epoch, when the headers arrived. */
  arrivedAt: number;
}

/** The answer is larger than any that MNS gives. */
export class AnswerTooLarge extends Error {}

export class Transport {
  readonly #pool: Pool;
  #closed: Promise<void> | undefined;

  /** @param connections the most TCP connections at once; further requests wait for one to become free */
  constructor(origin: string, connections: number) {
    this.#pool = new Pool(origin, { connections, pipelining: 1, connect: { timeout: CONNECT_TIMEOUT_MS } });
  }

  /** Rejects with what undici says, with `AnswerTooLarge`, or with the signal's reason. */
  send(request: TransportRequest): Promise<Answer> {
    const { signal } = request;
    if (signal?.aborted) return Promise.reject(reasonOf(signal));
    return new Promise((resolve, reject) => {
      const exchange = new Exchange(resolve, reject, signal);
      this.#pool.dispatch(
        {
          path: request.path,
          method: request.method,
          headers: request.headers,
          body: request.body ?? null,
          headersTimeout: request.timeout,
          bodyTimeout: request.timeout,
          // undici closes the connection after a DELETE with a body unless told not to.
          reset: false,
        },
        exchange,
      );
    });
  }

  /** Resolves once the requests under way have ended and all connections are closed. May be called again. */
  close(): Promise<void> {
    this.#closed ??= this.#pool.close();
    return this.#closed;
  }
}

/** Collects one answer. Written on undici's handler interface: no stream a request, and aborts that act in the queue. */
class Exchange implements Dispatcher.DispatchHandler {
  readonly #resolve: (answer: Answer) => void;
  readonly #reject: (error: unknown) => void;
  readonly #signal: AbortSignal | undefined;
  readonly #chunks: Buffer[] = [];
  #controller: Dispatcher.DispatchController | undefined;
  #size = 0;
  #head: Omit<Answer, 'body'> | undefined;

  constructor(
    resolve: (answer: Answer) => void,
    reject: (error: unknown) => void,
    signal: AbortSignal | undefined,
  ) {
    this.#resolve = resolve;
    this.#reject = reject;
    this.#signal = signal;
    if (!signal) return;
    // Node warns from the eleventh listener on; one signal may well stop 64 polls.
    setMaxListeners(0, signal);
    signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    if (this.#signal?.aborted) controller.abort(reasonOf(this.#signal));
    else this.#controller = controller;
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    this.#head = {
      status,
      date: Date.parse(first(headers.date) ?? ''),
      requestId: first(headers['x-mns-request-id']),
      location: first(headers.location),
      arrivedAt: Date.now(),
    };
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#size += chunk.length;
    if (this.#size > MAX_ANSWER_BYTES) controller.abort(new AnswerTooLarge('the answer is larger than 4 MB'));
    else this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    this.#forgetSignal();
    const [only, another] = this.#chunks;
    const body = only && !another ? only : Buffer.concat(this.#chunks, this.#size);
    const answer = this.#head && { ...this.#head, body: body.toString('utf8') };
    if (!answer) throw new Error('undici ended an answer that it had not begun');
    // undici takes the connection back in an immediate that it queues after this call. Resolving before that would make
    // the caller's next request find no free connection, and open one more.
    process.nextTick(() => setImmediate(this.#resolve, answer));
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#forgetSignal();
    this.#reject(error);
  }

  readonly #onAbort = (): void => {
    const reason = reasonOf(this.#signal);
    this.#controller?.abort(reason);
    // Without a controller the request still waits for a connection: undici drops it when its turn comes.
    this.#reject(reason);
  };

  #forgetSignal(): void {
    this.#signal?.removeEventListener('abort', this.#onAbort);
  }
}

/** What an abort rejects with: the signal's reason, as an error. */
export function reasonOf(signal: AbortSignal | undefined): Error {
  const reason: unknown = signal?.reason;
  return reason instanceof Error ? reason : new DOMException(String(reason), 'AbortError');
}

function first(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}
