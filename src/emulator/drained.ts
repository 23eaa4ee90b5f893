/** Waiting until queues are empty, for tests of consumers. */
import { ReceiptdError } from '../errors.js';
import type { QueueView } from './queue-view.js';

const EVERY_MS = 10;

/**
 * Resolves when none of the queues holds a message any more, hidden ones included; at once when that is so already.
 * @throws {ReceiptdError} when that takes longer than `timeout` milliseconds, or `stopped` says so first: what is left
 */
export async function drained(
  queues: () => readonly QueueView[],
  timeout: number,
  stopped: () => boolean,
): Promise<void> {
  const until = performance.now() + timeout;
  for (;;) {
    const left = queues()
      .map(leftIn)
      .filter((text) => text !== '');
    if (left.length === 0) return;
    if (stopped() || performance.now() >= until) {
      const reason = stopped() ? 'the emulator was closed' : `waited ${timeout} ms`;
      throw new ReceiptdError('EMULATOR_NOT_DRAINED', `${reason}, and there is still ${left.join(', ')}`);
    }
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
  }
}

function leftIn({ name, visible, invisible, delayed }: QueueView): string {
  const counts = Object.entries({ visible, invisible, delayed }).filter(([, count]) => count > 0);
  if (counts.length === 0) return '';
  return `${counts.map(([state, count]) => `${count} ${state}`).join(' + ')} in ${name}`;
}
