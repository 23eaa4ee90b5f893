import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { MnsAuthError, MnsHandleError } from '../../src/mns/index.js';
import { type Envelope, jobIdOf, type ReceiptJob, type StoredJob } from '../../src/pipeline/index.js';
import { CHANGES, isWorthHiding, Visibility, type Wait } from '../../src/poll/visibility.js';
import { QueueStats } from '../../src/stats.js';
import { dice, whole } from '../support/random.js';

const TIMEOUT = 30_000;

beforeEach(() => {
  vi.useFakeTimers({ now: 1_800_000_000_000 });
});

afterEach(() => {
  vi.useRealTimers();
});

/** A store and an MNS that do what they are asked, and remember it. */
function setUp() {
  const jobs = new Map<string, StoredJob>();
  const changes: { handle: string; seconds: number }[] = [];
  const asked: string[][] = [];
  const lines: string[] = [];
  const seen = { reads: 0, open: 0, mostOpen: 0 };
  const stats = new QueueStats();
  const mns = {
    change: async (handle: string, seconds: number) => ({
      receiptHandle: `${handle}+`,
      visibleUntil: Date.now() + seconds * 1000,
    }),
  };
  const add = (messageId: string, message: Partial<Envelope> = {}, more: Partial<StoredJob> = {}) => {
    const job = {
      id: jobIdOf(messageId),
      attemptsMade: 0,
      attemptsStarted: 0,
      data: {
        message: {
          messageId,
          enqueueTime: 0,
          dequeueCount: 1,
          receiptHandle: `h-${messageId}`,
          visibleUntil: Date.now() + TIMEOUT,
          ...message,
        },
        content: { events: [] },
      },
      updateData: async (data: ReceiptJob) => {
        job.data = data;
      },
      ...more,
    };
    jobs.set(jobIdOf(messageId), job as unknown as StoredJob);
    return job.data.message;
  };
  const visibility = new Visibility({
    store: {
      getJob: async (id) => jobs.get(id),
      getJobs: async (_types, from = 0, to = -1) => {
        seen.reads += 1;
        return [...jobs.values()].slice(from, to + 1);
      },
    },
    change: async (handle, seconds) => {
      changes.push({ handle, seconds });
      seen.open += 1;
      seen.mostOpen = Math.max(seen.mostOpen, seen.open);
      try {
        return await mns.change(handle, seconds);
      } finally {
        seen.open -= 1;
      }
    },
    removeUntried: async (read) => {
      const ids = read.map(({ id }) => id);
      asked.push(ids);
      return ids.filter((id) => jobs.delete(id)).length;
    },
    stats,
    log: pino({ level: 'warn' }, { write: (line: string) => lines.push(line) }),
    signal: new AbortController().signal,
  });
  const receive = (count: number) =>
    visibility.noteBatch(
      Array.from({ length: count }, () => ({
        receivedAt: Date.now(),
        visibleUntil: Date.now() + TIMEOUT,
      })),
    );
  return { jobs, changes, asked, lines, seen, stats, mns, add, visibility, receive };
}

const pass = (ms = 0) => vi.advanceTimersByTimeAsync(ms);

describe('a retry that is due after the handle has ended', () => {
  test('by more than one timeout is worth a request: the job gets the new handle, good beyond the retry', async () => {
    const { visibility, add, changes, jobs, stats } = setUp();
    const dueAt = Date.now() + 3 * TIMEOUT;
    visibility.retryScheduled(add('m'), dueAt);
    await pass();
    expect(changes).toEqual([{ handle: 'h-m', seconds: 120 }]);
    expect(jobs.get(jobIdOf('m'))?.data).toMatchObject({
      message: { messageId: 'm', receiptHandle: 'h-m+', visibleUntil: dueAt + TIMEOUT },
      content: { events: [] },
    });
    expect(stats.counters.extended).toBe(1);
  });

  test('by one timeout or less is not: the message comes again once', async () => {
    const { visibility, add, changes, seen } = setUp();
    visibility.retryScheduled(add('soon'), Date.now() + 1_000);
    visibility.retryScheduled(add('later'), Date.now() + 2 * TIMEOUT);
    await pass();
    expect([changes, seen.open]).toEqual([[], 0]);
  });

  test('on a busy queue has to be as far away as a receive brings messages', async () => {
    const { visibility, add, changes, receive } = setUp();
    for (let round = 0; round < 30; round += 1) receive(16);
    visibility.retryScheduled(add('a'), Date.now() + 16 * TIMEOUT);
    await pass();
    expect(changes).toEqual([]);
    visibility.retryScheduled(add('b'), Date.now() + 18 * TIMEOUT);
    await pass();
    expect(changes).toHaveLength(1);
  });

  test('further than MNS can hide a message hides it for as long as it can', async () => {
    const { visibility, add, changes } = setUp();
    visibility.retryScheduled(add('m'), Date.now() + 24 * 3_600_000);
    await pass();
    expect(changes).toEqual([{ handle: 'h-m', seconds: 43_200 }]);
  });

  test('asks MNS with the handle that the store has, and never with a void one', async () => {
    const { visibility, add, changes, jobs } = setUp();
    const dueAt = Date.now() + 10 * TIMEOUT;
    const before = { ...add('m') };
    add('m', { receiptHandle: 'newer' });
    visibility.retryScheduled(before, dueAt);
    visibility.retryScheduled(add('void', { visibleUntil: Date.now() }), dueAt);
    jobs.delete(jobIdOf('gone'));
    visibility.retryScheduled({ ...before, messageId: 'gone' }, dueAt);
    await pass();
    expect(changes.map(({ handle }) => handle)).toEqual(['newer']);
  });

  test('never gives the job an older handle than it has', async () => {
    const { visibility, add, mns, jobs } = setUp();
    mns.change = async (receiptHandle) => {
      add('m', { receiptHandle: 'of the redelivery', visibleUntil: Date.now() + 20 * TIMEOUT });
      return { receiptHandle: `${receiptHandle}+`, visibleUntil: Date.now() + 19 * TIMEOUT };
    };
    visibility.retryScheduled(add('m'), Date.now() + 18 * TIMEOUT);
    await pass();
    expect(jobs.get(jobIdOf('m'))?.data.message.receiptHandle).toBe('of the redelivery');
  });

  test('does not lose the new handle to a store that is away for a moment', async () => {
    const { visibility, add, jobs } = setUp();
    let failures = 2;
    const message = add('m');
    const job = jobs.get(jobIdOf('m')) as StoredJob;
    const update = job.updateData;
    job.updateData = async (data) => {
      failures -= 1;
      if (failures >= 0) throw new Error('Stream is not writeable');
      await update(data);
    };
    visibility.retryScheduled(message, Date.now() + 10 * TIMEOUT);
    await pass(5_000);
    expect(jobs.get(jobIdOf('m'))?.data.message.receiptHandle).toBe('h-m+');
  });

  test('keeps few requests under way however many there are, and none after the end', async () => {
    const { visibility, add, mns, changes, seen } = setUp();
    const answers: (() => void)[] = [];
    const { change } = mns;
    mns.change = async (handle, seconds) => {
      await new Promise<void>((resolve) => answers.push(resolve));
      return change(handle, seconds);
    };
    for (let n = 0; n < 50; n += 1) visibility.retryScheduled(add(`m${n}`), Date.now() + 10 * TIMEOUT);
    await pass();
    expect(changes).toHaveLength(CHANGES);
    answers.shift()?.();
    await pass();
    expect([changes.length, seen.mostOpen]).toEqual([CHANGES + 1, CHANGES]);
    const closed = visibility.close();
    for (const answer of answers) answer();
    await closed;
    visibility.retryScheduled(add('late'), Date.now() + 10 * TIMEOUT);
    await pass();
    expect(changes).toHaveLength(CHANGES + 1);
  });
});

describe('when MNS refuses', () => {
  const details = { operation: 'ChangeMessageVisibility', queueName: 'q', status: 403 } as const;

  test('because the token does not permit it, says so once and asks no more', async () => {
    const { visibility, add, mns, changes, lines, stats } = setUp();
    mns.change = async () => {
      throw new MnsAuthError('AccessDenied (HTTP 403)', { ...details, code: 'AccessDenied' });
    };
    for (let n = 0; n < 20; n += 1) visibility.retryScheduled(add(`m${n}`), Date.now() + 10 * TIMEOUT);
    await pass();
    visibility.retryScheduled(add('x'), Date.now() + 10 * TIMEOUT);
    await pass(60_000);
    expect(changes.length).toBeLessThanOrEqual(CHANGES);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain('AccessDenied');
    expect(stats.counters.extended).toBe(0);
  });

  test.each([
    ['the handle', new MnsHandleError('gone', { ...details, status: 404, code: 'MessageNotExist' })],
    ['the token', new MnsAuthError('expired', { ...details, code: 'SecurityTokenExpired' })],
    ['anything', new Error('ECONNRESET')],
  ])('%s, lets the message come again and goes on with others', async (_, error) => {
    const { visibility, add, mns, changes, lines, jobs } = setUp();
    const { change } = mns;
    mns.change = async () => {
      throw error;
    };
    visibility.retryScheduled(add('a'), Date.now() + 10 * TIMEOUT);
    await pass(60_000);
    expect([changes.length, jobs.get(jobIdOf('a'))?.data.message.receiptHandle, lines]).toEqual([
      1,
      'h-a',
      [],
    ]);
    mns.change = change;
    visibility.retryScheduled(add('b'), Date.now() + 10 * TIMEOUT);
    await pass();
    expect(jobs.get(jobIdOf('b'))?.data.message.receiptHandle).toBe('h-b+');
  });
});

describe('while a sink is down', () => {
  test('drops what nobody has tried and whose handle is void, and nothing else', async () => {
    const { visibility, add, asked, jobs, stats } = setUp();
    const visibleUntil = Date.now() - 1_000;
    add('void', { visibleUntil });
    add('alive');
    // MNS tells its time in seconds: this one may still be ours.
    add('almost', { visibleUntil: Date.now() - 500 });
    add('tried', { visibleUntil }, { attemptsMade: 1 });
    add('begun', { visibleUntil }, { attemptsStarted: 1 });
    add('only here', { visibleUntil });
    const only = jobs.get(jobIdOf('only here')) as StoredJob;
    only.data = { ...only.data, onlyHere: true };
    add('put there by hand', { visibleUntil }, { id: 'another' });
    await visibility.sweep();
    expect(asked).toEqual([[jobIdOf('void')]]);
    expect([jobs.has(jobIdOf('void')), jobs.size, stats.counters.dropped]).toEqual([false, 6, 1]);
  });

  test('looks through all pages, and again when the next handle ends', async () => {
    const { visibility, add, jobs, seen, stats } = setUp();
    for (let n = 0; n < 950; n += 1)
      add(`m${n}`, { visibleUntil: Date.now() + (n % 3 === 0 ? 10_000 : -5_000) });
    await visibility.sweep();
    expect([jobs.size, stats.counters.dropped]).toEqual([317, 633]);
    const { reads } = seen;
    for (let second = 0; second < 10; second += 1) {
      await pass(1_000);
      await visibility.sweep();
    }
    expect(seen.reads).toBe(reads);
    await pass(1_000);
    await visibility.sweep();
    expect([jobs.size, stats.counters.dropped]).toEqual([0, 950]);
  });
});

/** What a message costs MNS between the end of its handle and its retry, stepped through as MNS does it. */
function cost(rule: (wait: Wait) => boolean, wait: Wait): number {
  if (rule(wait)) return 1;
  let requests = 0;
  for (let at = wait.visibleUntil; at < wait.dueAt; at += wait.timeout) requests += 1 / wait.batch;
  return requests;
}

test.each(Array.from({ length: 20 }, (_, index) => index + 1))(
  'the rule never costs more requests than always hiding or never hiding (dice of seed %i)',
  (seed) => {
    const random = dice(seed);
    const total = { rule: 0, always: 0, never: 0 };
    for (let n = 0; n < 500; n += 1) {
      const wait = {
        visibleUntil: whole(random, 0, 60_000),
        dueAt: whole(random, 0, random() < 0.5 ? 90_000 : 900_000),
        timeout: whole(random, 1_000, 60_000),
        batch: whole(random, 1, 16),
      };
      const rule = cost(isWorthHiding, wait);
      // A message that is due before its handle ends needs neither.
      const always = wait.dueAt <= wait.visibleUntil ? 0 : cost(() => true, wait);
      const never = cost(() => false, wait);
      expect(rule).toBeLessThanOrEqual(Math.min(always, never) + 1e-9);
      total.rule += rule;
      total.always += always;
      total.never += never;
    }
    expect(total.rule).toBeLessThan(Math.min(total.always, total.never));
  },
);
