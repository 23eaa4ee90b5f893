/** Opens what a slice stands on: its sinks, its capture file and its store. */
import type { Logger } from 'pino';
import { fullJitter, pause } from '../backoff.js';
import { CaptureWriter } from '../capture/index.js';
import type { Config } from '../config/index.js';
import { describeError, ReceiptdError, UsageError } from '../errors.js';
import { type Backend, openBackend } from '../pipeline/index.js';
import { GuardedSink, openSinks, type Sink } from '../sinks/index.js';
import { openTracing, type Tracing } from '../tracing/index.js';
import type { SliceSpec } from './handle.js';
import { type Lease, SharedStore } from './shared-store.js';

const RETRY_BASE_MS = 500;
const RETRY_CAP_MS = 5_000;
/** Codes of what may pass while one waits. */
const UNREACHABLE: ReadonlySet<string> = new Set(['REDIS_UNREACHABLE', 'POSTGRES_UNREACHABLE']);

export interface Foundations {
  sinks: GuardedSink[];
  capture: CaptureWriter | undefined;
  backend: Backend;
  tracing: Tracing;
  /** The slice uses none of this any more. */
  close(): Promise<void>;
}

/**
 * A store that is out of reach is waited for; whatever cannot work without a change is thrown.
 *
 * @param onProblem told why it waits, and '' when that is over
 * @param extraSinks sinks beside the configured ones
 * @param store shared with the slices before and after
 * @throws {ReceiptdError} when a sink or the store cannot be used, or the signal aborts
 */
export async function openFoundations(
  spec: SliceSpec,
  log: Logger,
  onProblem: (problem: string) => void,
  signal: AbortSignal,
  extraSinks: readonly Sink[] = [],
  store = new SharedStore(),
): Promise<Foundations> {
  const { config } = spec;
  // Who only polls delivers nothing, and need not be able to.
  const delivers = config.role !== 'poll';
  const tracing = await openTracing(config.tracing, log, spec.index);
  let sinks: GuardedSink[] = [];
  let capture: CaptureWriter | undefined;
  const close = () => Promise.all([...sinks, capture, tracing].map((opened) => opened?.close()));
  try {
    if (delivers) {
      const opened = [...(await openSinks(config.sinks, log)), ...extraSinks];
      sinks = opened.map((sink) => new GuardedSink(tracing.sink(sink), log));
      checkEveryTypeIsWanted(config, sinks);
    }
    capture = await openCapture(spec);
  } catch (error) {
    await close();
    throw error;
  }
  for (let attempt = 1; ; attempt += 1) {
    try {
      const { backend, release } = await openStore(spec, log, store);
      onProblem('');
      const closeAll = async () => {
        await capture?.close();
        await Promise.all(sinks.map((sink) => sink.close()));
        await release();
        await tracing.close();
      };
      return { sinks, capture, backend, tracing, close: closeAll };
    } catch (error) {
      const waitable = error instanceof ReceiptdError && UNREACHABLE.has(error.code) && !signal.aborted;
      if (!waitable) {
        await close();
        throw error;
      }
      if (attempt === 1) log.warn(describeError(error));
      onProblem(describeError(error));
      await pause(RETRY_BASE_MS / 2 + fullJitter(attempt, RETRY_BASE_MS, RETRY_CAP_MS), signal);
    }
  }
}

async function openStore(
  { config: { pipeline }, index }: SliceSpec,
  log: Logger,
  store: SharedStore,
): Promise<Lease> {
  const lease = await store.lease(() => openBackend(pipeline));
  if (pipeline.ackOn === 'delivered') return lease;
  try {
    const warning = await lease.backend.checkDurability();
    // It is the same for all slices.
    if (warning !== undefined && index === 0) log.warn(warning);
    return lease;
  } catch (error) {
    await lease.release();
    throw error;
  }
}

async function openCapture({ config, index, maskKey }: SliceSpec): Promise<CaptureWriter | undefined> {
  if (config.capture.dir === '' || config.role === 'deliver') return undefined;
  const mnsHost = new URL(config.endpoints.mns).host;
  return CaptureWriter.open({ ...config.capture, maskKey, writer: index, mnsHost });
}

/** An event that no sink wants could only be thrown away or kept for ever, so such a queue is not drained at all. */
function checkEveryTypeIsWanted({ queues }: Config, sinks: readonly Sink[]): void {
  for (const [index, { messageType }] of queues.entries()) {
    if (sinks.some((sink) => sink.wants(messageType))) continue;
    throw new UsageError(
      'SINK_NOBODY',
      `queues[${index}].messageType: no sink takes ${messageType}: add it to a sink's types, or a handler for it`,
    );
  }
}
