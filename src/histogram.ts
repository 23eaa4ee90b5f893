/**
 * Durations in fixed buckets: plain numbers that only grow, so that a histogram crosses a thread boundary as it is, adds
 * up over slices, and tells by a difference of two what happened between them.
 */

/** s, each the upper bound of a bucket; one more bucket has what took longer. From a fast sink to a day of retries. */
export const BUCKETS: readonly number[] = [
  0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3_600, 21_600, 86_400,
];

export interface Histogram {
  /** How many fell into each bucket, not counting those below it. */
  counts: number[];
  /** s, of all of them. */
  sum: number;
}

export function emptyHistogram(): Histogram {
  return { counts: new Array<number>(BUCKETS.length + 1).fill(0), sum: 0 };
}

export function copyHistogram({ counts, sum }: Histogram): Histogram {
  return { counts: [...counts], sum };
}

/** A time that cannot be, as two clocks that disagree make it, is none at all. */
export function observe(histogram: Histogram, seconds: number, times = 1): void {
  const took = seconds > 0 ? seconds : 0;
  let bucket = 0;
  while (bucket < BUCKETS.length && took > (BUCKETS[bucket] ?? 0)) bucket += 1;
  histogram.counts[bucket] = (histogram.counts[bucket] ?? 0) + times;
  histogram.sum += took * times;
}

export function addHistogram(to: Histogram, part: Histogram): void {
  for (const [bucket, count] of part.counts.entries()) to.counts[bucket] = (to.counts[bucket] ?? 0) + count;
  to.sum += part.sum;
}

/** What came since. */
export function histogramSince(now: Histogram, before: Histogram): Histogram {
  return {
    counts: now.counts.map((count, bucket) => count - (before.counts[bucket] ?? 0)),
    sum: now.sum - before.sum,
  };
}

/**
 * As Prometheus estimates it: spread evenly within its bucket.
 * @param share 0.5 for the median
 * @returns s, the largest bound for what took longer; undefined when there is none
 */
export function quantile({ counts }: Histogram, share: number): number | undefined {
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total <= 0) return undefined;
  const rank = share * total;
  let below = 0;
  for (const [bucket, count] of counts.entries()) {
    const upper = BUCKETS[bucket];
    if (upper === undefined) break;
    if (count > 0 && below + count >= rank) {
      const lower = BUCKETS[bucket - 1] ?? 0;
      return lower + ((upper - lower) * (rank - below)) / count;
    }
    below += count;
  }
  return BUCKETS.at(-1);
}
