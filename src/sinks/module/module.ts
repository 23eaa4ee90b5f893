/**
 * Calls typed handlers: those of a user's ES module (`export default defineHandlers({ SmsReport(event) { … } })`), or
 * those given to `createReceiptd`. A handler that returns (or whose promise resolves) confirms the event; one that
 * throws, or takes longer than it may, gets it again later.
 */
import type { Logger } from 'pino';
import { describeError, ReceiptdError, UsageError } from '../../errors.js';
import { type EventRecord, toEvent } from '../../receipts/index.js';
import type { DeliveryContext, Sink } from '../sink.js';
import type { Handler, Handlers } from './handlers.js';
import { loadModule } from './load-module.js';

export interface HandlersOptions {
  /** Begins the messages of what is refused. */
  name: string;
  /** @default every type there is a handler for */
  wants?: (messageType: string) => boolean;
  /** ms that a handler may take; 0 is for ever. @default 0 */
  timeout?: number;
  log: Logger;
}

/** A handler took longer than it may. Its promise may still be under way. */
export class HandlerTimeoutError extends ReceiptdError {
  constructor(what: string, timeout: number) {
    super('HANDLER_TIMEOUT', `${what} took longer than ${timeout} ms`);
  }
}

export class HandlersSink implements Sink {
  readonly name: string;
  readonly #handlers: ReadonlyMap<string, Handler<unknown>>;
  readonly #wants: (messageType: string) => boolean;
  readonly #timeout: number;
  readonly #log: Logger;

  /** @throws {UsageError} when `handlers` is no object of functions */
  constructor(handlers: unknown, { name, wants = () => true, timeout = 0, log }: HandlersOptions) {
    const entries = typeof handlers === 'object' && handlers !== null ? Object.entries(handlers) : [];
    if (entries.length === 0) {
      throw new UsageError(
        'SINK_MODULE',
        `${name}: there must be handlers: \`export default defineHandlers({ … })\``,
      );
    }
    for (const [type, handler] of entries) {
      if (typeof handler !== 'function') {
        throw new UsageError('SINK_MODULE', `${name}: the handler of ${type} is not a function`);
      }
    }
    this.name = name;
    this.#handlers = new Map(entries as [string, Handler<unknown>][]);
    this.#wants = wants;
    this.#timeout = timeout;
    this.#log = log;
  }

  /**
   * @param options `path` is that of the file, relative to the working directory
   * @throws {UsageError} when the file cannot be loaded or exports no handlers
   */
  static async load({ path, ...options }: HandlersOptions & { path: string }): Promise<HandlersSink> {
    const { default: handlers } = await loadModule(path);
    return new HandlersSink(handlers, options);
  }

  wants(messageType: string): boolean {
    return this.#wants(messageType) && this.#find(messageType) !== undefined;
  }

  async deliver(record: EventRecord, context: DeliveryContext): Promise<void> {
    const [type, handler] = this.#find(record.messagetype) ?? [];
    if (handler === undefined) return;
    context.signal.throwIfAborted();
    const what = `the handler of ${type}`;
    const giveUp = new AbortController();
    const onAbort = () => giveUp.abort(context.signal.reason);
    context.signal.addEventListener('abort', onAbort);
    const { messagetype, id: messageId } = record;
    const { attempt, traceContext } = context;
    const log = this.#log.child({ messageId, messageType: messagetype, attempt });
    let timer: NodeJS.Timeout | undefined;
    // A handler that ignores its signal may go on; whatever comes of it then is nobody's. One that the daemon tells to end
    // is waited for: what it is doing is not drained before.
    const late = new Promise<never>((_, reject) => {
      if (this.#timeout === 0) return;
      timer = setTimeout(() => {
        const error = new HandlerTimeoutError(what, this.#timeout);
        giveUp.abort(error);
        reject(error);
      }, this.#timeout);
    });
    try {
      await Promise.race([
        call(handler, record, {
          attempt,
          signal: giveUp.signal,
          log,
          ...(traceContext && { traceContext }),
        }),
        late,
      ]);
    } catch (error) {
      throw anError(error, what);
    } finally {
      clearTimeout(timer);
      context.signal.removeEventListener('abort', onAbort);
    }
  }

  async close(): Promise<void> {}

  /** @returns with the name it has: that of the type, or `default` */
  #find(messageType: string): readonly [name: string, Handler<unknown>] | undefined {
    for (const name of [messageType, 'default']) {
      const handler = this.#handlers.get(name);
      if (handler !== undefined) return [name, handler];
    }
    return undefined;
  }
}

/** ms that a handler of this very process may take, and at most. */
const INLINE_TIMEOUT_MS = 30_000;
const INLINE_TIMEOUT_MAX_MS = 3_600_000;

/**
 * Handlers of this very process.
 * @param timeout ms that one may take; 0 is for ever
 * @throws {UsageError} when that is no such number, or `handlers` is no object of functions
 */
export function inlineHandlers(handlers: Handlers, log: Logger, timeout = INLINE_TIMEOUT_MS): Sink {
  if (!(timeout >= 0 && timeout <= INLINE_TIMEOUT_MAX_MS)) {
    throw new UsageError(
      'SINK_MODULE',
      `handlerTimeout: must be a number of ms from 0 to ${INLINE_TIMEOUT_MAX_MS}, got ${String(timeout)}`,
    );
  }
  return new HandlersSink(handlers, { name: 'handlers', timeout, log: log.child({ sink: 'handlers' }) });
}

/** So that one that throws at once rejects as well. */
async function call(
  handler: Handler<unknown>,
  record: EventRecord,
  context: Parameters<Handler<unknown>>[1],
): Promise<void> {
  await handler(toEvent(record), context);
}

/** What is thrown may be anything; what is no error tells nobody where it comes from. */
function anError(thrown: unknown, what: string): unknown {
  // Also an error of another realm, or what looks like one.
  if (typeof (thrown as { message?: unknown } | null)?.message === 'string') return thrown;
  const text = typeof thrown === 'object' ? 'an object' : describeError(thrown);
  return new ReceiptdError('HANDLER_THREW', `${what} threw what is no Error: ${text}`, { cause: thrown });
}
