import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  type Emulator,
  type GenerateOptions,
  type GeneratorTime,
  startEmulator,
  startGenerating,
} from '../../src/emulator/index.js';
import { UsageError } from '../../src/errors.js';
import { handlesXml, MESSAGES, mns, QUEUE, texts } from './support.js';

const NOON = Date.UTC(2030, 0, 1, 4);

/** Time that passes when a test says so. */
class Time implements GeneratorTime {
  /** How many timers have gone off. */
  calls = 0;
  #elapsed = 500;
  #timers: { due: number; call: () => void }[] = [];

  now(): number {
    return NOON + this.#elapsed - 500;
  }

  elapsed(): number {
    return this.#elapsed;
  }

  after(ms: number, call: () => void): () => void {
    const timer = { due: this.#elapsed + ms, call };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  get pending(): number {
    return this.#timers.length;
  }

  /** Timers go off when they are due. */
  pass(ms: number): void {
    const until = this.#elapsed + ms;
    for (;;) {
      const [next] = this.#timers.filter(({ due }) => due <= until).sort((a, b) => a.due - b.due);
      if (next === undefined) break;
      this.#elapsed = Math.max(this.#elapsed, next.due);
      this.#goOff(next);
    }
    this.#elapsed = until;
  }

  /** Nothing goes off for so long, as while the process is stopped; then the next timer does. */
  stall(ms: number): void {
    this.#elapsed += ms;
    const [next] = this.#timers;
    if (next !== undefined) this.#goOff(next);
  }

  #goOff(timer: { call: () => void }): void {
    this.#timers = this.#timers.filter((other) => other !== timer);
    this.calls += 1;
    timer.call();
  }
}

let cloud: Emulator;
let time: Time;
beforeEach(async () => {
  cloud = await startEmulator();
  time = new Time();
});
afterEach(() => cloud.close());

const start = (options: Partial<GenerateOptions> = {}) =>
  startGenerating(cloud, { type: 'SmsReport', rate: 10, time, ...options });
const receipts = (queue = QUEUE): Record<string, unknown>[] =>
  cloud.queue(queue).messages.map(({ body }) => JSON.parse(Buffer.from(body, 'base64').toString()));

async function drain(): Promise<void> {
  while (cloud.queue(QUEUE).visible > 0) {
    const { body } = await mns(cloud, 'GET', `${MESSAGES}?numOfMessages=16`);
    await mns(cloud, 'DELETE', MESSAGES, { body: handlesXml(texts(body, 'ReceiptHandle')) });
  }
}

test('a queue of the type is made, and fed from the first moment', () => {
  const generating = start();
  expect(generating).toMatchObject({ queue: QUEUE, sent: 1 });
  expect(cloud.queue(QUEUE)).toMatchObject({ messageType: 'SmsReport', sent: 1 });
});

test('receipts tell the time at which they are sent', () => {
  start({ rate: 1 });
  time.pass(2000);
  expect(receipts().map(({ report_time }) => report_time)).toEqual([
    '2030-01-01 12:00:00',
    '2030-01-01 12:00:01',
    '2030-01-01 12:00:02',
  ]);
});

test('and tell it by the emulator’s clock', () => {
  cloud.configure({ clockOffset: -3_600_000 });
  start();
  expect(receipts()[0]).toMatchObject({ report_time: '2030-01-01 11:00:00' });
});

test.each([0.1, 0.5, 1, 3, 7, 99.9, 333, 1000, 10_000])('%d a second, evenly and without drift', (rate) => {
  const generating = start({ rate });
  const seconds = rate < 1 ? 100 : 5;
  let before = generating.sent;
  for (let second = 1; second <= seconds; second++) {
    time.pass(1000);
    expect(Math.abs(generating.sent - 1 - second * rate)).toBeLessThan(1 + rate / 50);
    expect(Math.abs(generating.sent - before - rate)).toBeLessThan(1 + rate / 50);
    before = generating.sent;
  }
  expect(cloud.queue(QUEUE).sent).toBe(generating.sent);
  // Asleep most of the time: a look every ten milliseconds at most.
  expect(time.calls).toBeLessThanOrEqual(Math.min(rate + 1, 100) * seconds + 2);
});

test('at a high rate a few at a time, not a heap every second', () => {
  const generating = start({ rate: 10_000 });
  for (let i = 0; i < 100; i++) {
    const before = generating.sent;
    time.pass(10);
    expect(generating.sent - before).toBeLessThanOrEqual(110);
  }
});

test('after a short stall it catches up, a little at a time', () => {
  const generating = start({ rate: 1000 });
  time.pass(1000);
  time.stall(5000);
  expect(generating.sent).toBeLessThan(1150);
  time.pass(1000);
  expect(Math.abs(generating.sent - 7000)).toBeLessThan(30);
  time.pass(1000);
  expect(Math.abs(generating.sent - 8000)).toBeLessThan(30);
});

test('what a long stall has cost beyond ten seconds is let go', () => {
  const generating = start({ rate: 100 });
  time.stall(3_600_000);
  time.pass(20_000);
  expect(generating.sent).toBeGreaterThan(2900);
  expect(generating.sent).toBeLessThan(3100);
});

test('stopped, nothing follows', async () => {
  {
    await using generating = start();
    time.pass(1000);
    expect(generating.sent).toBe(11);
  }
  expect(time.pending).toBe(0);
  time.pass(10_000);
  expect(cloud.queue(QUEUE).sent).toBe(11);
});

test('a closed emulator gets nothing', async () => {
  const generating = start();
  await cloud.close();
  time.pass(1000);
  expect(generating.sent).toBe(1);
  expect(time.pending).toBe(0);
});

test('a full queue gets nothing, and no heap when there is room again', async () => {
  const told: boolean[] = [];
  const generating = start({ rate: 100, maxBacklog: 30, onFull: (full) => told.push(full) });
  time.pass(5000);
  expect(cloud.queue(QUEUE).visible).toBe(30);
  expect(told).toEqual([true]);
  await drain();
  time.pass(100);
  expect(told).toEqual([true, false]);
  expect(generating.sent).toBeLessThan(45);
});

test('while the queue is deleted receipts go nowhere', async () => {
  const generating = start({ rate: 10 });
  expect(await mns(cloud, 'DELETE', `/queues/${QUEUE}`)).toMatchObject({ status: 204 });
  time.pass(1000);
  expect(generating.sent).toBe(1);
  cloud.createQueue({ name: QUEUE, messageType: 'SmsReport' });
  time.pass(1000);
  expect(cloud.queue(QUEUE).sent).toBe(10);
});

test('business ids differ from generator to generator, and from generate()', () => {
  start().stop();
  const other = start({ rate: 100 });
  time.pass(100);
  other.stop();
  cloud.generate(QUEUE, 10);
  start({ run: 2 }).stop();
  const ids = receipts().map(({ biz_id }) => biz_id);
  expect(ids).toHaveLength(23);
  expect(new Set(ids).size).toBe(23);
});

test('two types of reports tell of the same calls', () => {
  start({ type: 'VoiceReport', rate: 5 });
  start({ type: 'VoiceRecordReport', rate: 3 });
  time.pass(10_000);
  const idsOf = (type: string) =>
    receipts(`Alicom-Queue-1234567890123456-${type}`).map(({ call_id }) => call_id);
  const calls = new Set(idsOf('VoiceReport'));
  const recordings = idsOf('VoiceRecordReport');
  expect(recordings.length).toBe(31);
  expect(recordings.filter((id) => calls.has(id)).length).toBeGreaterThan(25);
});

test('a shape that is not the usual one goes into the queue of its type', () => {
  expect(start({ type: 'SmsReport@intl' }).queue).toBe(QUEUE);
  expect(receipts()[0]).toHaveProperty('ErrorCode');
});

describe('what cannot be', () => {
  test.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY, 10_001])('a rate of %d', (rate) => {
    expect(() => start({ rate })).toThrow(UsageError);
    expect(() => start({ rate })).toThrow(/^SmsReport: a rate is above 0 and at most 10000/);
  });

  test('a shape that does not exist, a queue of another type', () => {
    expect(() => start({ type: 'SmsReport@moon' })).toThrow(/SmsReport@moon; there is SmsReport@intl/);
    cloud.createQueue({ name: 'calls', messageType: 'VoiceReport' });
    expect(() => start({ queue: 'calls' })).toThrow(/queue calls holds VoiceReport, not SmsReport/);
    expect(() => start({ type: 'no type', queue: 'a b' })).toThrow(/queue a b: /);
  });
});

test('on this machine’s own clock', async () => {
  await using generating = startGenerating(cloud, { type: 'FutureReport', rate: 200 });
  await expect.poll(() => generating.sent, { timeout: 20_000 }).toBeGreaterThan(20);
});
