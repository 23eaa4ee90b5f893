/** The emulator in other people's tests: no options needed, and the questions a test asks of it. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Emulator, startEmulator } from '../../src/emulator/index.js';
import { ReceiptdError } from '../../src/errors.js';
import { mns, text } from './support.js';

let cloud: Emulator;
beforeEach(async () => {
  cloud = await startEmulator();
});
afterEach(() => cloud.close());

const take = (name: string) => mns(cloud, 'GET', `/queues/${name}/messages`);
const remove = async (name: string) =>
  mns(
    cloud,
    'DELETE',
    `/queues/${name}/messages?ReceiptHandle=${text((await take(name)).body, 'ReceiptHandle')}`,
  );

test('a name is enough for a queue: the type is what its name ends in', () => {
  expect(cloud.createQueue('Alicom-Queue-1-VoiceReport')).toMatchObject({ messageType: 'VoiceReport' });
  expect(cloud.createQueue({ name: 'plain' }).messageType).toBe('');
  expect(cloud.createQueue({ name: 'mine-1', messageType: 'SmsUp' }).messageType).toBe('SmsUp');
});

test('an unknown queue: what there is, and what to do', () => {
  expect(() => cloud.send('q-SmsUp', {})).toThrow(
    'the emulator has no queue q-SmsUp (it has none): make one with createQueue or the option queues',
  );
  cloud.createQueue('other-SmsUp');
  expect(() => cloud.queue('q-SmsUp')).toThrow(/\(it has other-SmsUp\)/);
});

test('what was sent can be read back, delayed and prioritised as asked', async () => {
  const queue = cloud.createQueue('q-SmsReport');
  const last = cloud.send('q-SmsReport', { n: 1 });
  const first = cloud.send('q-SmsReport', { n: 2 }, { priority: 1 });
  const hidden = cloud.send('q-SmsReport', { n: 3 }, { delaySeconds: 60 });
  expect(queue.messages.map(({ id, priority, state }) => [id, priority, state])).toEqual([
    [last, 8, 'visible'],
    [first, 1, 'visible'],
    [hidden, 8, 'delayed'],
  ]);
  await remove('q-SmsReport');
  expect(queue.deletedIds).toEqual([first]);
});

test.each([
  [{ priority: 0 }, /^priority: expected a whole number from 1 to 16/],
  [{ priority: 1.5 }, /^priority: /],
  [{ delaySeconds: -1 }, /^delaySeconds: expected seconds from 0 to 604800/],
  [{ delaySeconds: Number.NaN }, /^delaySeconds: /],
])('a message with %j is refused', (options, message) => {
  const queue = cloud.createQueue('q-SmsReport');
  expect(() => cloud.send('q-SmsReport', {}, options)).toThrow(message);
  expect(queue.sent).toBe(0);
});

test.each([
  [{ visibilityTimeout: Number.NaN }, /^queue q: visibilityTimeout: /],
  [{ messageRetentionPeriod: Number.POSITIVE_INFINITY }, /^queue q: messageRetentionPeriod: /],
  [{ delaySeconds: -1 }, /^queue q: delaySeconds: /],
  [{ visibilityTimout: 5 }, /^queue q: .*visibilityTimout/],
])('a queue with %j is refused', (attributes, message) => {
  expect(() => cloud.createQueue({ name: 'q', ...attributes })).toThrow(message);
  expect(cloud.hasQueue('q')).toBe(false);
});

test('an option that is undefined is one that was left out', () => {
  const options = { name: 'q-SmsUp', messageType: undefined, visibilityTimeout: undefined };
  // What a program without our types may pass.
  const queue = cloud.createQueue(options as unknown as { name: string });
  expect([queue.messageType, queue.attributes.visibilityTimeout]).toEqual(['SmsUp', 30]);
});

test('a second queue of a name is refused', () => {
  cloud.createQueue('q-SmsUp');
  expect(() => cloud.createQueue('q-SmsUp')).toThrow(/^queue q-SmsUp: it already exists$/);
});

test("a queue's own delay counts unless the message says otherwise", async () => {
  const queue = cloud.createQueue({ name: 'slow-SmsUp', delaySeconds: 60 });
  cloud.send('slow-SmsUp', {});
  expect(queue.delayed).toBe(1);
  const body = '<Message><MessageBody>x</MessageBody><DelaySeconds>0</DelaySeconds></Message>';
  await mns(cloud, 'POST', '/queues/slow-SmsUp/messages', { body });
  cloud.send('slow-SmsUp', {}, { delaySeconds: 0 });
  expect(queue.counters()).toMatchObject({ delayed: 1, visible: 2 });
});

describe('drained', () => {
  test('at once when there is nothing', async () => {
    await cloud.drained();
    cloud.createQueue('q-SmsUp');
    await cloud.drained('q-SmsUp');
  });

  test('when the last message of the queue is deleted, received is not enough', async () => {
    cloud.createQueue('q-SmsUp');
    cloud.createQueue('other-SmsUp');
    cloud.send('other-SmsUp', {});
    cloud.send('q-SmsUp', {});
    let done = false;
    const waiting = cloud.drained('q-SmsUp').then(() => {
      done = true;
    });
    const handle = text((await take('q-SmsUp')).body, 'ReceiptHandle');
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(done).toBe(false);
    await mns(cloud, 'DELETE', `/queues/q-SmsUp/messages?ReceiptHandle=${handle}`);
    await waiting;
  });

  test('all queues without a name; who waits in vain is told what is left', async () => {
    cloud.createQueue('q-SmsUp');
    cloud.createQueue('other-SmsUp');
    cloud.send('q-SmsUp', {});
    cloud.send('other-SmsUp', {});
    cloud.send('other-SmsUp', {}, { delaySeconds: 9 });
    await take('q-SmsUp');
    const waiting = cloud.drained(undefined, { timeout: 30 });
    await expect(waiting).rejects.toThrow(ReceiptdError);
    await expect(waiting).rejects.toThrow(
      'waited 30 ms, and there is still 1 invisible in q-SmsUp, 1 visible + 1 delayed in other-SmsUp',
    );
    await expect(cloud.drained('none')).rejects.toThrow(/has no queue none/);
  });

  test('ends with the emulator', async () => {
    cloud.createQueue('q-SmsUp');
    cloud.send('q-SmsUp', {});
    const waiting = cloud.drained();
    await Promise.all([
      expect(waiting).rejects.toThrow('the emulator was closed, and there is still 1 visible in q-SmsUp'),
      cloud.close(),
    ]);
  });
});

test('await using closes it', async () => {
  let url = '';
  {
    await using other = await startEmulator();
    url = other.url;
    expect((await fetch(`${url}/_emulator/stats`)).status).toBe(200);
  }
  await expect(fetch(url)).rejects.toThrow();
});
