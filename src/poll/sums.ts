/**
 * One snapshot of many slices. What slices that are gone had counted, and when they last did
 * anything, stays in the sum: none of it ever goes back.
 */
import { addHistogram } from '../histogram.js';
import {
  type Counter,
  type LastError,
  type QueueSnapshot,
  type SinkSnapshot,
  type Timing,
  zeroCounters,
  zeroTimings,
} from '../stats.js';
import type { SliceSnapshot } from './slice.js';

/** The part of a snapshot that only grows, and outlives its slice. */
type Counts = Pick<
  QueueSnapshot,
  'counters' | 'timings' | 'drift' | 'lastError' | 'lastPollAt' | 'lastDeliveryAt' | 'lastAckAt'
>;

export class Sums {
  readonly #past = new Map<string, Counts>();
  readonly #pastSinks = new Map<string, SinkSnapshot>();

  /** A slice is gone. */
  remember({ queues, sinks }: SliceSnapshot): void {
    for (const { name, delivered, failed } of sinks)
      addSink(this.#pastSinks, { name, state: 'up', circuit: 'closed', delivered, failed });
    for (const [queueName, counts] of Object.entries(queues)) {
      const past = this.#past.get(queueName) ?? noCounts();
      addCounts(past, counts);
      this.#past.set(queueName, past);
    }
  }

  /** @param parts of the slices that live */
  queue(queueName: string, parts: readonly QueueSnapshot[]): QueueSnapshot {
    const sum: QueueSnapshot = {
      ...noCounts(),
      inFlight: 0,
      backlog: 0,
      backlogSince: 0,
      unacknowledgedSince: 0,
      lagSeconds: 0,
      problem: '',
      downSink: '',
    };
    addCounts(sum, this.#past.get(queueName) ?? noCounts());
    let latestPollAt = 0;
    for (const part of parts) {
      addCounts(sum, part);
      // The backlog is shared: each slice has its own reading of the same number.
      sum.inFlight += part.inFlight - part.backlog;
      sum.backlog = Math.max(sum.backlog, part.backlog);
      sum.backlogSince = Math.max(sum.backlogSince, part.backlogSince);
      // Of those that live: how far behind one was that is gone says nothing.
      if (part.lastPollAt > latestPollAt) sum.lagSeconds = part.lagSeconds;
      latestPollAt = Math.max(latestPollAt, part.lastPollAt);
      // Each slice deletes what it delivered: one that cannot is not made good by the others.
      sum.unacknowledgedSince = earliest(sum.unacknowledgedSince, part.unacknowledgedSince);
      sum.problem ||= part.problem;
      sum.downSink ||= part.downSink;
    }
    sum.inFlight += sum.backlog;
    return sum;
  }

  /** @param parts of the slices that live */
  sinks(parts: readonly SinkSnapshot[]): SinkSnapshot[] {
    const sinks = new Map([...this.#pastSinks].map(([name, sink]) => [name, { ...sink }]));
    for (const sink of parts) addSink(sinks, sink);
    return [...sinks.values()];
  }
}

/** A sink is down when it is in any slice, since it has been in the first. */
function addSink(to: Map<string, SinkSnapshot>, sink: SinkSnapshot): void {
  const { name, state, circuit, downSince, problem } = sink;
  const sum = to.get(name);
  if (sum === undefined) {
    to.set(name, { ...sink });
    return;
  }
  sum.delivered += sink.delivered;
  sum.failed += sink.failed;
  if (state === 'up' || downSince === undefined || problem === undefined) return;
  if (sum.downSince !== undefined && sum.downSince <= downSince) return;
  Object.assign(sum, { state, circuit, downSince, problem });
}

/** Of a slice that drains, after others have taken over from it: what keeps it from working is over with it. */
export function leaving({ queues, sinks }: SliceSnapshot): SliceSnapshot {
  const nothing = { backlog: 0, backlogSince: 0, problem: '', downSink: '' };
  return {
    queues: Object.fromEntries(
      Object.entries(queues).map(([name, queue]) => [
        name,
        { ...queue, ...nothing, inFlight: queue.inFlight - queue.backlog },
      ]),
    ),
    sinks: sinks.map(({ name, delivered, failed }) => ({
      name,
      state: 'up',
      circuit: 'closed',
      delivered,
      failed,
    })),
  };
}

function noCounts(): Counts {
  return {
    counters: zeroCounters(),
    timings: zeroTimings(),
    drift: {},
    lastPollAt: 0,
    lastDeliveryAt: 0,
    lastAckAt: 0,
  };
}

function addCounts(to: Counts, counts: Counts): void {
  const { counters, timings, drift, lastError } = counts;
  for (const name of Object.keys(to.counters) as Counter[]) to.counters[name] += counters[name];
  for (const name of Object.keys(to.timings) as Timing[]) addHistogram(to.timings[name], timings[name]);
  for (const [path, count] of Object.entries(drift)) to.drift[path] = (to.drift[path] ?? 0) + count;
  for (const last of ['lastPollAt', 'lastDeliveryAt', 'lastAckAt'] as const)
    to[last] = Math.max(to[last], counts[last]);
  const latest = latestError(to.lastError, lastError);
  if (latest !== undefined) to.lastError = latest;
}

export function latestError(a: LastError | undefined, b: LastError | undefined): LastError | undefined {
  return (b?.at ?? 0) > (a?.at ?? 0) ? b : a;
}

/** Of two times, of which 0 is none. */
function earliest(a: number, b: number): number {
  return a === 0 || b === 0 ? a + b : Math.min(a, b);
}
