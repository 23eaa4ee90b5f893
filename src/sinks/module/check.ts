/** Does the module load, and has it handlers for what would come? It runs what the module runs when it is imported. */
import type { Logger } from 'pino';
import { type Finding, fail, ok, warn } from '../../finding.js';
import { HandlersSink } from './module.js';

/** @throws {UsageError} when it cannot be loaded or exports no handlers */
export async function checkModule(
  path: string,
  name: string,
  messageTypes: readonly string[],
  log: Logger,
): Promise<Finding> {
  const sink = await HandlersSink.load({ path, name, log });
  const handled = messageTypes.filter((type) => sink.wants(type));
  const missing = messageTypes.filter((type) => !sink.wants(type));
  if (handled.length === 0)
    return fail(
      `loads, and has no handler for ${missing.join(', ')}`,
      'add one, or `default`, or leave the types to other sinks',
    );
  const found = `loads, and handles ${handled.join(', ')}`;
  return missing.length === 0
    ? ok(found)
    : warn(`${found}, but not ${missing.join(', ')}`, 'these go to the other sinks only');
}
