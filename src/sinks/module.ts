/**
 * Calls typed handlers: those of a user's ES module (`export default defineHandlers({ SmsReport(event) { … } })`), or
 * those given to `createReceiptd`. A handler that returns (or whose promise resolves) confirms the event; one that
 * throws gets it again later.
 */
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describeError, UsageError } from '../errors.js';
import { type EventRecord, toEvent } from '../receipts/index.js';
import type { Handler, Handlers } from './handlers.js';
import { allowSelfImport } from './self-import.js';
import type { DeliveryContext, Sink } from './sink.js';

export interface ModuleOptions {
  name: string;
  /** The file, relative to the working directory. */
  path: string;
  wants: (messageType: string) => boolean;
}

export class HandlersSink implements Sink {
  readonly name: string;
  readonly #handlers: ReadonlyMap<string, Handler<unknown>>;
  readonly #wants: (messageType: string) => boolean;

  /** @throws {UsageError} when `handlers` is no object of functions; its message begins with `name` */
  constructor(name: string, handlers: unknown, wants: (messageType: string) => boolean = () => true) {
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
  }

  /** @throws {UsageError} when the file cannot be loaded or exports no handlers */
  static async load({ name, path, wants }: ModuleOptions): Promise<HandlersSink> {
    allowSelfImport();
    let exported: { default?: unknown };
    try {
      exported = await import(pathToFileURL(resolve(path)).href);
    } catch (error) {
      throw new UsageError('SINK_MODULE', `sinks: ${path} cannot be loaded: ${describeError(error)}`, {
        cause: error,
      });
    }
    return new HandlersSink(name, exported.default, wants);
  }

  wants(messageType: string): boolean {
    return this.#wants(messageType) && this.#handlerOf(messageType) !== undefined;
  }

  async deliver(record: EventRecord, context: DeliveryContext): Promise<void> {
    await this.#handlerOf(record.messagetype)?.(toEvent(record), context);
  }

  async close(): Promise<void> {}

  #handlerOf(messageType: string): Handler<unknown> | undefined {
    return this.#handlers.get(messageType) ?? this.#handlers.get('default');
  }
}

/** Handlers of this very process. */
export function inlineHandlers(handlers: Handlers): Sink {
  return new HandlersSink('handlers', handlers);
}
