/** Every counter and every sink has its line in `/metrics`, as Prometheus reads it. */
import { expect, test } from 'vitest';
import { createMetrics } from '../../src/ops/metrics.js';
import { COUNTERS, type Counter } from '../../src/stats.js';
import { distinctCounters, NOW, queueStatus, sinkStatus, statusOf } from './statuses.js';

test('every counter of a queue is there with its help', async () => {
  const counters = distinctCounters();
  const metrics = createMetrics(() => statusOf({ queues: [queueStatus({ queueName: 'q', counters })] }));
  const lines = (await metrics.scrape()).split('\n');
  for (const name of Object.keys(COUNTERS) as Counter[]) {
    expect(lines).toContain(`receiptd_${name}_total{queue="q",type="SmsReport"} ${counters[name]}`);
    expect(lines).toContain(`# HELP receiptd_${name}_total ${COUNTERS[name]}`);
    expect(lines).toContain(`# TYPE receiptd_${name}_total counter`);
  }
});

test('a sink is up or down, and its deliveries are counted by how they ended', async () => {
  let sinks = [
    sinkStatus({ name: 'file', delivered: 7 }),
    sinkStatus({ name: 'hook', state: 'down', downSince: NOW, problem: 'HTTP 503', delivered: 2, failed: 5 }),
  ];
  const metrics = createMetrics(() => statusOf({ sinks }));
  const sinkLines = async () =>
    (await metrics.scrape()).split('\n').filter((line) => line.startsWith('receiptd_sink_'));
  expect(await sinkLines()).toEqual([
    'receiptd_sink_up{sink="file"} 1',
    'receiptd_sink_up{sink="hook"} 0',
    'receiptd_sink_deliveries_total{sink="file",result="ok"} 7',
    'receiptd_sink_deliveries_total{sink="file",result="failed"} 0',
    'receiptd_sink_deliveries_total{sink="hook",result="ok"} 2',
    'receiptd_sink_deliveries_total{sink="hook",result="failed"} 5',
  ]);
  sinks = [sinkStatus({ name: 'hook', delivered: 3, failed: 5 })];
  expect(await sinkLines()).toEqual([
    'receiptd_sink_up{sink="hook"} 1',
    'receiptd_sink_deliveries_total{sink="hook",result="ok"} 3',
    'receiptd_sink_deliveries_total{sink="hook",result="failed"} 5',
  ]);
});
