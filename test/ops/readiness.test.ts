import { expect, test } from 'vitest';
import { notReady } from '../../src/ops/index.js';
import type { QueueStatus } from '../../src/ops/status.js';
import { NOW, queueStatus, sinkStatus } from './statuses.js';

const MINUTE = 60_000;

function reasons(overrides: Partial<Parameters<typeof notReady>[0]> = {}): string[] {
  return notReady({
    now: NOW,
    role: 'all',
    waitSeconds: 30,
    maxInFlight: 1_024,
    queues: [queueStatus()],
    sinks: [sinkStatus()],
    problems: [],
    phase: 'running',
    ...overrides,
  });
}

test('a daemon that polls and delivers is ready', () => {
  expect(reasons()).toEqual([]);
});

const cases: [string, Partial<QueueStatus>, string | undefined][] = [
  ['without a token yet', { token: { refreshes: 0, failures: 0 } }, 'waiting for the first token'],
  [
    'whose first token is refused',
    { token: { refreshes: 0, failures: 1, lastError: 'InvalidAccessKeyId: no such key' } },
    'InvalidAccessKeyId: no such key',
  ],
  [
    'whose token has ended',
    { token: { expiresInSeconds: 0, refreshes: 1, failures: 0 } },
    'the token has expired',
  ],
  [
    'whose token has ended because the new one is refused',
    { token: { expiresInSeconds: -5, refreshes: 1, failures: 3, lastError: 'Throttling' } },
    'Throttling',
  ],
  [
    'whose refresh fails while the token still lives',
    { token: { expiresInSeconds: 60, refreshes: 1, failures: 3, lastError: 'Throttling' } },
    undefined,
  ],
  ['with a problem', { problem: 'no such queue' }, 'no such queue'],
  ['that MNS has not answered', { lastPollAt: 0 }, 'MNS has not answered yet'],
  ['in the middle of a long poll', { lastPollAt: NOW - 119_000 }, undefined],
  ['whose polls hang', { lastPollAt: NOW - 121_000 }, 'no poll has been answered for 121 s'],
  [
    'that does not poll because it is full',
    { lastPollAt: NOW - 121_000, inFlight: 1_024, backlog: 900 },
    undefined,
  ],
  ['that is empty for hours', { lastDeliveryAt: NOW - 300 * MINUTE }, undefined],
  [
    'whose deliveries hang',
    { lastDeliveryAt: NOW - 181_000, backlog: 12, backlogSince: NOW - 300_000 },
    '12 events wait and none was delivered for 181 s',
  ],
  [
    'that delivers slowly',
    { lastDeliveryAt: NOW - 179_000, backlog: 12, backlogSince: NOW - 300_000 },
    undefined,
  ],
  [
    'that never delivered what waits',
    { lastDeliveryAt: 0, backlog: 1, backlogSince: NOW - 200_000 },
    '1 events wait and none was delivered for 200 s',
  ],
  [
    'that has something to deliver again after hours without',
    { lastDeliveryAt: NOW - 300 * MINUTE, backlog: 1, backlogSince: NOW - 5_000 },
    undefined,
  ],
  [
    'whose deletes hang',
    { unacknowledgedSince: NOW - 121_000, lastAckAt: NOW - 500_000 },
    'finished messages wait and MNS confirmed no delete for 121 s',
  ],
  ['whose deletes take long', { unacknowledgedSince: NOW - 119_000 }, undefined],
  ['that has had nothing to delete for hours', { lastAckAt: NOW - 300 * MINUTE }, undefined],
  [
    'whose deletes hang and whose sink is down',
    { unacknowledgedSince: NOW - 121_000, downSink: 'webhook' },
    'finished messages wait and MNS confirmed no delete for 121 s',
  ],
];

test.each(cases)('a queue %s', (_, queue, reason) => {
  const expected = reason === undefined ? [] : [`Alicom-Queue-1-SmsReport: ${reason}`];
  expect(reasons({ queues: [queueStatus(queue)] })).toEqual(expected);
});

test('a daemon that starts is not ready, and says why it waits rather than that it starts', () => {
  expect(reasons({ phase: 'starting', queues: [] })).toEqual(['starting']);
  expect(reasons({ phase: 'starting', queues: [], problems: ['no Redis'] })).toEqual(['no Redis']);
});

const DOWN = sinkStatus({ state: 'down', downSince: NOW - 10 * MINUTE, problem: 'HTTP 503' });

test('a sink that is down says so once, however many queues wait for it and for how long', () => {
  const waiting = { downSink: DOWN.name, lastPollAt: NOW - 9 * MINUTE, lastDeliveryAt: NOW - 10 * MINUTE };
  const queues = ['a', 'b'].map((queueName) =>
    queueStatus({ queueName, ...waiting, backlog: 6, backlogSince: NOW - 10 * MINUTE }),
  );
  const idle = queueStatus({ queueName: 'c' });
  expect(reasons({ queues: [...queues, idle], sinks: [sinkStatus({ name: 'file' }), DOWN] })).toEqual([
    'sink webhook is down, receiving waits until it works: HTTP 503',
  ]);
});

test('a queue whose sink is down still says what else keeps it from working', () => {
  const queues = [
    queueStatus({ queueName: 'a', downSink: DOWN.name, problem: 'no such queue' }),
    queueStatus({ queueName: 'b', downSink: DOWN.name, token: { refreshes: 0, failures: 0 } }),
  ];
  expect(reasons({ queues, sinks: [DOWN] }).slice(1)).toEqual([
    'a: no such queue',
    'b: waiting for the first token',
  ]);
});

test('a queue that hangs beside one whose sink is down is told by the watchdog', () => {
  const hangs = { lastDeliveryAt: NOW - 181_000, backlog: 12, backlogSince: NOW - 300_000 };
  const queues = [
    queueStatus({ queueName: 'a', ...hangs, downSink: DOWN.name }),
    queueStatus({ queueName: 'b', ...hangs }),
  ];
  expect(reasons({ queues, sinks: [DOWN] }).slice(1)).toEqual([
    'b: 12 events wait and none was delivered for 181 s',
  ]);
});

test('a daemon that stops is not ready', () => {
  expect(reasons({ phase: 'stopping' })).toEqual(['stopping']);
});

test('every queue and every problem has its line', () => {
  const queues = [
    queueStatus({ queueName: 'a', problem: 'x' }),
    queueStatus({ queueName: 'b', lastPollAt: 0 }),
  ];
  expect(reasons({ queues, problems: ['slice 1 crashed'] })).toEqual([
    'slice 1 crashed',
    'a: x',
    'b: MNS has not answered yet',
  ]);
});

test.each([
  ['poll', { lastDeliveryAt: NOW - 181_000, backlog: 12, backlogSince: NOW - 300_000 }, undefined],
  ['poll', { lastPollAt: 0 }, 'MNS has not answered yet'],
  ['poll', { lastPollAt: 0, inFlight: 1_024, backlog: 1_024 }, undefined],
  ['poll', { lastPollAt: NOW - 121_000 }, 'no poll has been answered for 121 s'],
  ['deliver', { lastPollAt: 0 }, undefined],
  [
    'deliver',
    { lastPollAt: 0, lastDeliveryAt: NOW - 181_000, backlog: 12, backlogSince: NOW - 300_000 },
    '12 events wait and none was delivered for 181 s',
  ],
  [
    'deliver',
    { lastPollAt: 0, token: { expiresInSeconds: 0, refreshes: 1, failures: 0 } },
    'the token has expired',
  ],
  ['all', { lastPollAt: 0, inFlight: 1_024, backlog: 1_024 }, 'MNS has not answered yet'],
] as const)('role %s answers for what it does: %j', (role, queue, reason) => {
  const expected = reason === undefined ? [] : [`Alicom-Queue-1-SmsReport: ${reason}`];
  expect(reasons({ role, queues: [queueStatus(queue)] })).toEqual(expected);
});
