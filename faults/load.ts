/**
 * Sends the receipts: half of them at a steady rate, the others in bursts just before the faults, so that each fault hits
 * a system at work, however fast that is.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { EmulatorProcess } from './emulator.js';

const EVERY_MS = 50;
/** In one request. */
const CHUNK = 500;
/** ms that a burst is sent before its fault. */
const AHEAD_MS = 300;
const STEADY = 0.5;

export interface LoadOptions {
  receipts: number;
  /** ms over which they are spread. */
  time: number;
  /** ms; when there are faults. */
  faults: readonly number[];
}

/** How many receipts are sent `at` ms after the start. */
export function dueAt(at: number, { receipts, time, faults }: LoadOptions): number {
  const passed = Math.min(1, at / time);
  const bursts = faults.filter((fault) => fault - AHEAD_MS <= at).length;
  const share = faults.length === 0 ? passed : STEADY * passed + (1 - STEADY) * (bursts / faults.length);
  return passed === 1 ? receipts : Math.round(receipts * share);
}

/** @param ids where the id of each receipt is put as soon as it is known */
export async function sendLoad(
  emulator: Pick<EmulatorProcess, 'send'>,
  ids: string[],
  options: LoadOptions,
  signal: AbortSignal,
): Promise<void> {
  const startedAt = performance.now();
  while (ids.length < options.receipts) {
    const due = dueAt(performance.now() - startedAt, options);
    while (ids.length < due) {
      signal.throwIfAborted();
      for (const id of await emulator.send(Math.min(CHUNK, due - ids.length))) ids.push(id);
    }
    await sleep(EVERY_MS, undefined, { signal });
  }
}
