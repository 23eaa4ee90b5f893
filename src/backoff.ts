/** Waiting between tries. */

/**
 * Full jitter: uniform between 0 and min(cap, base × 2^(attempt − 1)), so that many clients that failed together do
 * not come back together.
 *
 * @param attempt which failure this is, from 1
 * @param base ms
 * @param cap ms
 */
export function fullJitter(attempt: number, base: number, cap: number, random = Math.random): number {
  return Math.round(random() * Math.min(cap, base * 2 ** Math.min(attempt - 1, 30)));
}

/** Resolves after `ms`, or as soon as the signal aborts; never rejects. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener('abort', done, { once: true });
  });
}
