/** Every counter and every sink has its line in `/metrics`, as Prometheus reads it. */
import { expect, onTestFinished, test, vi } from 'vitest';
import { BUCKETS, observe } from '../../src/histogram.js';
import { createMetrics } from '../../src/ops/metrics.js';
import { COUNTERS, type Counter, zeroTimings } from '../../src/stats.js';
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
  const down = { state: 'down', circuit: 'probing', downSince: NOW, problem: 'HTTP 503' } as const;
  let sinks = [
    sinkStatus({ name: 'file', delivered: 7 }),
    sinkStatus({ name: 'hook', ...down, delivered: 2, failed: 5 }),
  ];
  const metrics = createMetrics(() => statusOf({ sinks }));
  const sinkLines = async () =>
    (await metrics.scrape()).split('\n').filter((line) => line.startsWith('receiptd_sink_'));
  const circuit = (sink: string, state: string) =>
    ['closed', 'open', 'probing'].map(
      (one) => `receiptd_sink_circuit_state{sink="${sink}",state="${one}"} ${one === state ? 1 : 0}`,
    );
  expect(await sinkLines()).toEqual([
    ...circuit('file', 'closed'),
    ...circuit('hook', 'probing'),
    'receiptd_sink_up{sink="file"} 1',
    'receiptd_sink_up{sink="hook"} 0',
    'receiptd_sink_deliveries_total{sink="file",result="ok"} 7',
    'receiptd_sink_deliveries_total{sink="file",result="failed"} 0',
    'receiptd_sink_deliveries_total{sink="hook",result="ok"} 2',
    'receiptd_sink_deliveries_total{sink="hook",result="failed"} 5',
  ]);
  sinks = [sinkStatus({ name: 'hook', delivered: 3, failed: 5 })];
  expect(await sinkLines()).toEqual([
    ...circuit('hook', 'closed'),
    'receiptd_sink_up{sink="hook"} 1',
    'receiptd_sink_deliveries_total{sink="hook",result="ok"} 3',
    'receiptd_sink_deliveries_total{sink="hook",result="failed"} 5',
  ]);
});

test('a duration is a histogram as Prometheus has them: each bucket counts those below it as well', async () => {
  const timings = zeroTimings();
  observe(timings.receive_to_delivered, 0.003, 2);
  observe(timings.receive_to_delivered, 0.7);
  observe(timings.receive_to_delivered, 1e9);
  const queues = [queueStatus({ queueName: 'q', timings }), queueStatus({ queueName: 'r' })];
  const lines = (await createMetrics(() => statusOf({ queues })).scrape()).split('\n');
  const name = 'receiptd_receive_to_delivered_seconds';
  const own = lines.filter((line) => line.startsWith(name) && line.includes('queue="q"'));
  expect(lines).toContain(`# TYPE ${name} histogram`);
  expect(own.filter((line) => /le="(0.005|0.5|1|86400|\+Inf)"/.test(line))).toEqual([
    `${name}_bucket{le="0.005",queue="q",type="SmsReport"} 2`,
    `${name}_bucket{le="0.5",queue="q",type="SmsReport"} 2`,
    `${name}_bucket{le="1",queue="q",type="SmsReport"} 3`,
    `${name}_bucket{le="86400",queue="q",type="SmsReport"} 3`,
    `${name}_bucket{le="+Inf",queue="q",type="SmsReport"} 4`,
  ]);
  expect(own.slice(-2)).toEqual([
    `${name}_sum{queue="q",type="SmsReport"} 1000000000.706`,
    `${name}_count{queue="q",type="SmsReport"} 4`,
  ]);
  expect(own).toHaveLength(BUCKETS.length + 3);
  expect(lines).toContain(`${name}_count{queue="r",type="SmsReport"} 0`);
  for (const timing of ['enqueue_to_receive', 'delivered_to_acknowledged'])
    expect(lines).toContain(`receiptd_${timing}_seconds_count{queue="q",type="SmsReport"} 0`);
});

test('what waits in the store, and how much may', async () => {
  vi.useFakeTimers({ now: NOW });
  onTestFinished(() => void vi.useRealTimers());
  const waits = queueStatus({
    queueName: 'q',
    oldestUndeliveredAt: NOW - 90_500,
    deadLetters: 3,
    inFlightLimit: 256,
    lagSeconds: 7.5,
    lastAckAt: NOW,
  });
  const ahead = queueStatus({ queueName: 'r', oldestUndeliveredAt: NOW + 5_000 });
  const status = statusOf({ queues: [waits, ahead, queueStatus({ queueName: 's' })] });
  const lines = (await createMetrics(() => status).scrape()).split('\n');
  const labels = (queue: string) => `{queue="${queue}",type="SmsReport"}`;
  expect(lines).toEqual(
    expect.arrayContaining([
      `receiptd_oldest_undelivered_age_seconds${labels('q')} 90.5`,
      // By a clock of MNS that is ahead of ours.
      `receiptd_oldest_undelivered_age_seconds${labels('r')} 0`,
      `receiptd_oldest_undelivered_age_seconds${labels('s')} 0`,
      `receiptd_dead_letters${labels('q')} 3`,
      `receiptd_in_flight_limit${labels('q')} 256`,
      `receiptd_lag_seconds${labels('q')} 7.5`,
      `receiptd_last_acknowledgement_timestamp_seconds${labels('q')} ${NOW / 1000}`,
      `receiptd_build_info{version="0.0.0-test",node="${process.versions.node}",slices="threads"} 1`,
    ]),
  );
});

test('every metric has its help, and names that Prometheus takes for what they are', async () => {
  const lines = (await createMetrics(() => statusOf()).scrape()).split('\n');
  const types = lines.flatMap((line) => /^# TYPE (receiptd_\w+) (\w+)$/.exec(line)?.slice(1) ?? []);
  const named = Array.from({ length: types.length / 2 }, (_, index) => types.slice(2 * index, 2 * index + 2));
  expect(named.length).toBeGreaterThan(30);
  for (const [name, type] of named as [string, string][]) {
    expect(lines.find((line) => line.startsWith(`# HELP ${name} `))?.length).toBeGreaterThan(
      name.length + 12,
    );
    expect([name, name.endsWith('_total')]).toEqual([name, type === 'counter']);
    if (type === 'histogram') expect(name).toMatch(/_seconds$/);
    expect(name).not.toMatch(/_(ms|millis|milliseconds|minutes|kb|mb)(_|$)/);
  }
});
