/**
 * Where `receiptd dead` finds the dead letters, beside a running daemon and without one: the embedded store has one owner,
 * so when a daemon has it open, the daemon is asked.
 */
import { pause } from '../backoff.js';
import { type Config, loadConfig } from '../config/index.js';
import { ReceiptdError, UsageError } from '../errors.js';
import {
  DataDirInUseError,
  DataDirLock,
  type DeadLetterDesk,
  DeadLetters,
  openBackend,
} from '../pipeline/index.js';
import { OpsClient } from './ops-client.js';

/** ms that a daemon has to say where it can be reached: it may be about to start, or have its hands full. */
const PATIENCE_MS = 15_000;
const ASK_AGAIN_MS = 200;

export interface DeskOptions {
  config?: string;
  queue?: string;
}

/** @throws {UsageError} when the configuration does not have the queue that is asked for */
export function deskConfig({ config: file, queue }: DeskOptions): Config {
  const { config } = loadConfig({ file, env: process.env, cwd: process.cwd() });
  const known = config.queues.map(({ queueName }) => queueName);
  if (queue === undefined || known.includes(queue)) return config;
  const advice = 'its dead letters can be reached, and tried again, once it is among queues';
  throw new UsageError(
    'DEAD_QUEUE',
    `--queue: ${queue} is not configured, configured are ${known.join(', ')}: ${advice}`,
  );
}

/** Opens the store, or turns to the daemon that has it. */
export async function atDesk<T>(
  config: Config,
  use: (desk: DeadLetterDesk) => Promise<T>,
  patience = PATIENCE_MS,
): Promise<T> {
  const daemon = await runningDaemon(config, patience);
  if (daemon !== undefined) return use(daemon);
  const backend = await openBackend(config.pipeline);
  const desk = DeadLetters.open(backend, config);
  try {
    return await use(desk);
  } finally {
    await desk.close();
    await backend.close();
  }
}

/** @throws {ReceiptdError} when somebody has the store and does not say where it can be reached, for all that time */
async function runningDaemon(
  { pipeline, ops }: Config,
  patience: number,
): Promise<DeadLetterDesk | undefined> {
  if (pipeline.backend !== 'embedded') return undefined;
  const deadline = performance.now() + patience;
  for (;;) {
    const owner = await DataDirLock.owner(pipeline.dataDir);
    if (owner === undefined) return undefined;
    if (owner.opsUrl !== '') return new OpsClient(owner.opsUrl, ops.token);
    if (performance.now() >= deadline) {
      const { code, message } = new DataDirInUseError(pipeline.dataDir, owner);
      throw new ReceiptdError(code, `${message}, which does not say where it can be reached: try again`);
    }
    await pause(ASK_AGAIN_MS);
  }
}

/** The first SIGINT or SIGTERM ends what is under way between two dead letters, a second one at once. */
export function stopSignal(): AbortSignal {
  const stop = new AbortController();
  const onSignal = () => {
    if (stop.signal.aborted) process.exit(1);
    stop.abort(new ReceiptdError('STOPPED', 'stopped'));
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  return stop.signal;
}
