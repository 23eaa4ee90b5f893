/** Sinks: where events go. A new kind is one more file here and one more case below. */
import { type SinkConfig, sinkName } from '../config/index.js';
import { HandlersSink } from './module.js';
import { NdjsonSink } from './ndjson.js';
import type { Sink } from './sink.js';

export { defineHandlers, type Handler, type Handlers } from './handlers.js';
export { inlineHandlers } from './module.js';
export { DeadLetterError, type DeliveryContext, type Sink } from './sink.js';

/**
 * Opens the configured sinks, all or none.
 * @throws {UsageError} when one cannot work
 */
export async function openSinks(configs: readonly SinkConfig[]): Promise<Sink[]> {
  const sinks: Sink[] = [];
  try {
    for (const config of configs) sinks.push(await openSink(config));
    return sinks;
  } catch (error) {
    await Promise.all(sinks.map((sink) => sink.close()));
    throw error;
  }
}

function openSink(config: SinkConfig): Promise<Sink> {
  const options = {
    name: sinkName(config),
    path: config.path,
    wants: (messageType: string) => config.types?.includes(messageType) ?? true,
  };
  switch (config.type) {
    case 'ndjson':
      return NdjsonSink.open(options);
    case 'module':
      return HandlersSink.load(options);
  }
}
