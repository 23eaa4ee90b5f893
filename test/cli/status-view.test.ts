import { describe, expect, it } from 'vitest';
import { viewOf } from '../../src/cli/status-view.js';
import { Throughput } from '../../src/cli/throughput.js';
import type { QueueStatus, Status } from '../../src/ops/index.js';
import { zeroCounters } from '../../src/stats.js';
import { NOW, queueStatus, sinkStatus, statusOf } from '../ops/statuses.js';

function queue(more: Partial<QueueStatus> = {}): QueueStatus {
  return queueStatus({
    counters: { ...zeroCounters(), received: 12_345, delivered: 12_300 },
    inFlight: 45,
    backlog: 40,
    ...more,
  });
}

function status(more: Partial<Status> = {}): Status {
  return statusOf({
    version: '1.2.3',
    pid: 42,
    startedAt: '2025-12-31T21:00:00Z',
    slices: { count: 2, mode: 'threads', restarts: 0 },
    queues: [queue()],
    sinks: [sinkStatus({ name: 'crm', delivered: 7, failed: 1 })],
    ...more,
  });
}

const view = (of: Status, width = 120) => viewOf(of, { now: NOW, width, paint: (_, text) => text });

describe('the view', () => {
  it('shows a queue that has been idle', () => {
    expect(view(status())).toEqual([
      'receiptd 1.2.3, process 42, up 3 h, 2 thread(s)',
      'ready',
      '',
      'QUEUE                     LAG  IN/S  OUT/S  IN FLIGHT  WAITING  OLDEST  NEXT TOKEN',
      'Alicom-Queue-1-SmsReport  0 s     0      0         45       40    none           –',
      '  SmsReport: received 12,345, delivered 12,300, filtered 0, dead 0, acknowledged 0, redelivered 0',
      '',
      'SINK  STATE  DELIVERED  FAILED',
      'crm      up          7       1',
    ]);
  });

  it('shows one that works, and its latest trouble', () => {
    const told = queue({
      rate: { received: 1234.4, delivered: 3.14 },
      lagSeconds: 90,
      oldestUndeliveredAt: NOW - 7_200_000,
      lastError: { at: NOW - 60_000, text: 'bad\x1b[2Jthing' },
      token: { refreshes: 1, failures: 0, nextRefreshInSeconds: 600 },
    });
    const lines = view(status({ queues: [told] }));
    expect(lines[4]).toMatch(/ 90 s +1,234 +3\.1 +45 +40 +2 h +in 10 min$/);
    expect(lines[6]).toBe('  last error 60 s ago: bad\ufffd[2Jthing');
  });

  it('says why it is not ready, and which sink is down', () => {
    const sinks: Status['sinks'] = [
      sinkStatus({
        name: 'crm',
        state: 'down',
        circuit: 'open',
        downSince: NOW - 30_000,
        problem: 'HTTP 503',
        failed: 9,
      }),
    ];
    const lines = view(status({ ready: false, reasons: ['sink crm is down: HTTP 503'], sinks }));
    expect(lines.slice(1, 3)).toEqual(['not ready', '  sink crm is down: HTTP 503']);
    expect(lines.at(-1)).toMatch(/^crm +down for 30 s +0 +9$/);
  });

  it('says which part of the work is its own, and leaves out sinks where it has none', () => {
    const lines = view(status({ role: 'poll', sinks: [] }));
    expect(lines[0]).toBe('receiptd 1.2.3, process 42, up 3 h, role poll, 2 thread(s)');
    expect(lines.join()).not.toContain('SINK');
  });

  it('keeps the ends of names that do not fit', () => {
    const name = `Alicom-Queue-${'1'.repeat(100)}-SmsReport`;
    const lines = view(status({ queues: [queue({ queueName: name })] }), 100);
    expect(lines[4]).toMatch(/^Alicom-Queue-11+…1+-SmsReport /);
    expect(lines[4]?.length).toBeLessThanOrEqual(100);
  });
});

describe('throughput', () => {
  const at = (delivered: number, pid = 42) =>
    status({ pid, queues: [queue({ counters: { ...zeroCounters(), received: 2 * delivered, delivered } })] });

  it('is what came between two looks', () => {
    const throughput = new Throughput();
    throughput.note(at(100), 0);
    expect(throughput.line(10)).toBe('');
    throughput.note(at(150), 2_000);
    throughput.note(at(150), 4_000);
    throughput.note(at(250), 6_000);
    expect(throughput.line(10)).toBe('▅▁█');
    expect(throughput.line(2)).toBe('▁█');
    expect(throughput.top(10)).toBe(50);
  });

  it('does not take a daemon that was restarted for one that went backwards', () => {
    const throughput = new Throughput();
    throughput.note(at(1_000), 0);
    throughput.note(at(2_000), 1_000);
    throughput.note(at(5, 43), 2_000);
    throughput.note(at(15, 43), 3_000);
    expect(throughput.line(10)).toBe('█▁');
  });

  it('of nothing is a flat line', () => {
    const throughput = new Throughput();
    for (const ms of [0, 1_000, 2_000]) throughput.note(at(7), ms);
    expect(throughput.line(10)).toBe('▁▁');
  });
});
