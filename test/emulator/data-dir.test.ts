/** What a data directory keeps: over a restart, over `kill -9`, and over a line that was never finished. */
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Clock } from '../../src/emulator/clock.js';
import { type Emulator, type EmulatorOptions, startEmulator } from '../../src/emulator/index.js';
import { Journal } from '../../src/emulator/journal.js';
import { MessageQueue } from '../../src/emulator/queue.js';
import { ReceiptdError, UsageError } from '../../src/errors.js';
import { Child } from '../support/child.js';
import { dice, whole } from '../support/random.js';
import { until } from '../support/until.js';
import { handlesXml, MESSAGES, mns, QUEUE, text, texts } from './support.js';

let dataDir: string;
let emulator: Emulator | undefined;
beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() });
  dataDir = await mkdtemp(join(tmpdir(), 'receiptd-emulator-data-'));
});
afterEach(async () => {
  vi.useRealTimers();
  await emulator?.close();
  emulator = undefined;
  await rm(dataDir, { recursive: true });
});

const journal = (): string => join(dataDir, 'journal.ndjson');
const pass = (seconds: number): unknown => vi.setSystemTime(Date.now() + seconds * 1000);

/** Closes the one before, if any. */
async function start(options: EmulatorOptions = {}): Promise<Emulator> {
  await emulator?.close();
  const queues = [{ name: QUEUE, messageType: 'SmsReport' }];
  emulator = await startEmulator({ queues, dataDir, ...options });
  return emulator;
}

const receive = (cloud: Emulator, count = 16) => mns(cloud, 'GET', `${MESSAGES}?numOfMessages=${count}`);
const remove = (cloud: Emulator, handles: readonly string[]) =>
  mns(cloud, 'DELETE', MESSAGES, { body: handlesXml(handles) });

test('queues, attributes, messages and counters are there again', async () => {
  const before = await start();
  before.createQueue({ name: 'second-SmsUp', visibilityTimeout: 7 });
  await mns(before, 'PUT', '/queues/second-SmsUp?metaoverride=true', {
    body: '<Queue><PollingWaitSeconds>3</PollingWaitSeconds></Queue>',
  });
  before.createQueue('third-SmsUp');
  await mns(before, 'DELETE', '/queues/third-SmsUp');
  before.send(QUEUE, { text: '你好\u2028"' }, { priority: 3 });
  before.sendBody(QUEUE, ' two\r\nlines ', { delaySeconds: 60 });
  before.generate(QUEUE, 3);
  const handles = texts((await receive(before, 3)).body, 'ReceiptHandle');
  await remove(before, handles.slice(0, 1));
  const seen = before.queues.map((queue) => ({
    ...queue.counters(),
    name: queue.name,
    messageType: queue.messageType,
    attributes: queue.attributes,
    deletedIds: queue.deletedIds,
    messages: queue.messages,
  }));

  const after = await start();
  const again = after.queues.map((queue) => ({
    ...queue.counters(),
    name: queue.name,
    messageType: queue.messageType,
    attributes: queue.attributes,
    deletedIds: queue.deletedIds,
    messages: queue.messages,
  }));
  expect(again).toEqual(seen);
  expect(again.map(({ name }) => name)).toEqual([QUEUE, 'second-SmsUp']);
});

test('a handle goes on working until its timeout ends, whichever process ends it', async () => {
  const before = await start();
  before.generate(QUEUE, 3);
  const [a = '', b = '', c = ''] = texts((await receive(before)).body, 'ReceiptHandle');
  pass(20);
  const changed = await mns(before, 'PUT', `${MESSAGES}?receiptHandle=${c}&visibilityTimeout=100`);
  const fresh = text(changed.body, 'ReceiptHandle');

  const after = await start();
  expect((await remove(after, [a])).status).toBe(204);
  expect((await receive(after)).status).toBe(404);
  pass(11);
  expect((await remove(after, [b])).status).toBe(404);
  expect(texts((await receive(after)).body, 'DequeueCount')).toEqual(['2']);
  expect((await remove(after, [c])).status).toBe(404);
  expect((await remove(after, [fresh])).status).toBe(204);
});

test('time passes while nobody runs: visibility, delay and retention', async () => {
  const before = await start({ queues: [{ name: QUEUE, messageRetentionPeriod: 1000 }] });
  before.sendBody(QUEUE, 'received');
  await receive(before);
  before.sendBody(QUEUE, 'delayed', { delaySeconds: 60 });
  await before.close();
  pass(120);
  expect((await start()).queue(QUEUE).counters()).toMatchObject({ visible: 2, invisible: 0, delayed: 0 });
  await emulator?.close();
  pass(1000);
  const { visible, expired, sent } = (await start()).queue(QUEUE);
  expect({ visible, expired, sent }).toEqual({ visible: 0, expired: 2, sent: 2 });
  // Said once and for all: a longer retention does not bring them back.
  const queue = (await start()).queue(QUEUE);
  expect([queue.messages, queue.expired]).toEqual([[], 2]);
});

test('tokens, faults and settings are not kept', async () => {
  await start({ faults: ['*=reset'], tokenLife: 5 });
  const { faults, settings } = await start();
  expect([faults, settings.tokenLife]).toEqual([[], 3600]);
});

test('createQueue gives back what is kept, once; another type is refused', async () => {
  (await start()).generate(QUEUE, 2);
  const after = await start({ queues: [] });
  expect(after.createQueue({ name: QUEUE, visibilityTimeout: 5 })).toMatchObject({
    visible: 2,
    attributes: { visibilityTimeout: 30 },
  });
  expect(() => after.createQueue(QUEUE)).toThrow(/already exist/);
  await expect(start({ queues: [{ name: QUEUE, messageType: 'SmsUp' }] })).rejects.toThrow(
    `queue ${QUEUE}: the data directory holds it with SmsReport, not SmsUp`,
  );
});

test('generated receipts have business ids that the ones kept have not', async () => {
  (await start()).generate(QUEUE, 5);
  const after = await start();
  after.generate(QUEUE, 5);
  const ids = after.queue(QUEUE).messages.map(({ body }) => {
    return (JSON.parse(Buffer.from(body, 'base64').toString()) as { biz_id: string }).biz_id;
  });
  expect(new Set(ids).size).toBe(10);
});

test('a duplicated message is delivered twice, also with a restart in between', async () => {
  const before = await start({ faults: ['*=duplicate'] });
  const id = before.send(QUEUE, {});
  const handles = texts((await receive(before)).body, 'ReceiptHandle');
  expect((await remove(before, handles)).status).toBe(204);
  const { body } = await receive(await start());
  expect([text(body, 'MessageId'), text(body, 'DequeueCount')]).toEqual([id, '2']);
});

describe('the file', () => {
  test('a last line that was cut off is the change that nobody was told of', async () => {
    const cloud = await start();
    cloud.generate(QUEUE, 2);
    await cloud.close();
    const whole = await readFile(journal());
    // Wherever it is cut, in the middle of a character too.
    for (const left of [1, 2, 40, 90]) {
      await writeFile(journal(), whole.subarray(0, whole.length - left));
      const { sent } = (await start()).queue(QUEUE);
      expect([left, sent]).toEqual([left, left === 1 ? 2 : 1]);
      await emulator?.close();
    }
  });

  test('damage anywhere else is not passed over: the error names file and line', async () => {
    const cloud = await start();
    cloud.generate(QUEUE, 2);
    await cloud.close();
    const lines = (await readFile(journal(), 'utf8')).split('\n');
    const damaged = lines.map((line, index) => (index === 2 ? line.slice(0, 9) : line)).join('\n');
    for (const [content, message] of [
      [damaged, /journal\.ndjson:3 cannot be read: /],
      [lines.filter((_, index) => index !== 1).join('\n'), /journal\.ndjson:2 .*queue .*does not know/],
      ['{"hello":1}\n', /journal\.ndjson:1 .*no journal of the emulator/],
      ['some text', /journal\.ndjson:1 .*no journal of the emulator/],
      ['{"t":"format","format":"receiptd-emulator/99"}\n', /its format is receiptd-emulator\/99/],
    ] as const) {
      await writeFile(journal(), content);
      await expect(start()).rejects.toThrow(message);
      expect(await readFile(journal(), 'utf8')).toBe(content);
    }
    // And the directory is free again.
    await writeFile(journal(), lines.join('\n'));
    expect((await start()).queue(QUEUE).sent).toBe(2);
  });

  test('it is written before the answer is sent', async () => {
    const cloud = await start();
    const body = '<Message><MessageBody>marker-1</MessageBody></Message>';
    expect((await mns(cloud, 'POST', MESSAGES, { body })).status).toBe(201);
    expect(await readFile(journal(), 'utf8')).toContain('marker-1');
    const handle = text((await receive(cloud)).body, 'ReceiptHandle');
    expect(await readFile(journal(), 'utf8')).toContain(handle);
    const admin = `${cloud.url}/_emulator/queues/${QUEUE}/send`;
    expect((await fetch(admin, { method: 'POST', body: '{"bodies":["marker-2"]}' })).status).toBe(200);
    expect(await readFile(journal(), 'utf8')).toContain('marker-2');
  });

  test('it does not grow without end, and a start makes it small', async () => {
    const clock = new Clock();
    const log = new Journal(dataDir, 20_000);
    const queue = new MessageQueue({ name: QUEUE }, clock, log);
    log.start(() => [queue]);
    let largest = 0;
    for (let n = 0; n < 2000; n++) {
      queue.send('x'.repeat(100));
      for (const { handle } of queue.receive(1)) queue.delete(handle);
      log.flush();
      largest = Math.max(largest, (await stat(journal())).size);
    }
    log.close();
    // The ids of 2,000 deleted messages are 70 KB of what is kept.
    expect(largest).toBeLessThan(300_000);
    const { sent, deleted, messages } = (await start()).queue(QUEUE);
    expect({ sent, deleted, messages }).toEqual({ sent: 2000, deleted: 2000, messages: [] });
  });

  test('once it cannot be written, nothing is confirmed any more', async () => {
    const log = new Journal(dataDir, 1);
    const queue = new MessageQueue({ name: QUEUE }, new Clock(), log);
    log.start(() => [queue]);
    queue.send('one');
    // Where the next snapshot would be written.
    await mkdir(`${journal()}.new`);
    queue.send('two');
    queue.send('three'.repeat(1000));
    expect(() => log.flush()).toThrow(/journal\.ndjson cannot be written: EISDIR/);
    await rm(`${journal()}.new`, { recursive: true });
    queue.send('four');
    expect(() => log.flush()).toThrow(ReceiptdError);
    expect(() => log.close()).toThrow(/cannot be written/);
    const [saved] = await new Journal(dataDir).read();
    expect(Array.from(saved?.messages ?? [], ({ body }) => body)).not.toContain('four');
  });
});

test.each([1, 2, 3])('random traffic (seed %i): what is read back is what there was', async (seed) => {
  const fall = dice(seed);
  const pick = (below: number): number => whole(fall, 0, below - 1);
  const clock = new Clock();
  const log = new Journal(dataDir, 5_000);
  const queue = new MessageQueue({ name: QUEUE, visibilityTimeout: 10 }, clock, log);
  log.start(() => [queue]);
  const handles: string[] = [];
  for (let step = 0; step < 600; step++) {
    pass(pick(3) / 2);
    const action = pick(7);
    const handle = handles[pick(handles.length + 1)] ?? '';
    if (action <= 1) queue.send(String(step), 1 + pick(16), pick(4) === 0 ? pick(20) : 0);
    else if (action <= 3) handles.push(...queue.receive(1 + pick(4), pick(5) === 0).map((one) => one.handle));
    else if (action === 4) queue.delete(handle);
    else if (action === 5) handles.push(queue.changeVisibility(handle, 1 + pick(30))?.handle ?? '');
    else if (pick(20) === 0) queue.setAttributes({ messageRetentionPeriod: 60 + pick(100) });
    if (pick(3) === 0) log.flush();
  }
  // Only what a duplicate is owed differs: its first handle ends with the process.
  const state = (one: MessageQueue): unknown => ({
    counters: one.counters(),
    deletedIds: one.deletedIds,
    attributes: one.attributes,
    messages: one.messages
      .map(({ id, body, state: now, handle, dequeueCount, priority, enqueueTime, firstDequeueTime }) => ({
        id,
        body,
        now,
        handle: now === 'visible' ? '' : handle,
        dequeueCount,
        priority,
        enqueueTime,
        firstDequeueTime,
      }))
      .sort((a, b) => (a.id < b.id ? -1 : 1)),
  });
  const expected = state(queue);
  log.close();
  const [saved] = await new Journal(dataDir).read();
  if (saved === undefined) throw new Error('nothing was kept');
  expect(state(MessageQueue.restore(saved, clock))).toEqual(expected);
});

describe('one owner', () => {
  test('a second emulator is refused, and the directory is free when the first one ends', async () => {
    const first = await start();
    const second = startEmulator({ dataDir });
    await expect(second).rejects.toThrow(
      `another emulator is using the data directory ${dataDir} (process id ${process.pid})`,
    );
    await expect(second).rejects.toMatchObject({ code: 'EMULATOR_DATA_IN_USE' });
    await first.close();
    await start();
  });

  test('what cannot be a directory is a usage error', async () => {
    const file = join(dataDir, 'file');
    await writeFile(file, '');
    await expect(startEmulator({ dataDir: file })).rejects.toThrow(UsageError);
    await expect(startEmulator({ dataDir: file })).rejects.toThrow(/data directory .*file cannot be used/);
  });

  test('a start that fails for another reason leaves it free', async () => {
    await using other = await startEmulator();
    await expect(start({ port: other.port })).rejects.toMatchObject({ code: 'EMULATOR_LISTEN' });
    await start();
  });
});

test('kill -9 at any moment: what was confirmed is there, what was deleted stays deleted', async () => {
  vi.useRealTimers();
  const confirmed = new Set<string>();
  const deleted = new Set<string>();
  for (let round = 0; round < 3; round++) {
    const child = new Child(['emulator', '--port', '0', '--queue', `${QUEUE}=SmsReport`, '--data', dataDir], {
      cwd: dataDir,
    });
    const url = await until('the emulator', () => /listening on (\S+)/.exec(child.stdout)?.[1]);
    const cloud = { port: Number(new URL(url).port) } as Emulator;
    const ids = async (): Promise<{ ids: Set<string>; deleted: Set<string> }> => {
      const answer = await fetch(`${url}/_emulator/queues/${QUEUE}`);
      const queue = (await answer.json()) as { messages: { id: string }[]; deletedIds: string[] };
      return { ids: new Set(queue.messages.map(({ id }) => id)), deleted: new Set(queue.deletedIds) };
    };
    const found = await ids();
    expect([...confirmed].filter((id) => !found.ids.has(id) && !found.deleted.has(id))).toEqual([]);
    expect([...deleted].filter((id) => !found.deleted.has(id))).toEqual([]);

    // Clients at work while it is killed; what they are told before that counts.
    const enough = 60 + round * 37;
    const sender = async (): Promise<void> => {
      for (;;) {
        const body = '<Message><MessageBody>x</MessageBody></Message>';
        confirmed.add(text((await mns(cloud, 'POST', MESSAGES, { body })).body, 'MessageId'));
        if (confirmed.size % enough === 0) child.signal('SIGKILL');
      }
    };
    const consumer = async (): Promise<void> => {
      for (;;) {
        const { body } = await mns(cloud, 'GET', `${MESSAGES}?waitseconds=5`);
        const handle = text(body, 'ReceiptHandle');
        const { status } = await mns(cloud, 'DELETE', `${MESSAGES}?ReceiptHandle=${handle}`);
        if (status === 204) deleted.add(text(body, 'MessageId'));
      }
    };
    await Promise.allSettled([sender(), sender(), consumer()]);
    expect((await child.end()).signal).toBe('SIGKILL');
  }
  expect(deleted.size).toBeGreaterThan(0);
});

test('a lock whose owner was killed: a socket nobody listens on is taken over', async () => {
  vi.useRealTimers();
  // A process that listens where the lock is, and dies without a chance to remove it.
  const path = join(dataDir, 'receiptd-emulator.sock');
  const holder = spawn(process.execPath, [
    '-e',
    `require('net').createServer().listen(${JSON.stringify(path)}, () => process.stdout.write('up'))`,
  ]);
  await new Promise((resolve) => holder.stdout.once('data', resolve));
  await expect(startEmulator({ dataDir })).rejects.toMatchObject({ code: 'EMULATOR_DATA_IN_USE' });
  const ended = new Promise((resolve) => holder.once('close', resolve));
  holder.kill('SIGKILL');
  await ended;
  expect((await stat(path)).isSocket()).toBe(true);
  await start();
});
