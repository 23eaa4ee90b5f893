/** A long-running emulator keeps nothing of a message that is gone, whichever way it went. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { Clock } from '../../src/emulator/clock.js';
import { MessageQueue } from '../../src/emulator/queue.js';

class SetClock extends Clock {
  time = 1_700_000_000_000;
  override now(): number {
    return this.time;
  }
}

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** How many of them something still holds. */
async function held(messages: readonly WeakRef<object>[]): Promise<number> {
  // What was looked at lives until the end of the turn.
  await new Promise((resolve) => setTimeout(resolve, 0));
  collectGarbage();
  return messages.filter((message) => message.deref() !== undefined).length;
}

const clock = new SetClock();
const queueOf = (options = {}): MessageQueue =>
  new MessageQueue({ name: 'q', messageType: 'T', ...options }, clock);

function fill(queue: MessageQueue, count: number, delaySeconds = 0): WeakRef<object>[] {
  return Array.from({ length: count }, (_, n) => new WeakRef(queue.send('x', 1 + (n % 16), delaySeconds)));
}

test('expired before anybody received it', async () => {
  const queue = queueOf({ messageRetentionPeriod: 60 });
  const old = fill(queue, 1000);
  clock.time += 30_000;
  const young = fill(queue, 100);
  clock.time += 30_000;
  expect(queue.visible).toBe(100);
  expect(queue.peek(16)).toHaveLength(16);
  // The young ones keep the list alive; at most as many old ones stay beside them.
  expect(await held(old)).toBeLessThanOrEqual(100);
  expect(await held(young)).toBe(100);
  clock.time += 60_000;
  expect(queue.visible).toBe(0);
  expect([await held(old), await held(young)]).toEqual([0, 0]);
});

test('expired while delayed or received', async () => {
  const queue = queueOf({ messageRetentionPeriod: 60, visibilityTimeout: 600 });
  const gone = [...fill(queue, 100, 300), ...fill(queue, 100)];
  queue.receive(100);
  clock.time += 60_000;
  expect([queue.delayed, queue.invisible]).toEqual([0, 0]);
  expect(await held(gone)).toBe(0);
});

test('deleted, with others behind it in the list', async () => {
  const queue = queueOf();
  const messages = Array.from({ length: 1000 }, () => new WeakRef(queue.send('x')));
  for (const { handle } of queue.receive(900)) queue.delete(handle);
  // A register or two may still name one of the deleted.
  expect(await held(messages)).toBeLessThan(110);
});
