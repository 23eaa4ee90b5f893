/** What a store keeps when its process ends, in order or not, over every store. */
import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { startScript } from '../support/script.js';
import { STORES } from './each-store.js';
import { Hold, Rig, TestSink } from './rig.js';

const STUCK = new URL('./stuck-worker.mjs', import.meta.url);

describe.each(STORES)('over the %s store', (_name, openStore) => {
  test('a full queue is delivered after a restart, each message once', async () => {
    await using store = await openStore();
    const queueName = `Queue-${randomUUID()}`;
    const ids = Array.from({ length: 200 }, (_, index) => `m-${index}`);

    const before = await store.open();
    const full = new Rig(before, { queueName });
    await full.add(...ids.map((id) => full.job(id)));
    const hold = new Hold();
    full.sink.act = () => (full.sink.seen.length > 50 ? hold.wait() : undefined);
    full.deliver({ concurrency: 4 });
    await expect.poll(() => full.sink.seen.length).toBe(54);
    const closed = full.close();
    hold.release();
    await closed;
    await before.close();
    expect(full.sink.seen.length).toBe(54);

    const after = await store.open();
    const rest = new Rig(after, { queueName });
    rest.deliver();
    await rest.untilFinished(200 - 54);
    expect([...full.sink.seen, ...rest.sink.seen].toSorted()).toEqual(ids.toSorted());
    await rest.close();
    await after.close();
  });

  test('a retry that is due after a restart still skips the sinks that confirmed', async () => {
    await using store = await openStore();
    const queueName = `Queue-${randomUUID()}`;

    const before = await store.open();
    const first = new Rig(before, { queueName, sinks: [new TestSink('good'), new TestSink('bad')] });
    const hold = new Hold();
    for (const sink of first.sinks.slice(1)) {
      sink.act = () => {
        // Closed before the retry comes.
        hold.release();
        throw new Error('down');
      };
    }
    first.deliver();
    await first.add(first.job('m-1'));
    await hold.wait();
    await first.close();
    await before.close();

    const after = await store.open();
    const second = new Rig(after, { queueName, sinks: [new TestSink('good'), new TestSink('bad')] });
    second.deliver();
    await second.untilFinished(1);
    expect(second.sinks.map(({ seen }) => seen)).toEqual([[], ['m-1']]);
    await second.close();
    await after.close();
  });

  test('what was given back because its sink is down comes back after a restart with all its attempts', async () => {
    await using store = await openStore();
    const queueName = `Queue-${randomUUID()}`;
    const ids = Array.from({ length: 8 }, (_, index) => `m-${index}`);

    const before = await store.open();
    const down = new Rig(before, { queueName, guarded: true });
    down.sink.act = () => {
      throw new Error('connection refused');
    };
    down.deliver();
    await down.add(...ids.map((id) => down.job(id)));
    // All of them wait for the sink, but for those that failed while it was not known to be down.
    await expect.poll(() => down.guards[0]?.problem).toBe('connection refused');
    const active = async () => (await down.queue.getJobCounts('active')).active;
    await expect.poll(active, { timeout: 20_000 }).toBe(8);
    await down.close();
    await before.close();
    const spent = down.stats.counters.retried;
    expect(spent).toBeLessThan(8);

    const after = await store.open();
    const up = new Rig(after, { queueName, guarded: true });
    const attempts = await Promise.all(
      ids.map(async (id) => (await up.queue.getJob(id))?.attemptsMade ?? -1),
    );
    expect(attempts.reduce((sum, made) => sum + made, 0)).toBe(spent);
    const seen = new Map<string, number>();
    up.sink.act = ({ id }, { attempt }) => void seen.set(id, attempt);
    up.deliver();
    await up.untilFinished(8);
    expect(ids.map((id) => seen.get(id))).toEqual(attempts.map((made) => made + 1));
    await up.close();
    await after.close();
  });

  test('what a killed process had under way is taken up by the next', async () => {
    await using store = await openStore();
    const queueName = `Queue-${randomUUID()}`;
    const ids = ['m-1', 'm-2', 'm-3'];
    const visibleUntil = Date.now() + 3_600_000;
    const jobs = ids.map((messageId) => ({
      message: { messageId, enqueueTime: 1, dequeueCount: 1, receiptHandle: `of ${messageId}`, visibleUntil },
      // Decoded when it is delivered: the script need not know how.
      content: { undecodable: '{"success":true,"biz_id":"b"}' },
    }));
    const stuck = startScript(STUCK, { config: store.config, queueName, jobs, lock: 1_500 });
    await stuck.says(/taken/);
    stuck.kill('SIGKILL');
    await stuck.ended;

    const backend = await store.open();
    const rig = new Rig(backend, { queueName });
    rig.deliver({ lock: 1_500 });
    await rig.untilFinished(3);
    expect(rig.sink.seen.toSorted()).toEqual(ids);
    expect(rig.finished.map(({ receiptHandle }) => receiptHandle).toSorted()).toEqual([
      'of m-1',
      'of m-2',
      'of m-3',
    ]);
    await rig.close();
    await backend.close();
  });
});
