import { pino } from 'pino';
import { expect, test } from 'vitest';
import type { ReceivedMessage } from '../../src/mns/index.js';
import type { ReceiptJob } from '../../src/pipeline/index.js';
import { DriftLog } from '../../src/poll/drift-log.js';
import { Intake, type IntakeOptions } from '../../src/poll/intake.js';
import { Troubles } from '../../src/poll/troubles.js';
import { QueueStats } from '../../src/stats.js';

const log = pino({ level: 'silent' });

function message(messageId: string, overrides: Partial<ReceivedMessage> = {}): ReceivedMessage {
  return {
    messageId,
    body: '{"biz_id":"1","success":true,"phone_number":"1"}',
    receiptHandle: `handle of ${messageId}`,
    enqueueTime: 1_700_000_000_000,
    dequeueCount: 1,
    visibleUntil: Date.now() + 60_000,
    ...overrides,
  } as ReceivedMessage;
}

function setUp(overrides: Partial<IntakeOptions> = {}) {
  const stats = new QueueStats();
  const troubles = new Troubles(log);
  const order: string[] = [];
  const jobs: ReceiptJob[] = [];
  const stop = new AbortController();
  const intake = new Intake({
    origin: { mnsHost: 'mns.test', queueName: 'q', messageType: 'SmsReport' },
    capture: async (messages) => {
      order.push(`capture ${messages.map(({ messageId }) => messageId)}`);
    },
    handOff: async (handed) => {
      order.push(`hand off ${handed.map((job) => job.message.messageId)}`);
      jobs.push(...handed);
      return [];
    },
    onFinished: ({ messageId }) => order.push(`acknowledge ${messageId}`),
    onlyHere: false,
    stats,
    troubles,
    drift: new DriftLog(stats, log),
    hardStop: stop.signal,
    ...overrides,
  });
  return { intake, stats, troubles, order, jobs, stop };
}

/** Fails so often, then works. */
function failing(times: number, act: () => void): () => Promise<void> {
  let left = times;
  return async () => {
    left -= 1;
    if (left >= 0) throw new Error('no space left on device');
    act();
  };
}

test('a job says so when its message can be had from nowhere else', async () => {
  for (const onlyHere of [true, false]) {
    const { intake, jobs } = setUp({ onlyHere });
    await intake.take([message('good'), message('bad', { body: '' })]);
    expect(jobs.map((job) => job.onlyHere ?? false)).toEqual([onlyHere, onlyHere]);
  }
});

test('a message is captured before it is handed off', async () => {
  const { intake, order, stats } = setUp();
  await intake.take([message('a'), message('b')]);
  expect(order).toEqual(['capture a,b', 'hand off a,b']);
  expect(stats.counters).toMatchObject({ captured: 2, decoded: 2, handed_off: 2 });
});

test('nothing is handed off while it cannot be captured, and receiving is not worth it then', async () => {
  const seen: string[] = [];
  const { intake, order, troubles } = setUp({
    capture: failing(2, () => seen.push(troubles.current(true), String(troubles.healthy))),
  });
  await intake.take([message('a')]);
  expect(seen).toEqual([expect.stringContaining('no space left on device'), 'false']);
  expect(order).toEqual(['hand off a']);
  expect(troubles.healthy).toBe(true);
  expect(troubles.current(true)).toBe('');
});

test('messages that are ours no longer by the time it works are let go', async () => {
  const { intake, order } = setUp({ capture: failing(1, () => {}) });
  await intake.take([message('late', { visibleUntil: Date.now() - 1_000 }), message('b')]);
  expect(order).toEqual(['hand off b']);
});

test('what came again although it is finished is acknowledged', async () => {
  const { intake, order, stats } = setUp({
    capture: undefined,
    handOff: async (jobs) =>
      jobs.map(({ message: { messageId, receiptHandle, visibleUntil } }) => ({
        messageId,
        receiptHandle,
        visibleUntil,
      })),
  });
  await intake.take([message('again', { dequeueCount: 2 })]);
  expect(order).toEqual(['acknowledge again']);
  expect(stats.counters).toMatchObject({ redelivered: 1, captured: 0 });
});

test('a receipt that is deeper than can be written again keeps no other message out', async () => {
  const { intake, jobs } = setUp();
  const deep = `{"biz_id":"1","success":true,"err_msg":${'['.repeat(30_000)}${']'.repeat(30_000)}}`;
  await intake.take([message('deep', { body: deep }), message('b')]);
  expect(jobs.map(({ content }) => 'events' in content)).toEqual([true, true]);
});

test('a hard stop ends the trying; the messages stay in MNS', async () => {
  const { intake, order, stop } = setUp({ capture: failing(Number.POSITIVE_INFINITY, () => {}) });
  stop.abort();
  await expect(intake.take([message('a')])).rejects.toThrow('no space left on device');
  expect(order).toEqual([]);
});

test('a list is one job with all its events; a body that cannot be decoded goes along as it is', async () => {
  const { intake, jobs, stats } = setUp();
  await intake.take([
    message('list', { body: '[{"biz_id":"1"},{"biz_id":"2"}]' }),
    message('bad', { body: 'no base64 {' }),
  ]);
  expect(
    jobs.map(({ content }) => ('events' in content ? content.events.map(({ id }) => id) : content)),
  ).toEqual([['list#0', 'list#1'], { undecodable: 'no base64 {' }]);
  expect(stats.counters).toMatchObject({ decoded: 2, undecodable: 1, drifted: 1 });
});
