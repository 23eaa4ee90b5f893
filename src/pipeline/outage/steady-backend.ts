/**
 * A BullMQ backend for a worker that must outlive whatever happens to its store.
 *
 * BullMQ's worker waits only for a refused or closed connection. Any other trouble of the store (it is starting, read
 * only after a failover, out of disk or memory, its backend was terminated) it takes for an answer: it asks for the next
 * job again at once, as often as the store can refuse, and books a finished delivery as failed because its end could not
 * be written. Here such a call is made again, with growing pauses, until the store gives an answer. It may then have been
 * done twice, of which BullMQ's scripts do the second for nothing: at worst a job waits for its lock to run out.
 */
import type { BackendFactory, IQueueBackend } from 'bullmq';
import type { Patience } from './patience.js';

/** What a worker asks for its jobs; anything else it asks by a timer of its own, which comes again. */
const INSISTED = [
  'moveToActive',
  'moveToCompleted',
  'moveToFailed',
  'moveToDelayed',
  'moveJobFromActiveToWait',
  'retryJob',
  'updateProgress',
  'updateData',
] as const satisfies readonly (keyof IQueueBackend)[];

type AnyCall = (...args: unknown[]) => unknown;

/** Makes the backend of a worker steady. @param patience ends when the worker closes */
export function steady<B extends IQueueBackend, C>(
  factory: BackendFactory<B, C>,
  patience: Patience,
): BackendFactory<B, C> {
  return (name, opts, options) => steadied(factory(name, opts, options), patience);
}

function steadied<B extends IQueueBackend>(backend: B, patience: Patience): B {
  const calls = new Map<PropertyKey, AnyCall>();
  for (const name of INSISTED) {
    const call = (backend[name] as AnyCall).bind(backend);
    calls.set(name, (...args) => patience.insist(async () => call(...args)));
  }
  calls.set('waitForJob', (timeout) =>
    patience.within(backend.waitForJob(timeout as number), 0).catch((error: unknown) => {
      if (patience.ended) return null;
      throw error;
    }),
  );
  // A worker of receiptd is never paused: this is the first thing that closing it does.
  calls.set('disconnectBlocking', (wait) => {
    patience.end();
    return patience.within(backend.disconnectBlocking(wait as boolean));
  });
  calls.set('reconnectBlocking', () => patience.within(backend.reconnectBlocking(), 0));
  calls.set('close', (force) => {
    patience.end();
    return patience.within(backend.close(force as boolean));
  });
  return new Proxy(backend, {
    get(target, property) {
      const own = calls.get(property);
      if (own !== undefined) return own;
      const value: unknown = Reflect.get(target, property, target);
      if (typeof value !== 'function') return value;
      const bound = (value as AnyCall).bind(target);
      calls.set(property, bound);
      return bound;
    },
    set: (target, property, value) => Reflect.set(target, property, value, target),
  });
}
