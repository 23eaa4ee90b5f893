import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  conclude,
  type Drainable,
  type Ending,
  onceConfig,
  tellStuck,
  untilDone,
} from '../../src/cli/once.js';
import { type ConfigInput, parseConfig } from '../../src/config/index.js';
import { type Counter, zeroCounters } from '../../src/stats.js';
import { queueStatus, statusOf } from '../ops/statuses.js';

const PATIENCE = 60_000;

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

const configOf = (more: Partial<ConfigInput> = {}) =>
  parseConfig({ queues: [{ messageType: 'SmsReport', queueName: 'Q-1' }], ...more });

/** A daemon that is as a test says, and what comes of waiting for it. */
function bench(role: 'all' | 'poll' = 'all') {
  const counters = zeroCounters();
  const pipeline = { backend: 'redis', url: 'redis://one' } as const;
  const daemon: { drained: boolean } & Drainable = {
    drained: false,
    config: configOf({ role, pipeline }),
    status: () => statusOf({ queues: [queueStatus({ counters: { ...counters } })] }),
  };
  const stop = new AbortController();
  let ending: Ending | undefined;
  let start: () => void = () => {};
  const started = new Promise<void>((resolve) => {
    start = resolve;
  });
  void untilDone(daemon, started, PATIENCE, stop.signal).then((end) => {
    ending = end;
  });
  return {
    daemon,
    stop,
    start: () => start(),
    count: (name: Counter) => {
      counters[name] += 1;
    },
    after: async (ms: number) => {
      await vi.advanceTimersByTimeAsync(ms);
      return ending;
    },
  };
}

describe('it is done', () => {
  it('when the daemon has said so for a while, in which nothing moved', async () => {
    const { daemon, count, after } = bench();
    expect(await after(10_000)).toBeUndefined();
    daemon.drained = true;
    expect(await after(1_000)).toBeUndefined();
    // What a slice says is half a second old: another had one more by then.
    count('acknowledged');
    expect(await after(1_000)).toBeUndefined();
    daemon.drained = false;
    expect(await after(5_000)).toBeUndefined();
    daemon.drained = true;
    expect(await after(2_000)).toBe('drained');
  });
});

describe('it gives up', () => {
  it('when nothing has moved on for as long as its patience lasts', async () => {
    const { count, after } = bench();
    for (let round = 0; round < 10; round += 1) {
      count('retried');
      expect(await after(PATIENCE - 1_000)).toBeUndefined();
    }
    expect(await after(2_000)).toBe('stuck');
  });

  it('later when it took long to start', async () => {
    const { start, after } = bench();
    await after(PATIENCE - 1_000);
    start();
    expect(await after(PATIENCE - 1_000)).toBeUndefined();
    expect(await after(2_000)).toBe('stuck');
  });

  it('though messages come again and again that nothing is done with', async () => {
    const { count, after } = bench();
    for (let round = 0; round < 6; round += 1) {
      for (const name of ['received', 'redelivered', 'handed_off', 'dropped', 'expired'] as const)
        count(name);
      await after(PATIENCE / 5);
    }
    expect(await after(0)).toBe('stuck');
  });

  it('not while it only polls, and hands over what it gets', async () => {
    const { count, after } = bench('poll');
    for (let round = 0; round < 6; round += 1) {
      count('handed_off');
      await after(PATIENCE / 5);
    }
    expect(await after(0)).toBeUndefined();
  });

  it('at a signal, at once', async () => {
    const { stop, after } = bench();
    stop.abort();
    expect(await after(0)).toBe('interrupted');
  });
});

describe('what it says', () => {
  function said(act: (log: pino.Logger) => unknown) {
    const lines: string[] = [];
    const log = pino({ base: null }, { write: (line: string) => void lines.push(JSON.parse(line).msg) });
    return { code: act(log), lines };
  }
  const done = (dead: number) =>
    statusOf({
      queues: [
        queueStatus({ counters: { ...zeroCounters(), received: 9, delivered: 8, dead, acknowledged: 9 } }),
      ],
    });

  it.each<[Ending, number, number, string[]]>([
    [
      'drained',
      0,
      0,
      ['once: drained: received 9, delivered 8, filtered 0, duplicates 0, dead 0, acknowledged 9, in 1.5 s'],
    ],
    [
      'drained',
      1,
      1,
      [
        'once: 1 message(s) became dead letters, kept in the store: see receiptd dead list',
        'once: drained: received 9, delivered 8, filtered 0, duplicates 0, dead 1, acknowledged 9, in 1.5 s',
      ],
    ],
    ['stuck', 0, 1, [expect.stringMatching(/^once: not drained, what is left comes again: received 9/)]],
    ['interrupted', 0, 1, [expect.stringMatching(/^once: not drained/)]],
  ])('%s with %i dead letters: exit code %i', (ending, dead, code, lines) => {
    expect(said((log) => conclude(log, done(dead), ending, 1_500))).toEqual({ code, lines });
  });

  it('why it gave up: what the daemon is not ready for, else what waits', () => {
    const waiting = statusOf({ queues: [queueStatus({ inFlight: 3 })] });
    expect(said((log) => tellStuck(log, waiting, PATIENCE)).lines).toEqual([
      'once: nothing has moved on for 60 s, giving up: 3 message(s) wait for a retry',
    ]);
    const down = statusOf({ reasons: ['sink hook is down', 'no Redis'] });
    expect(said((log) => tellStuck(log, down, PATIENCE)).lines).toEqual([
      'once: nothing has moved on for 60 s, giving up: sink hook is down; no Redis',
    ]);
  });
});

it('polls no longer than two seconds, or less where that is configured', () => {
  expect(onceConfig(configOf()).poll.waitSeconds).toBe(2);
  expect(onceConfig(configOf({ poll: { waitSeconds: 0 } })).poll.waitSeconds).toBe(0);
});
