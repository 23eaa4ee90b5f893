/** `/metrics`: the status in Prometheus' text format, read once a scrape. */
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { CIRCUIT_STATES, COUNTERS, type Counter as CounterName, TIMINGS, type Timing } from '../stats.js';
import type { QueueStatus, Status } from './status.js';
import { TimingMetric } from './timing-metric.js';

const GAUGES: Record<string, { help: string; value: (queue: QueueStatus) => number | undefined }> = {
  in_flight: {
    help: 'Messages received and not yet acknowledged, those that other processes have in the store included',
    value: (queue) => queue.inFlight,
  },
  in_flight_limit: {
    help: 'Messages in flight above which nothing is received, pipeline.maxInFlight',
    value: (queue) => queue.inFlightLimit,
  },
  backlog: {
    help: 'Messages in the store that are not done yet, of all processes',
    value: (queue) => queue.backlog,
  },
  oldest_undelivered_age_seconds: {
    help: 'Since MNS got the oldest message in the store that is not delivered, of all processes; 0 when there is none',
    value: ({ oldestUndeliveredAt }) =>
      oldestUndeliveredAt === 0 ? 0 : Math.max(0, Date.now() - oldestUndeliveredAt) / 1000,
  },
  dead_letters: {
    help: 'Dead letters that wait in the store for a person, of all processes',
    value: (queue) => queue.deadLetters,
  },
  lag_seconds: {
    help: 'Between MNS getting a message and handing it out, of the latest batch; 0 when the latest poll was empty',
    value: (queue) => queue.lagSeconds,
  },
  last_poll_timestamp_seconds: {
    help: 'When MNS last answered a poll',
    value: (queue) => queue.lastPollAt / 1000,
  },
  last_delivery_timestamp_seconds: {
    help: 'When an event was last delivered',
    value: (queue) => queue.lastDeliveryAt / 1000,
  },
  last_acknowledgement_timestamp_seconds: {
    help: 'When MNS last confirmed a delete',
    value: (queue) => queue.lastAckAt / 1000,
  },
  token_expiry_seconds: {
    help: 'Seconds until the token of the queue ends',
    value: (queue) => queue.token.expiresInSeconds,
  },
};

export interface Metrics {
  readonly contentType: string;
  /** What a scrape answers. */
  scrape(): Promise<string>;
}

export function createMetrics(status: () => Status): Metrics {
  /** What all metrics of the scrape under way are made from: a status adds up every slice. */
  let seen: Status | undefined;
  const queues = () => seen?.queues ?? [];
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const queueCounter = (name: string, help: string, value: (queue: QueueStatus) => number) =>
    new Counter({
      name: `receiptd_${name}_total`,
      help,
      labelNames: ['queue', 'type'],
      registers,
      collect() {
        this.reset();
        for (const queue of queues()) this.inc(labels(queue), value(queue));
      },
    });
  for (const [name, help] of Object.entries(COUNTERS)) {
    queueCounter(name, help, (queue) => queue.counters[name as CounterName]);
  }
  new Counter({
    name: 'receiptd_schema_drift_total',
    help: 'Fields of receipts that differed from the schema of their message type',
    labelNames: ['type', 'path'],
    registers,
    collect() {
      this.reset();
      for (const { messageType, drift } of queues()) {
        for (const [path, count] of Object.entries(drift)) this.inc({ type: messageType, path }, count);
      }
    },
  });
  queueCounter('token_refreshes', 'Tokens received', (queue) => queue.token.refreshes);
  queueCounter('token_failures', 'Token calls that failed', (queue) => queue.token.failures);
  for (const [name, { help, value }] of Object.entries(GAUGES)) {
    new Gauge({
      name: `receiptd_${name}`,
      help,
      labelNames: ['queue', 'type'],
      registers,
      collect() {
        this.reset();
        for (const queue of queues()) {
          const now = value(queue);
          if (now !== undefined) this.set(labels(queue), now);
        }
      },
    });
  }
  for (const [name, help] of Object.entries(TIMINGS)) {
    new TimingMetric(`receiptd_${name}`, help, registry, () =>
      queues().map((queue) => ({ labels: labels(queue), histogram: queue.timings[name as Timing] })),
    );
  }
  new Gauge({
    name: 'receiptd_build_info',
    help: 'Always 1; what runs',
    labelNames: ['version', 'node', 'slices'],
    registers,
    collect() {
      this.reset();
      if (seen === undefined) return;
      this.set({ version: seen.version, node: process.versions.node, slices: seen.slices.mode }, 1);
    },
  });
  new Gauge({
    name: 'receiptd_sink_circuit_state',
    help: '1 for the state that the circuit before the sink is in: deliveries are made, wait, or one finds out',
    labelNames: ['sink', 'state'],
    registers,
    collect() {
      this.reset();
      for (const { name, circuit } of seen?.sinks ?? []) {
        for (const state of CIRCUIT_STATES) this.set({ sink: name, state }, circuit === state ? 1 : 0);
      }
    },
  });
  new Gauge({
    name: 'receiptd_sink_up',
    help: '0 while deliveries to the sink fail across the board and wait for it to work again',
    labelNames: ['sink'],
    registers,
    collect() {
      this.reset();
      for (const { name, state } of seen?.sinks ?? []) this.set({ sink: name }, state === 'up' ? 1 : 0);
    },
  });
  new Counter({
    name: 'receiptd_sink_deliveries_total',
    help: 'Deliveries that the sink confirmed (ok) or did not (failed), each try counted',
    labelNames: ['sink', 'result'],
    registers,
    collect() {
      this.reset();
      for (const { name, delivered, failed } of seen?.sinks ?? []) {
        this.inc({ sink: name, result: 'ok' }, delivered);
        this.inc({ sink: name, result: 'failed' }, failed);
      }
    },
  });
  new Gauge({
    name: 'receiptd_ready',
    help: '1 when /readyz says yes',
    registers,
    collect() {
      this.set(seen?.ready ? 1 : 0);
    },
  });
  new Counter({
    name: 'receiptd_slice_restarts_total',
    help: 'Slices that crashed and were restarted',
    registers,
    collect() {
      this.reset();
      this.inc(seen?.slices.restarts ?? 0);
    },
  });
  return {
    contentType: registry.contentType,
    scrape: () => {
      seen = status();
      return registry.metrics();
    },
  };
}

function labels(queue: QueueStatus): { queue: string; type: string } {
  return { queue: queue.queueName, type: queue.messageType };
}
