import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DataDirInUseError, openBackend, type PipelineConfig } from '../../src/pipeline/index.js';
import { decode, toLine } from '../../src/receipts/index.js';
import { Tally } from '../../src/replay/tally.js';
import { DeadLetterError } from '../../src/sinks/index.js';
import { TestRedis } from '../support/redis.js';
import { duplicates } from '../support/site.js';
import { until } from '../support/until.js';
import { Rig } from './rig.js';
import { base64, capture, captured, idOf, receipt, scratch } from './support.js';

let redis: TestRedis;
beforeAll(async () => {
  redis = await TestRedis.start();
});
afterAll(() => redis[Symbol.asyncDispose]());

const ids = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => idOf(from + index));

describe.each(['embedded', 'redis'] as const)('over the %s store', (backend) => {
  const pipeline = (): Partial<PipelineConfig> =>
    backend === 'redis' ? { backend, url: redis.url } : { backend };

  it('gives the events of the daemon, to the byte, and leaves nothing behind', async () => {
    await using dir = await scratch();
    const rig = new Rig(dir, pipeline());
    await rig.file('a', capture(150));
    await rig.file(
      'b',
      capture(3, (n) => ({ messageId: idOf(1_000 + n), dequeueCount: 4 })),
    );
    const { finished, tally } = await rig.run();
    expect(finished).toBe(true);
    const expected = [...Array(150).keys()]
      .map((index) => captured(index + 1))
      .concat([1, 2, 3].map((n) => captured(n, { messageId: idOf(1_000 + n), dequeueCount: 4 })))
      .flatMap((message) => {
        const decoded = decode(message, { ...message, mnsHost: 'mns.test' });
        return 'events' in decoded ? decoded.events.map(toLine) : [];
      });
    expect(rig.sink.lines.toSorted()).toEqual(expected.toSorted());
    expect(tally.total('ok', 'drifted')).toBe(153);
    expect(await readdir(dir.path('data/replay'))).toEqual([]);
    expect(await leftInRedis()).toEqual([]);
  });

  it('goes on where it was stopped: nothing is lost, nothing comes twice', async () => {
    await using dir = await scratch();
    const rig = new Rig(dir, pipeline());
    await rig.file('a', capture(400));
    for (const stopAt of [60, 200]) {
      const stop = new AbortController();
      rig.sink.act = () => {
        if (rig.sink.seen.length >= stopAt) stop.abort();
      };
      const resume = stopAt > 60;
      const { finished, tally, error } = await rig.run({ resume, stop: stop.signal, maxInFlight: 64 });
      expect({ finished, error }).toEqual({ finished: false, error: undefined });
      expect(tally.done).toBe(rig.sink.lines.length);
      expect(rig.sink.lines.length).toBeLessThan(400);
    }
    rig.sink.act = () => {};
    const { finished, tally } = await rig.run({ resume: true });
    expect({ finished, done: tally.done, delivered: tally.total('ok', 'drifted') }).toEqual({
      finished: true,
      done: 400,
      delivered: 400,
    });
    expect(duplicates(rig.sink.confirmed)).toEqual([]);
    expect(rig.sink.confirmed.toSorted()).toEqual(ids(1, 400));
    expect(existsSync(dir.path('data/replay/checkpoint.json'))).toBe(false);
  });
});

const queuePipeline = (): Partial<PipelineConfig> => ({ backend: 'redis', url: redis.url });

it('drops the same receipt in another message where that is configured, also after a stop', async () => {
  await using dir = await scratch();
  const rig = new Rig(dir, queuePipeline());
  const twice = (n: number) => ({ body: base64(receipt(n % 30)) });
  await rig.file('a', capture(60, twice));
  const stop = new AbortController();
  rig.sink.act = () => {
    if (rig.sink.seen.length >= 20) stop.abort();
  };
  const dedupe = { by: 'idempotencykey', window: 3_600_000 } as const;
  const first = await rig.run({ dedupe, stop: stop.signal, maxInFlight: 32 });
  expect(first).toMatchObject({ finished: false, notes: [] });
  const { finished, tally } = await rig.run({ dedupe, resume: true });
  expect({ finished, done: tally.done, failures: tally.failures }).toEqual({
    finished: true,
    done: 60,
    failures: 0,
  });
  expect(rig.sink.lines).toHaveLength(30);
  expect(await leftInRedis()).toEqual([]);
  // Another replay is meant to deliver again.
  expect((await rig.run({ dedupe })).finished).toBe(true);
  expect(rig.sink.lines).toHaveLength(60);
});

it('sorts out what cannot be delivered, and keeps it in a file that can be replayed', async () => {
  await using dir = await scratch();
  const rig = new Rig(dir, queuePipeline());
  const broken: Record<number, Partial<ReturnType<typeof captured>>> = {
    2: { body: 'not a body {' },
    3: { messageType: 'Unwanted' },
    5: { messageId: idOf(1), dequeueCount: 2 },
  };
  await rig.file(
    'a',
    capture(6, (n) => broken[n] ?? {}),
  );
  rig.sink.act = ({ id }) => {
    if (id === idOf(4)) throw new DeadLetterError('number 13800138000 is unknown');
  };
  const { finished, tally } = await rig.run({ dead: 'dead' });
  expect(finished).toBe(true);
  expect(rig.sink.confirmed.toSorted()).toEqual([idOf(1), idOf(6)]);
  const { types, duplicates: again } = tally.data;
  expect(again).toBe(1);
  expect(types.SmsReport?.counts).toMatchObject({ undecodable: 1, failed: 1 });
  expect(types.Unwanted?.counts).toMatchObject({ failed: 1 });
  expect(types.Unwanted?.samples.failed?.[0]?.place).toBe(`${dir.path('a')}:3`);
  expect(types.SmsReport?.samples.failed?.[0]?.reason).toMatch(/^sink: number .* is unknown$/);
  expect(JSON.stringify(tally.data)).not.toContain('13800138000');
  const lines = (await rig.read('dead')).trim().split('\n');
  const dead = lines.map((line) => JSON.parse(line)).toSorted((a, b) => (a.messageId < b.messageId ? -1 : 1));
  expect(dead).toEqual([2, 3, 4].map((n) => captured(n, broken[n])));

  // The sink is mended: what could be delivered now is, as it would have been.
  rig.files.splice(0, 1, dir.path('dead'));
  rig.sink.act = () => {};
  const second = await rig.run();
  expect(second.tally.total('undecodable', 'failed')).toBe(2);
  expect(rig.sink.confirmed.toSorted()).toEqual([idOf(1), idOf(4), idOf(6)]);
});

it('keeps what is under way within its limit', async () => {
  await using dir = await scratch();
  const rig = new Rig(dir, queuePipeline());
  await rig.file('a', capture(100));
  const stop = new AbortController();
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  rig.sink.act = () => held;
  const running = rig.run({ maxInFlight: 10, concurrency: 4, stop: stop.signal });
  await until('deliveries', () => rig.sink.seen.length === 4);
  const jobs = async () => (await leftInRedis()).filter((key) => /:A[0-9A-F]{31}$/.test(key)).length;
  await until('the limit', async () => (await jobs()) === 10);
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(await jobs()).toBe(10);
  stop.abort();
  release();
  expect((await running).finished).toBe(false);
  expect(rig.sink.seen.length).toBeLessThanOrEqual(10);
  rig.sink.act = () => {};
  expect((await rig.run({ resume: true })).finished).toBe(true);
  expect(rig.sink.confirmed.toSorted()).toEqual(ids(1, 100));
});

it('does not burn a file on a sink that is down', async () => {
  await using dir = await scratch();
  const rig = new Rig(dir, queuePipeline());
  await rig.file('a', capture(500));
  let down = true;
  rig.sink.act = () => {
    if (down) throw new Error('connection refused');
  };
  const running = rig.run({ maxInFlight: 16, attempts: 100 });
  await until('it to notice', () => rig.sink.seen.length > 100);
  expect(new Set(rig.sink.seen).size).toBeLessThanOrEqual(16);
  down = false;
  const { finished, tally, notes } = await running;
  expect(finished).toBe(true);
  expect(tally.failures).toBe(0);
  expect(rig.sink.confirmed.toSorted()).toEqual(ids(1, 500));
  expect(notes).toEqual([
    'delivering fails, the rest waits: sink: connection refused',
    'delivering works again',
  ]);
});

it('goes on after failures without writing them twice', async () => {
  await using dir = await scratch();
  const rig = new Rig(dir, queuePipeline());
  await rig.file(
    'a',
    capture(120, (n) => (n % 10 === 0 ? { body: '{' } : {})),
  );
  const stop = new AbortController();
  rig.sink.act = ({ id }) => {
    if (rig.sink.seen.length >= 50) stop.abort();
    if (id.endsWith('3')) throw new DeadLetterError('unlucky');
  };
  expect((await rig.run({ dead: 'dead', stop: stop.signal, maxInFlight: 32 })).finished).toBe(false);
  const { finished, tally } = await rig.run({ dead: 'dead', resume: true });
  expect(finished).toBe(true);
  const unlucky = ids(1, 120).filter((id, index) => id.endsWith('3') && (index + 1) % 10 !== 0);
  expect(tally.total('undecodable')).toBe(12);
  expect(tally.total('failed')).toBe(unlucky.length);
  const dead = (await rig.read('dead'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).messageId as string);
  const undecodable = ids(1, 120).filter((_, index) => (index + 1) % 10 === 0);
  expect(dead.toSorted()).toEqual([...unlucky, ...undecodable].toSorted());
});

it('takes up what an earlier run had handed off and was killed before it could write down', async () => {
  await using dir = await scratch();
  const rig = new Rig(dir, queuePipeline());
  await rig.file('a', capture(60));
  const stop = new AbortController();
  rig.sink.act = ({ id }) => {
    if (rig.sink.seen.length === 30) stop.abort();
    if (id.endsWith('3')) throw new DeadLetterError('unlucky');
  };
  await rig.run({ stop: stop.signal, maxInFlight: 50, concurrency: 2, keepJobs: true, dead: 'dead' });
  const path = dir.path('data/replay/checkpoint.json');
  const checkpoint = JSON.parse(await readFile(path, 'utf8'));
  expect(checkpoint.tally.types.SmsReport.counts.failed).toBeGreaterThan(0);
  const older = { read: 5, pending: [2, 4], tally: new Tally().data, dead: { ...checkpoint.dead, bytes: 0 } };
  await writeFile(path, JSON.stringify({ ...checkpoint, ...older }));
  const { finished, tally } = await rig.run({ resume: true, dead: 'dead' });
  expect(finished).toBe(true);
  // All but the three that the checkpoint says were done with.
  expect(tally.done).toBe(57);
  const unlucky = ids(1, 60).filter((id) => id.endsWith('3'));
  expect(duplicates(rig.sink.seen)).toEqual([]);
  expect(rig.sink.seen.toSorted()).toEqual(ids(1, 60));
  const dead = (await rig.read('dead'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).messageId as string);
  expect(dead.toSorted()).toEqual(unlucky.filter((id) => id !== idOf(3)));
});

it('ends with a word when the store has lost its jobs', async () => {
  await using dir = await scratch();
  const rig = new Rig(dir, queuePipeline());
  await rig.file('a', capture(20));
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  rig.sink.act = () => held;
  const running = rig.run({ quietFor: 100, concurrency: 1 });
  await until('deliveries', () => rig.sink.seen.length > 0);
  const client = new Redis(redis.url);
  const [jobs] = (await client.keys('*replay-*:wait')).toSorted();
  expect(jobs).toBeDefined();
  await client.flushall();
  client.disconnect();
  await new Promise((resolve) => setTimeout(resolve, 200));
  release();
  const { error } = await running;
  expect(String(error)).toMatch(/the pipeline's store has lost \d+ messages that were under way: --resume/);
  rig.sink.act = () => {};
  expect((await rig.run({ resume: true })).finished).toBe(true);
  expect(new Set(rig.sink.confirmed)).toEqual(new Set(ids(1, 20)));
});

it('refuses to resume what is not there or is not the same', async () => {
  await using dir = await scratch();
  const rig = new Rig(dir, queuePipeline());
  await rig.file('a', capture(50));
  await expect(rig.run({ resume: true })).rejects.toThrow(
    /^--resume: no stopped replay in .*: start from the beginning/,
  );
  const stop = new AbortController();
  rig.sink.act = () => stop.abort();
  await rig.run({ stop: stop.signal });
  await expect(rig.run({ resume: true, filter: { types: ['SmsReport'] } })).rejects.toThrow(/another --type/);
  await rig.file('a', capture(51));
  rig.files.pop();
  await expect(rig.run({ resume: true })).rejects.toThrow(/a has changed since the replay was stopped/);
  rig.sink.act = () => {};
  const { finished, notes } = await rig.run();
  expect(finished).toBe(true);
  expect(notes).toEqual([
    expect.stringMatching(
      /^a replay of .*a that was stopped after \d+ messages is discarded; --resume would have/,
    ),
  ]);
  expect(await leftInRedis()).toEqual([]);
});

it('runs beside a daemon on the same directory, but not beside another replay', async () => {
  await using dir = await scratch();
  const rig = new Rig(dir, { backend: 'embedded' });
  await rig.file('a', capture(5));
  const daemon = await openBackend(rig.pipeline);
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  rig.sink.act = () => held;
  const running = rig.run();
  await until('deliveries', () => rig.sink.seen.length > 0);
  await expect(rig.run()).rejects.toThrow(DataDirInUseError);
  release();
  expect((await running).finished).toBe(true);
  await daemon.close();
});

it('ends with what keeps it from going on, and goes on once that is mended', async () => {
  await using dir = await scratch();
  const rig = new Rig(dir, queuePipeline());
  await rig.file('a', capture(100));
  rig.sink.act = async () => {
    // The directory of the checkpoint goes away under the replay.
    if (rig.sink.seen.length === 10) renameSync(dir.path('data/replay'), dir.path('data/gone'));
    await new Promise((resolve) => setTimeout(resolve, 20));
  };
  const { error, finished } = await rig.run({ concurrency: 4, maxInFlight: 16 });
  expect(finished).toBe(false);
  expect(String(error)).toMatch(/checkpoint\.json: cannot be written \(ENOENT\)/);
  rmSync(dir.path('data/replay'), { recursive: true, force: true });
  mkdirSync(dir.path('data'), { recursive: true });
  renameSync(dir.path('data/gone'), dir.path('data/replay'));
  rig.sink.act = () => {};
  expect((await rig.run({ resume: true })).finished).toBe(true);
  expect(duplicates(rig.sink.confirmed)).toEqual([]);
  expect(rig.sink.confirmed.toSorted()).toEqual(ids(1, 100));
});

it('delivers each receipt of a list, and the message only once', async () => {
  await using dir = await scratch();
  const rig = new Rig(dir, queuePipeline());
  const body = base64([receipt(1), receipt(2)]);
  await rig.file(
    'a',
    capture(1, () => ({ body })),
  );
  const { tally } = await rig.run();
  expect(rig.sink.confirmed.toSorted()).toEqual([`${idOf(1)}#0`, `${idOf(1)}#1`]);
  expect(tally.done).toBe(1);
});

/** Keys of replays. */
async function leftInRedis(): Promise<string[]> {
  const client = new Redis(redis.url);
  try {
    return await client.keys('*replay-*');
  } finally {
    client.disconnect();
  }
}
