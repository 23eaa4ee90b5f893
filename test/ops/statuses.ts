import type { QueueStatus, Status } from '../../src/ops/index.js';
import type { SinkStatus } from '../../src/ops/status.js';
import { type Counter, zeroCounters, zeroTimings } from '../../src/stats.js';

export const NOW = Date.UTC(2026, 0, 1);

/** A queue that is well. */
export function queueStatus(overrides: Partial<QueueStatus> = {}): QueueStatus {
  return {
    queueName: 'Alicom-Queue-1-SmsReport',
    messageType: 'SmsReport',
    counters: zeroCounters(),
    timings: zeroTimings(),
    drift: {},
    inFlight: 0,
    inFlightLimit: 1_024,
    backlog: 0,
    backlogSince: 0,
    lastPollAt: NOW - 1_000,
    lastDeliveryAt: NOW - 1_000,
    lastAckAt: NOW - 1_000,
    unacknowledgedSince: 0,
    lagSeconds: 0,
    rate: { received: 0, delivered: 0 },
    oldestUndeliveredAt: 0,
    deadLetters: 0,
    problem: '',
    downSink: '',
    token: { expiresInSeconds: 3_600, refreshes: 1, failures: 0 },
    ...overrides,
  };
}

/** A sink that works. */
export function sinkStatus(overrides: Partial<SinkStatus> = {}): SinkStatus {
  const well = { state: 'up', circuit: 'closed', delivered: 0, failed: 0 } as const;
  return { name: 'webhook', type: 'webhook', ...well, ...overrides };
}

/** Each counter another number. */
export function distinctCounters(): Record<Counter, number> {
  const counters = zeroCounters();
  for (const [index, name] of (Object.keys(counters) as Counter[]).entries()) counters[name] = index + 100;
  return counters;
}

export function statusOf(overrides: Partial<Status> = {}): Status {
  return {
    ready: true,
    reasons: [],
    version: '0.0.0-test',
    pid: 1,
    startedAt: new Date(NOW).toISOString(),
    backlog: 0,
    role: 'all',
    slices: { count: 2, mode: 'threads', restarts: 3 },
    queues: [queueStatus()],
    sinks: [sinkStatus()],
    ...overrides,
  };
}
