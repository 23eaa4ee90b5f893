/** What a program says that runs the daemon inside itself. */
import type { Logger } from 'pino';
import { type Config, type ConfigInput, parseConfig } from './config/index.js';
import { UsageError } from './errors.js';
import type { Handlers } from './sinks/index.js';

export interface ReceiptdOptions {
  /** As in `receiptd.yaml`; every key with a default may be left out. */
  config: ConfigInput;
  /** Handlers that live in this process, beside the configured sinks. Everything then runs in this thread. */
  handlers?: Handlers;
  /** How long one of `handlers` may take, in ms; then its signal aborts and the event is tried again; 0 is for ever. @default 30000 */
  handlerTimeout?: number;
  /** @default pino on standard error, as `log` says */
  log?: Logger;
}

/**
 * A configuration with all defaults; with handlers and no `sinks`, the handlers are the only sink.
 * @throws {ConfigError} when it is invalid, {UsageError} when handlers have no use in it
 */
export function checkedConfig(config: ConfigInput, withHandlers: boolean): Config {
  const checked = parseConfig(config);
  if (!withHandlers) return checked;
  if (checked.role === 'poll')
    throw new UsageError('ROLE_HANDLERS', 'role: poll runs no handlers, leave one of them out');
  return config.sinks === undefined ? { ...checked, sinks: [] } : checked;
}
