/** Adds up what slices count. */
import { type Counter, type QueueSnapshot, type SinkSnapshot, zeroCounters } from '../stats.js';

/** A sink is down when it is in any slice, since it has been in the first. */
export function addSink(to: Map<string, SinkSnapshot>, sink: SinkSnapshot): void {
  const { name, state, downSince, problem } = sink;
  const sum = to.get(name);
  if (sum === undefined) {
    to.set(name, { ...sink });
    return;
  }
  sum.delivered += sink.delivered;
  sum.failed += sink.failed;
  if (state === 'up' || downSince === undefined || problem === undefined) return;
  if (sum.downSince !== undefined && sum.downSince <= downSince) return;
  Object.assign(sum, { state, downSince, problem });
}

/** The part of a snapshot that only grows. */
export type Counts = Pick<QueueSnapshot, 'counters' | 'drift'>;

export function noCounts(): Counts {
  return { counters: zeroCounters(), drift: {} };
}

export function addCounts(to: Counts, { counters, drift }: Counts): void {
  for (const name of Object.keys(to.counters) as Counter[]) to.counters[name] += counters[name];
  for (const [path, count] of Object.entries(drift)) to.drift[path] = (to.drift[path] ?? 0) + count;
}
