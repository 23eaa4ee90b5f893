/** One MNS queue: receive, delete, change visibility. Contacts its endpoint only; safe for concurrent use. */
import { AliQueue } from './ali-mns.js';
import {
  type DeleteFailure,
  type PeekedMessage,
  type ReceivedMessage,
  readDeleteFailures,
  readMessages,
  readPeeked,
  readRefusal,
  readVisibility,
} from './answers.js';
import type { MnsCredentials } from './credentials.js';
import { MnsHandleError, type MnsOperation } from './errors.js';
import { malformedError, networkError, type RequestContext, refusalError } from './refusals.js';
import { type Answer, reasonOf, Transport, type TransportRequest } from './transport.js';
import { XmlError } from './xml.js';

/** The most handles of one BatchDeleteMessage (reference/mns-http.md §8). */
const MAX_BATCH = 16;

export interface MnsQueueOptions {
  /** Origin of the account that owns the queue, `https://{account}.mns.{region}.aliyuncs.com`. */
  endpoint: string;
  queueName: string;
  /** Asked for each request, so that a new token takes over without touching the requests under way. */
  credentials: () => MnsCredentials;
  /**
   * The most TCP connections at once. Further requests wait for a free one, so let there be more than concurrent long
   * polls: a delete must not wait for a poll.
   */
  connections: number;
  /** @default 'receiptd' */
  userAgent?: string;
  /** ms that an answer may take, on top of the seconds of a long poll. @default 10_000 */
  timeout?: number;
}

interface Call {
  operation: MnsOperation;
  method: TransportRequest['method'];
  query?: string;
  body?: (credentials: MnsCredentials) => string;
  /** ms on top of the timeout. */
  wait?: number;
  signal?: AbortSignal | undefined;
}

/**
 * Errors of all methods: `MnsAuthError`, `MnsFatalError`, `MnsThrottledError`, `MnsTransientError` (with its subclass
 * `MnsProtocolError`) and `MnsHandleError`; the signal's own reason when it aborted; what `credentials()` throws.
 */
export class MnsQueue {
  readonly #options: MnsQueueOptions;
  readonly #endpoint: string;
  readonly #ali: AliQueue;
  readonly #transport: Transport;

  constructor(options: MnsQueueOptions) {
    this.#options = options;
    this.#endpoint = new URL(options.endpoint).origin;
    this.#ali = new AliQueue(this.#endpoint, options.queueName);
    this.#transport = new Transport(this.#endpoint, options.connections);
  }

  /**
   * BatchReceiveMessage. Answers as soon as there is one message; `[]` when the queue stayed empty (404 MessageNotExist),
   * which may come at once although `waitSeconds` was asked for, as MNS caps waiting requests (mns-http.md §6.2).
   *
   * An abort may strand messages that MNS had already handed out, until their visibility timeout.
   *
   * @param o.max 1 to 16 messages
   * @param o.waitSeconds 0 to 30; 0 answers at once
   */
  async receive(o: { max: number; waitSeconds: number; signal?: AbortSignal }): Promise<ReceivedMessage[]> {
    const { answer, context } = await this.#call({
      operation: 'BatchReceiveMessage',
      method: 'GET',
      // The wait is always said: without it the queue's own PollingWaitSeconds would count.
      query: `?numOfMessages=${o.max}&waitseconds=${o.waitSeconds}`,
      wait: o.waitSeconds * 1000,
      signal: o.signal,
    });
    if (answer.status === 200) return read(() => readMessages(answer), answer, context);
    if (answer.status === 404 && readRefusal(answer.body)?.code === 'MessageNotExist') return [];
    throw refusalError(answer, context);
  }

  /**
   * BatchPeekMessage: looks at messages that could be received, and leaves them as they are.
   *
   * @param o.max 1 to 16 messages
   */
  async peek(o: { max: number; signal?: AbortSignal }): Promise<PeekedMessage[]> {
    const { answer, context } = await this.#call({
      operation: 'BatchPeekMessage',
      method: 'GET',
      query: `?peekonly=true&numOfMessages=${o.max}`,
      signal: o.signal,
    });
    if (answer.status === 200) return read(() => readPeeked(answer), answer, context);
    if (answer.status === 404 && readRefusal(answer.body)?.code === 'MessageNotExist') return [];
    throw refusalError(answer, context);
  }

  /**
   * BatchDeleteMessage.
   *
   * @param receiptHandles up to 16
   * @returns the handles that were not deleted; all others were. Rejects when nothing is known of any.
   */
  async delete(
    receiptHandles: readonly string[],
    o: { signal?: AbortSignal } = {},
  ): Promise<DeleteFailure[]> {
    if (receiptHandles.length > MAX_BATCH)
      throw new RangeError(`${receiptHandles.length} handles, MNS takes ${MAX_BATCH}`);
    const [first] = receiptHandles;
    if (first === undefined) return [];
    const { answer, context } = await this.#call({
      operation: 'BatchDeleteMessage',
      method: 'DELETE',
      body: (credentials) => this.#ali.deleteBody(receiptHandles, credentials),
      signal: o.signal,
    });
    if (answer.status === 204) return [];
    const failures = read(() => readDeleteFailures(answer.body), answer, context);
    if (failures) return failures;
    if (answer.status < 300) throw malformedError(answer, context, new Error('204 was expected'));
    const error = refusalError(answer, context);
    // A lone handle may be refused as the whole request; that is the same news as a list of one.
    if (error instanceof MnsHandleError && receiptHandles.length === 1)
      return [{ receiptHandle: first, code: error.code, message: error.message }];
    throw error;
  }

  /**
   * ChangeMessageVisibility: the message stays hidden for `seconds` from now. The old handle is void afterwards.
   *
   * @param seconds 1 to 43,200
   * @returns the new handle, and until when it is good: ms since the epoch, local clock
   * @throws MnsHandleError when the handle was used or has expired
   */
  async changeVisibility(
    receiptHandle: string,
    seconds: number,
    o: { signal?: AbortSignal } = {},
  ): Promise<{ receiptHandle: string; visibleUntil: number }> {
    const { answer, context } = await this.#call({
      operation: 'ChangeMessageVisibility',
      method: 'PUT',
      query: `?receiptHandle=${encodeURIComponent(receiptHandle)}&visibilityTimeout=${seconds}`,
      signal: o.signal,
    });
    if (answer.status === 200) return read(() => readVisibility(answer), answer, context);
    throw refusalError(answer, context);
  }

  /** Resolves once the requests under way have ended (abort long polls first) and the connections are closed. */
  close(): Promise<void> {
    return this.#transport.close();
  }

  async #call(call: Call): Promise<{ answer: Answer; context: RequestContext }> {
    const { queueName, userAgent = 'receiptd', timeout: base = 10_000 } = this.#options;
    const credentials = this.#options.credentials();
    const context = { operation: call.operation, queueName, endpoint: this.#endpoint, credentials };
    const path = this.#ali.messagesPath + (call.query ?? '');
    const body = call.body?.(credentials);
    const headers = this.#ali.headers(call.method, path, body, credentials, userAgent);
    const timeout = base + (call.wait ?? 0);
    try {
      const request = { method: call.method, path, headers, body, timeout, signal: call.signal };
      return { answer: await this.#transport.send(request), context };
    } catch (error) {
      if (call.signal?.aborted) throw reasonOf(call.signal);
      throw networkError(error, context, timeout);
    }
  }
}

function read<T>(parse: () => T, answer: Answer, context: RequestContext): T {
  try {
    return parse();
  } catch (error) {
    if (error instanceof XmlError) throw malformedError(answer, context, error);
    throw error;
  }
}
