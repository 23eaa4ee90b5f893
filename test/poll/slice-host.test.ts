import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { parseConfig } from '../../src/config/index.js';
import { ReceiptdError, UsageError } from '../../src/errors.js';
import { observe } from '../../src/histogram.js';
import type { SliceEvents, SliceHandle, SliceSpec } from '../../src/poll/handle.js';
import { SliceHost } from '../../src/poll/index.js';
import { Places } from '../../src/poll/places.js';
import type { SliceSnapshot } from '../../src/poll/slice.js';
import type { SliceToken } from '../../src/poll/tokens.js';
import {
  type LastError,
  type RecentEvent,
  type SinkSnapshot,
  zeroCounters,
  zeroTimings,
} from '../../src/stats.js';

/** A slice without anything in it. */
class FakeSlice implements SliceHandle {
  readonly spec: SliceSpec;
  readonly events: SliceEvents;
  ready: Promise<void> = Promise.resolve();
  readonly tokens: string[] = [];
  primaries: readonly string[] = [];
  readonly woken: string[] = [];
  calls: string[] = [];
  counts: Record<string, number> = {};
  sinks: SinkSnapshot[] = [];
  trouble = '';
  lastError: LastError | undefined;
  unacknowledgedSince = 0;
  found: RecentEvent[] = [];

  constructor(spec: SliceSpec, events: SliceEvents) {
    this.spec = spec;
    this.events = events;
  }

  setToken(queueName: string, token: SliceToken): void {
    this.tokens.push(`${queueName} ${token.version}`);
  }

  setPrimary(queueNames: readonly string[]): void {
    this.primaries = queueNames;
  }

  wake(queueName: string): void {
    this.woken.push(queueName);
  }

  start(): void {
    this.calls.push('start');
  }

  kill(): void {
    this.calls.push('kill');
  }

  reopen(): void {
    this.calls.push('reopen');
  }

  stopped: Promise<void> = Promise.resolve();

  stop(pollGrace?: number): Promise<void> {
    this.calls.push(pollGrace === undefined ? 'stop' : `stop ${pollGrace}`);
    return this.stopped;
  }

  abort(): void {
    this.calls.push('abort');
  }

  async recent(): Promise<RecentEvent[]> {
    return this.found;
  }

  /** One that has delivered so many and sees as many in flight beside a backlog of 100. */
  snapshot(): SliceSnapshot {
    const queues = Object.fromEntries(
      Object.entries(this.counts).map(([queueName, delivered]) => [
        queueName,
        {
          counters: { ...zeroCounters(), delivered },
          timings: timingsOf(delivered),
          drift: { duration: delivered },
          inFlight: 100 + delivered,
          backlog: 100,
          backlogSince: delivered,
          lastPollAt: delivered,
          lastDeliveryAt: delivered,
          lastAckAt: delivered,
          unacknowledgedSince: this.unacknowledgedSince,
          lagSeconds: delivered / 10,
          ...(this.lastError !== undefined && { lastError: this.lastError }),
          problem: '',
          downSink: delivered > 10 ? 'hook' : '',
        },
      ]),
    );
    return { queues, sinks: this.sinks };
  }

  problem(): string {
    return this.trouble;
  }
}

/** Each took 2 s. */
function timingsOf(delivered: number) {
  const timings = zeroTimings();
  observe(timings.receive_to_delivered, 2, delivered);
  return timings;
}

const token = (version: number): SliceToken => ({
  version,
  accessKeyId: 'STS.1',
  accessKeySecret: 's',
  securityToken: 't',
});

function hostOf(count: number, queueNames = ['a', 'b', 'c']) {
  const spawned: FakeSlice[] = [];
  const fatal: Error[] = [];
  let next: (slice: FakeSlice) => void = () => {};
  const host = new SliceHost({
    config: parseConfig({
      queues: queueNames.map((queueName) => ({ messageType: 'SmsReport', queueName })),
    }),
    count,
    spawn: (spec, events) => {
      const slice = new FakeSlice(spec, events);
      next(slice);
      spawned.push(slice);
      return slice;
    },
    log: pino({ level: 'silent' }),
    onRefused: () => {},
    onFatal: (error) => fatal.push(error),
  });
  const at = (index: number): FakeSlice => {
    const slice = spawned.at(index);
    if (slice === undefined) throw new Error(`there is no slice ${index}`);
    return slice;
  };
  return {
    host,
    spawned,
    fatal,
    at,
    crash: (index: number) => at(index).events.onCrash(new Error('out of memory')),
    /** What is done to slices that are made from now on. */
    onSpawn: (act: (slice: FakeSlice) => void) => {
      next = act;
    },
  };
}

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe('starting', () => {
  test('makes the slices and spreads the queues over them, each in one place', async () => {
    const { host, spawned } = hostOf(2);
    await host.start();
    expect(spawned.map(({ spec }) => [spec.index, spec.slices])).toEqual([
      [0, 2],
      [1, 2],
    ]);
    expect(spawned.map(({ primaries }) => primaries)).toEqual([['a', 'c'], ['b']]);
  });

  test('fails with what makes a slice impossible', async () => {
    const { host, onSpawn } = hostOf(2);
    const refusal = new UsageError('SINK_UNWRITABLE', 'no');
    onSpawn((slice) => {
      if (slice.spec.index === 1) slice.ready = Promise.reject(refusal);
    });
    await expect(host.start()).rejects.toBe(refusal);
  });

  test('tells slices of tokens that came before them and after', async () => {
    const { host, spawned } = hostOf(2);
    host.setToken('a', token(1));
    await host.start();
    host.setToken('a', token(2));
    expect(spawned.map(({ tokens }) => tokens)).toEqual([
      ['a 1', 'a 2'],
      ['a 1', 'a 2'],
    ]);
  });
});

describe('a slice that crashes', () => {
  test('gives its queues to the others at once, and gets some back when it is restarted', async () => {
    const { host, spawned, crash, at } = hostOf(3);
    await host.start();
    host.setToken('b', token(7));
    crash(1);
    expect([at(0).primaries, at(2).primaries]).toEqual([['a', 'c'], ['b']]);
    expect(host.problems()).toEqual(['slice 1 crashed and is about to be restarted']);
    await pass(2_000);
    expect(spawned).toHaveLength(4);
    expect(at(3).spec.index).toBe(1);
    expect(at(3).tokens).toEqual(['b 7']);
    expect([0, 3, 2].map((index) => at(index).primaries)).toEqual([['a'], ['b'], ['c']]);
    expect(host.problems()).toEqual([]);
    expect(host.restarts).toBe(1);
  });

  test('again and again is restarted ever later, until one holds', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(0.5);
    const { host, spawned, crash } = hostOf(1);
    await host.start();
    const pauses: number[] = [];
    const untilRestarted = async () => {
      const [since, count] = [Date.now(), spawned.length];
      crash(-1);
      while (spawned.length === count) await pass(50);
      return Date.now() - since;
    };
    for (let round = 0; round < 8; round += 1) pauses.push(await untilRestarted());
    expect(pauses).toEqual([1_000, 1_500, 2_500, 4_500, 8_500, 15_500, 15_500, 15_500]);
    await pass(61_000);
    expect(await untilRestarted()).toBe(1_000);
    expect(host.restarts).toBe(9);
  });

  test('leaves its counts behind', async () => {
    const { host, crash, at } = hostOf(2, ['a']);
    await host.start();
    at(0).counts = { a: 5 };
    at(1).counts = { a: 7 };
    expect(host.snapshot().queues.a?.counters.delivered).toBe(12);
    crash(0);
    expect(host.snapshot().queues.a?.counters.delivered).toBe(12);
    await pass(2_000);
    at(2).counts = { a: 1 };
    crash(2);
    const sum = host.snapshot().queues.a;
    expect(sum).toMatchObject({ counters: { delivered: 13 }, drift: { duration: 13 } });
    expect(sum?.timings).toEqual(timingsOf(13));
  });

  test('ends the daemon when its successor finds that it can never work', async () => {
    const { host, crash, fatal, onSpawn } = hostOf(1);
    await host.start();
    const refusal = new UsageError('REDIS_EVICTS', 'no');
    onSpawn((slice) => {
      slice.ready = Promise.reject(refusal);
    });
    crash(0);
    await pass(2_000);
    expect(fatal).toEqual([refusal]);
  });

  test('before it was open is restarted without an unhandled rejection', async () => {
    const { host, crash, fatal, onSpawn } = hostOf(1);
    await host.start();
    onSpawn((slice) => {
      slice.ready = Promise.reject(new ReceiptdError('SLICE', 'the thread exited with 1'));
    });
    crash(0);
    await pass(2_000);
    onSpawn(() => {});
    crash(1);
    await pass(3_000);
    expect(host.restarts).toBe(2);
    expect(host.problems()).toEqual([]);
    expect(fatal).toEqual([]);
  });

  test('while the daemon stops stays down, and no timer keeps the process alive', async () => {
    const { host, spawned, crash } = hostOf(2);
    await host.start();
    crash(0);
    await host.stop();
    crash(1);
    expect(vi.getTimerCount()).toBe(0);
    await pass(60_000);
    expect(spawned).toHaveLength(2);
  });
});

describe('a busy queue', () => {
  test('wakes the other slices, but each queue only ten times a second', async () => {
    const { host, at } = hostOf(3);
    await host.start();
    for (let round = 0; round < 50; round += 1) {
      at(0).events.onBusy('a');
      await pass(10);
    }
    at(1).events.onBusy('b');
    expect(at(0).woken).toEqual(['b']);
    expect(at(1).woken).toEqual(Array(5).fill('a'));
    expect(at(2).woken).toEqual([...Array(5).fill('a'), 'b']);
  });
});

describe('the sum of the slices', () => {
  test('counts the shared backlog once', async () => {
    const { host, at } = hostOf(2, ['a', 'b']);
    await host.start();
    at(0).counts = { a: 5, b: 1 };
    at(1).counts = { a: 7 };
    expect(host.snapshot().queues).toMatchObject({
      a: { inFlight: 112, backlog: 100, lastPollAt: 7, lastDeliveryAt: 7 },
      b: { inFlight: 101, backlog: 100 },
    });
  });

  test('lags as its latest poll found, and has the latest trouble, also of a slice that is gone', async () => {
    const { host, crash, at } = hostOf(2, ['a']);
    await host.start();
    at(0).counts = { a: 50 };
    at(1).counts = { a: 7 };
    at(0).lastError = { at: 5, text: 'newer' };
    at(1).lastError = { at: 4, text: 'older' };
    expect(host.snapshot().queues.a).toMatchObject({ lagSeconds: 5, lastError: { at: 5, text: 'newer' } });
    crash(0);
    expect(host.snapshot().queues.a).toMatchObject({ lagSeconds: 0.7, lastError: { at: 5, text: 'newer' } });
  });

  test('has waited for deletes as long as the slice that has waited longest', async () => {
    const { host, at } = hostOf(3, ['a']);
    await host.start();
    for (const index of [0, 1, 2]) at(index).counts = { a: 1 };
    expect(host.snapshot().queues.a?.unacknowledgedSince).toBe(0);
    at(1).unacknowledgedSince = 2_000;
    at(2).unacknowledgedSince = 1_000;
    expect(host.snapshot().queues.a?.unacknowledgedSince).toBe(1_000);
  });

  test('has the newest events of all slices, but of none that is gone', async () => {
    const { host, crash, at } = hostOf(3, ['a']);
    await host.start();
    const event = (id: string, at: number): RecentEvent => ({
      id,
      at,
      queueName: 'a',
      messageType: 'SmsReport',
      outcome: 'delivered',
    });
    at(0).found = [event('x', 5), event('u', 1)];
    at(1).found = [event('w', 4), event('v', 2)];
    at(2).found = [event('y', 9)];
    crash(2);
    const found = await host.recent({ limit: 3 });
    expect(found.map(({ id }) => id)).toEqual(['x', 'w', 'v']);
  });

  test('has a sink down when it is in any slice, since it has been in the first', async () => {
    const { host, at } = hostOf(3, ['a']);
    await host.start();
    const down = (downSince: number, problem: string): SinkSnapshot => ({
      name: 'hook',
      state: 'down',
      circuit: 'open',
      downSince,
      problem,
      delivered: 2,
      failed: 5,
    });
    const file: SinkSnapshot = { name: 'file', state: 'up', circuit: 'closed', delivered: 4, failed: 0 };
    at(0).sinks = [file, { name: 'hook', state: 'up', circuit: 'closed', delivered: 3, failed: 0 }];
    at(1).sinks = [file, down(2_000, 'HTTP 500')];
    at(2).sinks = [file, down(1_000, 'HTTP 503')];
    at(2).counts = { a: 11 };
    expect(host.snapshot().sinks).toEqual([
      { ...file, delivered: 12 },
      { ...down(1_000, 'HTTP 503'), delivered: 7, failed: 10 },
    ]);
    expect(host.snapshot().queues.a?.downSink).toBe('hook');
  });

  test('keeps what a slice that crashed had counted of a sink, but not that it was down', async () => {
    const { host, crash, at } = hostOf(1, ['a']);
    await host.start();
    const down = { state: 'down', circuit: 'probing', downSince: 1, problem: 'HTTP 500' } as const;
    at(0).sinks = [{ name: 'hook', delivered: 2, failed: 5, ...down }];
    crash(0);
    const past = { name: 'hook', state: 'up', circuit: 'closed', delivered: 2, failed: 5 };
    expect(host.snapshot().sinks).toEqual([past]);
    await pass(2_000);
    at(1).sinks = [{ name: 'hook', delivered: 1, failed: 0, ...down }];
    expect(host.snapshot().sinks).toEqual([{ name: 'hook', ...down, delivered: 3, failed: 5 }]);
    crash(1);
    expect(host.snapshot().sinks).toEqual([{ ...past, delivered: 3 }]);
  });

  test('says each problem once', async () => {
    const { host, at } = hostOf(3);
    await host.start();
    for (const index of [0, 1]) at(index).trouble = 'no Redis';
    expect(host.problems()).toEqual(['no Redis']);
  });

  test('is there for every queue before any slice has reported', () => {
    const { host } = hostOf(2);
    expect(host.snapshot().queues.b).toMatchObject({ inFlight: 0, lastPollAt: 0, counters: zeroCounters() });
  });
});

describe('new slices', () => {
  /** Of other limits, and in another number. */
  const next = (count: number, oneAfterTheOther = false) => ({
    config: parseConfig({
      queues: ['a', 'b', 'c'].map((queueName) => ({ messageType: 'SmsReport', queueName })),
      ack: { linger: 7 },
      poll: { waitSeconds: 10 },
      shutdown: { pollGrace: 1_000, timeout: 5_000 },
    }),
    count,
    oneAfterTheOther,
  });

  test('take over once all of them are open: the queues, the tokens and the counts', async () => {
    const { host, spawned, at, onSpawn } = hostOf(2, ['a', 'b', 'c']);
    await host.start();
    host.setToken('a', token(1));
    at(0).counts = { a: 5 };
    let open: () => void = () => {};
    onSpawn((slice) => {
      slice.ready = new Promise((resolve) => {
        open = resolve;
      });
    });
    const replaced = host.replace(next(1));
    await pass(0);
    host.setToken('b', token(2));
    expect(at(2).tokens).toEqual(['a 1', 'b 2']);
    expect(at(2).calls).toEqual([]);
    expect(at(0).calls).toEqual(['start']);
    open();
    const { drained } = await replaced;
    expect(spawned.map(({ calls }) => calls)).toEqual([
      ['start', 'stop 35000'],
      ['start', 'stop 35000'],
      ['start'],
    ]);
    expect(at(2).primaries).toEqual(['a', 'b', 'c']);
    expect(at(2).spec).toMatchObject({ slices: 1, config: { ack: { linger: 7 } } });
    await drained;
    // Of what it has not done yet, the one before it was the last to do it.
    const latest = { lastPollAt: 5, lastDeliveryAt: 5, lastAckAt: 5 };
    expect(host.snapshot().queues.a).toMatchObject({ ...latest, lagSeconds: 0, inFlight: 0, backlog: 0 });
    at(2).counts = { a: 1 };
    expect(host.snapshot().queues.a).toMatchObject({
      ...latest,
      counters: { delivered: 6 },
      lagSeconds: 0.1,
    });
    host.reopen();
    expect(at(0).calls).not.toContain('reopen');
  });

  test('one of which cannot be opened change nothing', async () => {
    const { host, spawned, at, crash, onSpawn } = hostOf(2);
    await host.start();
    const refusal = new UsageError('SINK_UNWRITABLE', 'no');
    onSpawn((slice) => {
      if (slice.spec.index === 1) slice.ready = Promise.reject(refusal);
    });
    await expect(host.replace(next(2))).rejects.toBe(refusal);
    expect(spawned.map(({ calls }) => calls)).toEqual([['start'], ['start'], ['stop'], ['stop']]);
    expect(at(0).primaries).toEqual(['a', 'c']);
    // A slice that crashes is made as it was.
    onSpawn(() => {});
    crash(0);
    await pass(2_000);
    expect(at(4).spec).toMatchObject({ slices: 2, config: { ack: { linger: 50 } } });
  });

  test('one of which crashes before the others are open change nothing', async () => {
    const { host, at, crash, onSpawn } = hostOf(1);
    await host.start();
    let open: () => void = () => {};
    onSpawn((slice) => {
      if (slice.spec.index === 1)
        slice.ready = new Promise((resolve) => {
          open = resolve;
        });
    });
    const replaced = host.replace(next(2));
    replaced.catch(() => {});
    await pass(0);
    crash(1);
    open();
    await expect(replaced).rejects.toThrow('a new slice crashed');
    expect(at(0).calls).toEqual(['start']);
    expect(host.restarts).toBe(0);
  });

  test('begin after the old ones have ended where they may not share', async () => {
    const { host, at } = hostOf(1);
    await host.start();
    let end: () => void = () => {};
    at(0).stopped = new Promise((resolve) => {
      end = resolve;
    });
    const { drained } = await host.replace(next(1, true));
    expect(at(1).calls).toEqual([]);
    end();
    await drained;
    expect(at(1).calls).toEqual(['start']);
    expect(at(1).primaries).toEqual(['a', 'b', 'c']);
  });

  test('do not wait for ever for old ones, whose counts they take all the same', async () => {
    const { host, at } = hostOf(1, ['a']);
    await host.start();
    await (await host.replace(next(1))).drained;
    let end: () => void = () => {};
    at(1).stopped = new Promise((resolve) => {
      end = resolve;
    });
    at(1).counts = { a: 3 };
    const { drained } = await host.replace(next(1));
    await pass(16_000);
    expect(at(1).calls).toEqual(['start', 'stop 11000', 'abort']);
    expect(host.snapshot().queues.a?.counters.delivered).toBe(3);
    await pass(2_000);
    await drained;
    expect(at(1).calls).toEqual(['start', 'stop 11000', 'abort', 'kill']);
    expect(host.snapshot().queues.a?.counters.delivered).toBe(3);
    expect(vi.getTimerCount()).toBe(0);
    // Until it has ended, nobody else counts where it may still count.
    const held = new Places(at(1).spec.places, { queue: 0, slot: at(1).spec.slot });
    held.unacknowledged = 4;
    await (await host.replace(next(1))).drained;
    expect(at(3).spec.slot).not.toBe(at(1).spec.slot);
    expect(held.unacknowledged).toBe(4);
    end();
    await pass(0);
    expect(held.unacknowledged).toBe(0);
  });

  test('have taken over, also from one that cannot close what it had open', async () => {
    const { host, at } = hostOf(1, ['a']);
    await host.start();
    at(0).counts = { a: 3 };
    at(0).stopped = Promise.reject(new Error('disk full'));
    await (await host.replace(next(1))).drained;
    expect(at(0).calls).toEqual(['start', 'stop 35000']);
    expect(host.snapshot().queues.a).toMatchObject({ counters: { delivered: 3 }, inFlight: 0 });
    host.reopen();
    expect([at(0).calls, at(1).calls]).toEqual([
      ['start', 'stop 35000'],
      ['start', 'reopen'],
    ]);
  });

  test('and old ones all stop with the daemon', async () => {
    const { host, at, onSpawn } = hostOf(1);
    await host.start();
    let end: () => void = () => {};
    at(0).stopped = new Promise((resolve) => {
      end = resolve;
    });
    const { drained } = await host.replace(next(1));
    onSpawn((slice) => {
      slice.ready = new Promise(() => {});
    });
    host.replace(next(1)).catch(() => {});
    await pass(0);
    const stopping = host.stop();
    end();
    await Promise.all([stopping, drained]);
    // Polls of the old one get as little time now as all others.
    expect(at(0).calls).toEqual(['start', 'stop 35000', 'stop']);
    expect(at(1).calls).toEqual(['start', 'stop']);
    expect(at(2).calls).toEqual(['stop']);
  });

  test('that are told to stop before they are open are no reason to complain', async () => {
    const { host, at, onSpawn } = hostOf(1);
    await host.start();
    let refuse: (error: Error) => void = () => {};
    onSpawn((slice) => {
      slice.ready = new Promise((_, reject) => {
        refuse = reject;
      });
    });
    const replaced = host.replace(next(1));
    await pass(0);
    const stopping = host.stop();
    refuse(new ReceiptdError('REDIS_UNREACHABLE', 'no Redis'));
    await (await replaced).drained;
    await stopping;
    expect(at(0).calls).toEqual(['start', 'stop']);
    expect(at(1).calls).not.toContain('start');
  });
});

test('reopening, stopping and aborting reach every slice', async () => {
  const { host, spawned } = hostOf(2);
  await host.start();
  host.reopen();
  host.abort();
  await host.stop();
  expect(spawned.map(({ calls }) => calls)).toEqual([
    ['start', 'reopen', 'abort', 'stop'],
    ['start', 'reopen', 'abort', 'stop'],
  ]);
});
