import { pino } from 'pino';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { DeadLetterError, type DeliveryContext, GuardedSink, type Sink } from '../../src/sinks/index.js';
import { Rate } from '../../src/sinks/webhook/rate.js';
import { until } from '../support/until.js';
import { context, record } from './records.js';
import { ok, openWebhook, Receiver, type Reply, status, type WebhookInput } from './webhook-receiver.js';

let receiver: Receiver;
let sink: Sink;

beforeEach(async () => {
  receiver = await Receiver.start();
});

afterEach(async () => {
  await sink.close();
  await receiver.stop();
});

const open = async (input: WebhookInput) => {
  sink = await openWebhook(receiver.url, input);
};

const send = (ids: readonly string[], given: Partial<DeliveryContext> = {}) =>
  ids.map((id) => sink.deliver(record(id), { ...context(), ...given }));

/** What became of each: its error's message, or its dead letter. */
function outcomes(deliveries: readonly Promise<void>[]): Promise<string[]> {
  return Promise.all(
    deliveries.map((delivery) =>
      delivery.then(
        () => 'safe',
        (error: Error) => (DeadLetterError.is(error) ? `dead: ${error.message}` : error.message),
      ),
    ),
  );
}

/** Of batch bodies. */
const idsOf = (body: string): string[] => JSON.parse(body).map(({ id }: { id: string }) => id);
const sent = () => receiver.received.map(({ body }) => idsOf(body));

/** Refuses what holds one of these. */
const refusing =
  (code: number, ...bad: string[]): Reply =>
  (request, response) =>
    idsOf(request.body).some((id) => bad.includes(id))
      ? response.writeHead(code).end('bad event')
      : response.end();

test('batches by count', async () => {
  await open({ format: 'batch', concurrency: 1, batch: { size: 3, linger: 60_000 } });
  await Promise.all(send(['a', 'b', 'c', 'd', 'e', 'f']));
  expect(sent()).toEqual([
    ['a', 'b', 'c'],
    ['d', 'e', 'f'],
  ]);
});

test('a batch that does not fill goes out when its first event has waited', async () => {
  await open({ format: 'batch', batch: { size: 3, linger: 20 } });
  await Promise.all(send(['a']));
  expect(sent()).toEqual([['a']]);
});

test('one bad event takes no others down', async () => {
  receiver.replies = [refusing(422, 'c')];
  await open({ format: 'batch', batch: { size: 4, linger: 60_000 } });
  expect(await outcomes(send(['a', 'b', 'c', 'd']))).toEqual([
    'safe',
    'safe',
    'dead: HTTP 422: bad event',
    'safe',
  ]);
  expect(sent()).toEqual([['a', 'b', 'c', 'd'], ['a'], ['b'], ['c'], ['d']]);
});

test('a receiver that goes down while events are told apart costs no dead letter', async () => {
  receiver.replies = [status(400), ok, status(503)];
  await open({ format: 'batch', batch: { size: 4, linger: 60_000 } });
  expect(await outcomes(send(['a', 'b', 'c', 'd']))).toEqual(['safe', 'HTTP 503', 'HTTP 503', 'HTTP 503']);
  expect(sent()).toEqual([['a', 'b', 'c', 'd'], ['a'], ['b']]);
});

test('a receiver that lets nobody in costs a few dead letters of a batch, and the circuit opens', async () => {
  receiver.replies = [status(401)];
  await open({ format: 'batch', concurrency: 1, batch: { size: 8, linger: 60_000 } });
  const ids = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
  expect(await outcomes(send(ids))).toEqual([
    ...Array(5).fill('dead: HTTP 401'),
    ...Array(3).fill('HTTP 401'),
  ]);
  expect(sent()).toEqual([ids, ['a'], ['b'], ['c'], ['d'], ['e']]);

  const guarded = new GuardedSink(sink, pino({ enabled: false }));
  const told = outcomes(ids.map((id) => guarded.deliver(record(id), context())));
  await until('the circuit is open', () => guarded.problem === 'HTTP 401');
  guarded.drain();
  expect(await told).toEqual([...Array(4).fill('dead: HTTP 401'), ...Array(4).fill('HTTP 401')]);
});

test('a batch that may yet be taken is not taken apart', async () => {
  receiver.replies = [status(503)];
  await open({ format: 'batch', batch: { size: 2, linger: 60_000 } });
  expect(await outcomes(send(['a', 'b']))).toEqual(['HTTP 503', 'HTTP 503']);
  expect(receiver.received).toHaveLength(1);
});

test('an event that failed before goes alone', async () => {
  await open({ format: 'batch', concurrency: 1, batch: { size: 2, linger: 60_000 } });
  const first = send(['a']);
  await Promise.all(send(['x', 'y'], { attempt: 2 }));
  await Promise.all([...first, ...send(['b'])]);
  expect(sent()).toEqual([['x'], ['y'], ['a', 'b']]);
});

test('no more requests at a time than it may make, over connections that are kept', async () => {
  const held: (() => void)[] = [];
  receiver.replies = [(_, response) => held.push(() => response.end())];
  await open({ concurrency: 3 });
  const deliveries = send(Array.from({ length: 12 }, (_, index) => `m${index}`));
  for (let answered = 0; answered < 12; answered += 1) {
    await until('the next request', () => held.length > 0);
    held.shift()?.();
  }
  await Promise.all(deliveries);
  expect(receiver.mostUnderWay).toBe(3);
  expect(receiver.connections).toBe(3);
});

test('an abort ends a delivery that waits and one that is under way', async () => {
  receiver.replies = [() => undefined];
  await open({ concurrency: 1 });
  const stop = new AbortController();
  const told = outcomes(send(['a', 'b'], { signal: stop.signal }));
  await until('a request', () => receiver.received.length === 1);
  stop.abort(new Error('lock lost'));
  expect(await told).toEqual(['lock lost', 'lock lost']);
  await until('the request is given up', () => receiver.underWay === 0);
  receiver.replies = [ok];
  expect(await outcomes(send(['c']))).toEqual(['safe']);
});

test('an abort of one does not end a request that others wait for', async () => {
  let answer: (() => void) | undefined;
  receiver.replies = [
    (_, response) => {
      answer = () => response.end();
    },
  ];
  await open({ format: 'batch', batch: { size: 2, linger: 60_000 } });
  const stop = new AbortController();
  const told = outcomes([...send(['a'], { signal: stop.signal }), ...send(['b'])]);
  await until('a request', () => answer !== undefined);
  stop.abort(new Error('lock lost'));
  answer?.();
  expect(await told).toEqual(['lock lost', 'safe']);
});

test('lets nothing linger once it drains, behind its circuit and its choice of events', async () => {
  await open({ format: 'batch', batch: { size: 9, linger: 60_000 }, where: { id: ['a', 'b', 'c'] } });
  const guarded = new GuardedSink(sink, pino({ enabled: false }));
  const waiting = ['a', 'b'].map((id) => guarded.deliver(record(id), context()));
  guarded.drain();
  await Promise.all([...waiting, guarded.deliver(record('c'), context())]);
  expect(sent()).toEqual([['a', 'b'], ['c']]);
});

test('sends what waits when it closes, and then nothing', async () => {
  await open({ format: 'batch', batch: { size: 9, linger: 60_000 } });
  const deliveries = send(['a', 'b']);
  await sink.close();
  expect(await outcomes(deliveries)).toEqual(['safe', 'safe']);
  expect(sent()).toEqual([['a', 'b']]);
  expect(await outcomes(send(['c']))).toEqual(['the sink is closed']);
  await until('the connections are closed', () => receiver.open === 0);
  await sink.close();
});

test('closes while a receiver hangs, once its time is over', async () => {
  receiver.replies = [() => undefined];
  await open({ timeout: 150 });
  const told = outcomes(send(['a']));
  await until('a request', () => receiver.received.length === 1);
  await sink.close();
  expect(await told).toEqual(['no answer within 150 ms']);
});

test('says which events it wants', async () => {
  await open({ types: ['SmsReport'] });
  expect(sink.wants('SmsReport')).toBe(true);
  expect(sink.wants('SmsUp')).toBe(false);
});

test('a rate is kept, but for what late timers lost', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  try {
    const rate = new Rate(20);
    await vi.advanceTimersByTimeAsync(60_000);
    let gone = 0;
    const never = () => new AbortController().signal;
    for (let index = 0; index < 100; index += 1)
      void rate.turn(never()).then(() => {
        gone += 1;
      });
    const giveUp = new AbortController();
    const last = rate.turn(giveUp.signal);
    await vi.advanceTimersByTimeAsync(0);
    // One for the moment, one for the credit.
    expect(gone).toBe(2);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(gone).toBe(22);
    giveUp.abort(new Error('stopping'));
    await expect(last).rejects.toThrow('stopping');
    await vi.advanceTimersByTimeAsync(4_000);
    expect(gone).toBe(100);
    const unlimited = new Rate(0);
    for (let index = 0; index < 1_000; index += 1) await unlimited.turn(never());
  } finally {
    vi.useRealTimers();
  }
});

test('requests go through the rate', async () => {
  const turn = vi.spyOn(Rate.prototype, 'turn');
  await open({ rate: 1_000, format: 'batch', batch: { size: 2, linger: 60_000 } });
  receiver.replies = [status(400), ok];
  await Promise.all(send(['a', 'b']));
  // The batch, and each of its events by itself.
  expect(turn).toHaveBeenCalledTimes(3);
  turn.mockRestore();
});
