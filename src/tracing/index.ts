/** Tracing: from the poll to the acknowledgement of each message, for an OpenTelemetry collector. Off by default. */
import type { Logger } from 'pino';
import type { Config } from '../config/index.js';
import { type Tracing, untraced } from './tracing.js';

export { type Tracing, untraced } from './tracing.js';

/**
 * One for each thread. While it is off, nothing of OpenTelemetry is even loaded.
 * @param slice from 0, tells the slices of a process apart
 */
export async function openTracing(config: Config['tracing'], log: Logger, slice: number): Promise<Tracing> {
  if (config.endpoint === '') return untraced;
  const { openTraced } = await import('./traced.js');
  return openTraced(config, log, slice);
}
