/** What a configuration says about the sinks of a running daemon. */
import { type Config, type SinkConfig, sinkName } from './config/index.js';
import type { Status } from './ops/index.js';
import type { Sink } from './sinks/index.js';
import type { SinkSnapshot } from './stats.js';

/**
 * Of the sinks that there are now, whatever else there has been.
 * @param handlers sinks that are not configured
 */
export function sinkStatuses(
  snapshots: readonly SinkSnapshot[],
  configured: readonly SinkConfig[],
  handlers: readonly Sink[],
): Status['sinks'] {
  const types = new Map<string, { type?: string }>([
    ...handlers.map(({ name }) => [name, {}] as const),
    ...configured.map((sink) => [sinkName(sink), { type: sink.type }] as const),
  ]);
  return snapshots.flatMap((sink) => {
    const type = types.get(sink.name);
    return type === undefined ? [] : [{ ...sink, ...type }];
  });
}

/** Whoever only polls opens no sinks. */
export function writesToStdout({ role, sinks }: Config): boolean {
  return role !== 'poll' && sinks.some((sink) => sink.type === 'ndjson' && sink.path === '-');
}
