/** That a message is delivered once although it comes again, over every store. */
import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { MARKS_LINGER_MS } from '../../src/pipeline/backend.js';
import { HandOff, type ReceiptQueue } from '../../src/pipeline/index.js';
import { startScript } from '../support/script.js';
import { overEachStore, STORES } from './each-store.js';
import { Hold, Rig } from './rig.js';

const DYING = new URL('./dying-worker.mjs', import.meta.url);

afterEach(() => {
  vi.useRealTimers();
});

const second = { dequeueCount: 2, receiptHandle: 'second' };

overEachStore((rig) => {
  describe('marks', () => {
    test('tell those that were added from others, until they are removed', async () => {
      const { marks } = rig();
      const odd = ['', '0', 'a\u0000b', '短信', 'x'.repeat(10_000), '{}'];
      await Promise.all(odd.map((id) => marks.add(id)));
      await marks.add('0');
      expect(await marks.among([...odd, 'other', 'A\u0000b'])).toEqual(new Set(odd));
      expect(await marks.has('短信')).toBe(true);
      expect(await marks.has('短')).toBe(false);
      expect(await marks.among([])).toEqual(new Set());
      await marks.remove([...odd.slice(1), 'never there']);
      // Only the date: nothing waits here.
      vi.setSystemTime(Date.now() + MARKS_LINGER_MS + 1_000);
      await expect
        .poll(() => marks.among([...odd, 'never there']), { timeout: 20_000 })
        .toEqual(new Set(['']));
    });

    test('outlast the confirmed delete a little, and count from anew when they are set again', async () => {
      const { marks } = rig();
      await Promise.all(['a', 'a', 'b'].map((id) => marks.add(id)));
      await marks.remove(['a', 'b', 'never there']);
      expect(await marks.among(['a', 'b', 'never there'])).toEqual(new Set(['a', 'b']));
      await marks.add('b');
      vi.setSystemTime(Date.now() + MARKS_LINGER_MS + 1_000);
      await expect.poll(() => marks.among(['a', 'b']), { timeout: 20_000 }).toEqual(new Set(['b']));
    });

    test('that were set for longer are not forgotten by who keeps them shorter', async () => {
      const r = rig();
      const brief = r.backend.marks(r.queueName, () => 60_000);
      await r.marks.add('long');
      await brief.add('short');
      vi.setSystemTime(Date.now() + 120_000);
      // Whatever is swept is swept with a confirmed delete.
      await brief.add('other');
      await brief.remove(['other']);
      expect(await brief.has('long')).toBe(true);
      expect(await r.marks.has('long')).toBe(true);
    });

    test('are kept, however many come at a time, each queue its own', async () => {
      const [one, other] = [rig(), rig()];
      const ids = Array.from({ length: 2_000 }, (_, index) => `m-${index}`);
      await Promise.all(ids.map((id) => one.marks.add(id)));
      expect((await one.marks.among(ids)).size).toBe(2_000);
      expect((await other.marks.among(ids)).size).toBe(0);
    });
  });

  describe('a delivered message', () => {
    test('leaves no job behind, only its mark', async () => {
      const r = rig();
      r.deliver();
      await r.add(r.job('m-1'), r.job('m-2'));
      await r.untilFinished(2);
      expect(await r.queue.getJob('m-1')).toBeUndefined();
      expect(await r.queue.getJobCounts()).toMatchObject({ completed: 0, waiting: 0, active: 0, delayed: 0 });
      expect(await r.marks.among(['m-1', 'm-2', 'm-3'])).toEqual(new Set(['m-1', 'm-2']));
    });

    test('that comes again is acknowledged without a job, each of its events counted', async () => {
      const r = rig();
      r.deliver();
      const list = JSON.stringify([{ biz_id: 'a' }, { biz_id: 'b' }]);
      await r.add(r.job('m-1'), r.job('list-1', { body: list }));
      await r.untilFinished(2);
      const again = await r.add(r.job('m-1', second), r.job('list-1', { ...second, body: list }));
      expect(again).toMatchObject([{ messageId: 'm-1' }, { messageId: 'list-1', receiptHandle: 'second' }]);
      expect(r.stats.counters).toMatchObject({ delivered: 3, duplicates: 3 });
      expect(await r.queue.getJob('m-1')).toBeUndefined();
      expect(r.sink.seen).toHaveLength(3);
    });

    test('that comes again between the look at its mark and the add is not delivered again', async () => {
      const r = rig();
      const first = new Hold();
      r.sink.act = first.wait;
      r.deliver();
      await r.add(r.job('m-1', { visibleUntil: Date.now() - 1 }));
      await expect.poll(() => r.sink.seen).toEqual(['m-1']);
      const late = withAddBulk(r.queue, async (jobs) => {
        first.release();
        await expect.poll(() => r.stats.counters.expired).toBe(1);
        return r.queue.addBulk(jobs);
      });
      expect(await new HandOff(late, 3, { marks: r.marks }).add([r.job('m-1', second)])).toEqual([]);
      await r.untilFinished(1);
      expect(r.finished).toMatchObject([{ receiptHandle: 'second' }]);
      expect(r.sink.seen).toEqual(['m-1']);
      expect(r.stats.counters).toMatchObject({ delivered: 1, duplicates: 1 });
    });

    test('whose job was left behind is acknowledged by that job, so that it does not outlive the mark', async () => {
      const r = rig();
      await r.add(r.job('m-1'));
      await r.marks.add('m-1');
      expect(await r.add(r.job('m-1', second))).toEqual([]);
      r.deliver();
      await r.untilFinished(1);
      expect(r.finished).toMatchObject([{ receiptHandle: 'second' }]);
      expect(r.sink.seen).toEqual([]);
      expect(r.stats.counters).toMatchObject({ delivered: 0, duplicates: 1 });
      expect(await r.queue.getJob('m-1')).toBeUndefined();
    });

    test('is not delivered again when an add whose answer was lost is made again', async () => {
      const r = rig();
      r.deliver();
      let lost = false;
      const unreliable = withAddBulk(r.queue, async (jobs) => {
        const added = await r.queue.addBulk(jobs);
        if (lost) return added;
        lost = true;
        throw new Error('Connection is closed.');
      });
      const handOff = new HandOff(unreliable, 3, { marks: r.marks });
      const jobs = [r.job('m-1'), r.job('m-2')];
      await expect(handOff.add(jobs)).rejects.toThrow('Connection is closed.');
      await r.untilFinished(2);
      // The delete of one is confirmed before the add is made again.
      await r.marks.remove(['m-1']);
      // Acknowledged by whoever delivered them, under the one handle there is.
      expect(await handOff.add(jobs)).toEqual([]);
      expect(await r.queue.getJobCounts()).toMatchObject({ waiting: 0, active: 0, delayed: 0 });
      expect(r.sink.seen.toSorted()).toEqual(['m-1', 'm-2']);
      expect(r.stats.counters).toMatchObject({ delivered: 2, duplicates: 0 });
    });

    test('that is the only copy from its second coming on says so in the job it had', async () => {
      const r = rig();
      await r.add(r.job('m-1'), r.job('m-2'));
      const again = { ...r.job('m-1', second), onlyHere: true as const };
      expect(await r.add(again, r.job('m-2', second))).toEqual([]);
      expect((await r.queue.getJob('m-1'))?.data).toMatchObject({ onlyHere: true, message: second });
      expect((await r.queue.getJob('m-2'))?.data).not.toHaveProperty('onlyHere');
      // And never the reverse.
      await r.add(r.job('m-1', { dequeueCount: 3, receiptHandle: 'third' }));
      expect((await r.queue.getJob('m-1'))?.data).toMatchObject({
        onlyHere: true,
        message: { receiptHandle: 'third' },
      });
    });

    test('that had been a dead letter is marked like any other', async () => {
      const r = rig({ attempts: 1 });
      r.sink.act = () => {
        throw new Error('down');
      };
      r.deliver();
      await r.add(r.job('m-1'));
      await r.untilFinished(1);
      expect(await r.marks.has('m-1')).toBe(false);
      r.sink.act = () => {};
      await r.desk.retry({ messageIds: ['m-1'] });
      await r.untilFinished(2);
      expect(await r.add(r.job('m-1', second))).toMatchObject([{ receiptHandle: 'second' }]);
      expect(r.stats.counters).toMatchObject({ dead: 1, delivered: 1, duplicates: 1 });
    });
  });

  test('an attempt that has lost its job to another is told, and neither finishes nor acknowledges it', async () => {
    const first = rig();
    const other = rig({ queueName: first.queueName });
    let told: unknown;
    const aborted = new Hold();
    first.sink.act = async (_, { signal }) => {
      signal.addEventListener('abort', () => aborted.release());
      await aborted.wait();
      told = signal.reason;
      signal.throwIfAborted();
    };
    first.deliver({ concurrency: 1, lock: 1_500 });
    await first.add(first.job('m-1'));
    await expect.poll(() => first.sink.seen).toEqual(['m-1']);
    other.deliver();
    // Without a token it needs no lock: as if it had stalled.
    await (await first.queue.getJob('m-1'))?.moveToDelayed(Date.now(), '0');
    await other.untilFinished(1);
    await expect.poll(() => told, { timeout: 20_000 }).toEqual(new Error('the lock of the job was lost'));
    expect(first.finished).toEqual([]);
    expect(first.stats.counters).toMatchObject({ delivered: 0, retried: 0, dead: 0 });
  });
});

function withAddBulk(queue: ReceiptQueue, addBulk: ReceiptQueue['addBulk']): ReceiptQueue {
  return Object.create(queue, { addBulk: { value: addBulk } }) as ReceiptQueue;
}

describe.each(STORES)('over the %s store', (_name, openStore) => {
  test('what a killed process had delivered is delivered again only where nothing had noted it', async () => {
    await using store = await openStore();
    const queueName = `Queue-${randomUUID()}`;
    const ids = ['finished-1', 'marked-1', 'confirmed-1'];
    const visibleUntil = Date.now() + 3_600_000;
    const jobs = ids.map((messageId) => ({
      message: { messageId, enqueueTime: 1, dequeueCount: 1, receiptHandle: 'first', visibleUntil },
      content: { undecodable: '{"success":true,"biz_id":"b"}' },
    }));
    const dying = startScript(DYING, { config: store.config, queueName, jobs, lock: 1_500 });
    await dying.says(/dying/);
    await dying.ended;

    const backend = await store.open();
    const rig = new Rig(backend, { queueName });
    rig.deliver({ lock: 1_500 });
    // Some of their jobs are there, locked by nobody: neither the mark nor the job alone tells that all is done.
    const atOnce = await rig.add(...ids.map((id) => rig.job(id, second)));
    expect(atOnce).toMatchObject([{ messageId: 'finished-1', receiptHandle: 'second' }]);
    await rig.untilFinished(2);
    expect(rig.finished.map(({ receiptHandle }) => receiptHandle)).toEqual(['second', 'second']);
    expect(rig.sink.seen).toEqual(['confirmed-1']);
    expect(rig.stats.counters).toMatchObject({ delivered: 1, duplicates: 2 });
    expect(await rig.queue.getJobCounts()).toMatchObject({ waiting: 0, active: 0, delayed: 0, completed: 0 });
    expect((await rig.marks.among(ids)).size).toBe(3);
    await rig.close();
    await backend.close();
  });
});
