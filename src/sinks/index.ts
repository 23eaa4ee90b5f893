/** Sinks: where events go. A new kind is one more file here and one more case below. */
import type { Logger } from 'pino';
import { type SinkConfig, sinkName } from '../config/index.js';
import { HandlersSink } from './module/module.js';
import { NdjsonSink } from './ndjson/ndjson.js';
import { SelectiveSink } from './selective.js';
import type { Sink, SinkOptions } from './sink.js';
import { unknownFields } from './unknown-fields.js';
import { WebhookSink } from './webhook/webhook.js';
import { compileWhere } from './where.js';

export { checkSink } from './check.js';
export { SinkDownError } from './circuit.js';
export { GuardedSink } from './guarded.js';
export { defineHandlers, type Handler, type Handlers } from './module/handlers.js';
export { inlineHandlers } from './module/module.js';
export {
  DeadLetterError,
  type DeliveryContext,
  deadLetter,
  delayOf,
  type HandlerContext,
  RetryLaterError,
  retryAfter,
  type Sink,
} from './sink.js';
export { phoneHash } from './sql/phone.js';

/**
 * Opens the configured sinks, all or none.
 * @throws {UsageError} when one cannot work
 */
export async function openSinks(configs: readonly SinkConfig[], log: Logger): Promise<Sink[]> {
  const sinks: Sink[] = [];
  try {
    for (const config of configs) {
      const sink = await openSink(config, log);
      const { where, types } = config;
      sinks.push(where === undefined ? sink : new SelectiveSink(sink, compileWhere(where)));
      for (const line of unknownFields(where ?? {}, types)) log.warn(`sink ${sink.name}: where: ${line}`);
    }
    return sinks;
  } catch (error) {
    await Promise.all(sinks.map((sink) => sink.close()));
    throw error;
  }
}

async function openSink(config: SinkConfig, log: Logger): Promise<Sink> {
  const options: SinkOptions = {
    name: sinkName(config),
    wants: (messageType: string) => config.types?.includes(messageType) ?? true,
    log: log.child({ sink: sinkName(config) }),
  };
  switch (config.type) {
    case 'ndjson':
      return NdjsonSink.open({ ...options, ...config, name: options.name });
    case 'module':
      return HandlersSink.load({ ...options, ...config, name: options.name });
    case 'webhook':
      return WebhookSink.open({ ...options, ...config, name: options.name });
    case 'sql': {
      // Who stores nothing in a database does not wait for its drivers to load.
      const { SqlSink } = await import('./sql/index.js');
      return SqlSink.open({ ...options, ...config, name: options.name });
    }
  }
}
