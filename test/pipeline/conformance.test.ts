/** What hand-off and delivery promise, over every store. */
import { describe, expect, test } from 'vitest';
import { DeadLetterError } from '../../src/sinks/index.js';
import { overEachStore } from './each-store.js';
import { Hold, TestSink } from './rig.js';

overEachStore((rig) => {
  describe('handing off', () => {
    test('delivers every message once and passes it on for acknowledgement', async () => {
      const r = rig();
      r.deliver();
      const ids = Array.from({ length: 40 }, (_, index) => `m-${index}`);
      expect(await r.add(...ids.map((id) => r.job(id)))).toEqual([]);
      await r.untilFinished(40);
      expect(r.sink.seen.toSorted()).toEqual(ids.toSorted());
      expect(r.stats.counters).toMatchObject({ delivered: 40, retried: 0, dead: 0, expired: 0 });
      expect(r.finished.find(({ messageId }) => messageId === 'm-7')).toEqual({
        messageId: 'm-7',
        receiptHandle: 'handle of m-7',
        visibleUntil: expect.any(Number),
        deliveredAt: expect.any(Number),
      });
    });

    test('keeps one job of a message that comes twice, in one batch or in two', async () => {
      const r = rig();
      await r.add(r.job('twice-1'), r.job('twice-1'), r.job('other-1'));
      await r.add(r.job('twice-1'), r.job('third-1'));
      r.deliver();
      await r.untilFinished(3);
      expect(r.sink.seen.toSorted()).toEqual(['other-1', 'third-1', 'twice-1']);
    });

    test('keeps the receipt exactly as it was published', async () => {
      const r = rig();
      const bodies: string[] = [];
      r.sink.act = (record) => void bodies.push(record.json);
      r.deliver();
      const body = '{ "b":1,"a" : 12345678901234567890.10, "t":"短信 \\u0000 \\ud83d ￿", "b":2 }';
      await r.add(r.job('exact-1', { body }));
      await r.untilFinished(1);
      expect(bodies).toEqual([body]);
    });

    test.each(['12345', 'a:b', 'wait', 'meta', 'x'.repeat(300), '短信-1', '0', ' ', 'id', 'a:b:c:1'])(
      'takes a message whose id is %j',
      async (id) => {
        const r = rig();
        await r.add(r.job(id), r.job('plain-1'));
        r.deliver();
        await r.untilFinished(2);
        expect(r.sink.seen.toSorted()).toEqual([id, 'plain-1'].toSorted());
        const again = { dequeueCount: 2, receiptHandle: 'second' };
        expect(await r.add(r.job(id, again))).toMatchObject([{ messageId: id, receiptHandle: 'second' }]);
      },
    );
  });

  describe('a message that comes again', () => {
    const second = { dequeueCount: 2, receiptHandle: 'second' };

    test.each([
      ['good', 3_600_000],
      ['void', -1],
    ])('before it is delivered is acknowledged by its new handle; the old one %s', async (_, good) => {
      const r = rig();
      await r.add(r.job('again-1', { receiptHandle: 'first', visibleUntil: Date.now() + good }));
      expect(await r.add(r.job('again-1', second))).toEqual([]);
      r.deliver();
      await r.untilFinished(1);
      expect(r.finished).toMatchObject([{ messageId: 'again-1', receiptHandle: 'second' }]);
      expect(r.sink.seen).toEqual(['again-1']);
    });

    test('while it is being delivered is acknowledged by its new handle', async () => {
      const r = rig();
      const hold = new Hold();
      r.sink.act = hold.wait;
      r.deliver();
      await r.add(r.job('again-1', { receiptHandle: 'first', visibleUntil: Date.now() - 1 }));
      await expect.poll(() => r.sink.seen).toEqual(['again-1']);
      expect(await r.add(r.job('again-1', second))).toEqual([]);
      hold.release();
      await r.untilFinished(1);
      expect(r.finished).toMatchObject([{ receiptHandle: 'second' }]);
      expect(r.sink.seen).toEqual(['again-1']);
      expect(r.stats.counters).toMatchObject({ delivered: 1, expired: 0 });
    });

    test('while it waits for its retry is acknowledged by its new handle', async () => {
      const r = rig();
      const hold = new Hold();
      r.sink.act = async () => {
        if (r.sink.seen.length === 1) throw new Error('not yet');
        await hold.wait();
      };
      r.deliver();
      await r.add(r.job('again-1', { receiptHandle: 'first', visibleUntil: Date.now() - 1 }));
      await expect.poll(() => r.stats.counters.retried).toBe(1);
      expect(await r.add(r.job('again-1', second))).toEqual([]);
      hold.release();
      await r.untilFinished(1);
      expect(r.finished).toMatchObject([{ receiptHandle: 'second' }]);
    });

    test('after it was delivered is acknowledged at once, without its sinks', async () => {
      const r = rig();
      r.deliver();
      await r.add(r.job('again-1'));
      await r.untilFinished(1);
      expect(await r.add(r.job('again-1', second), r.job('other-1'))).toMatchObject([
        { messageId: 'again-1', receiptHandle: 'second' },
      ]);
      await r.untilFinished(2);
      expect(r.sink.seen).toEqual(['again-1', 'other-1']);
    });

    test('after it became a dead letter is acknowledged at once, and stays one', async () => {
      const r = rig();
      r.sink.act = () => {
        throw new DeadLetterError('no use');
      };
      r.deliver();
      await r.add(r.job('again-1'));
      await r.untilFinished(1);
      expect(await r.add(r.job('again-1', second))).toMatchObject([
        { messageId: 'again-1', receiptHandle: 'second' },
      ]);
      expect(r.sink.seen).toEqual(['again-1']);
      expect((await r.desk.list({ limit: 10 })).total).toBe(1);
    });

    test('although this daemon never had it is delivered like any other', async () => {
      const r = rig();
      r.deliver();
      expect(await r.add(r.job('again-1', second))).toEqual([]);
      await r.untilFinished(1);
      expect(r.finished).toMatchObject([{ receiptHandle: 'second' }]);
    });
  });

  describe('delivering', () => {
    test('tries again until it succeeds, and tells the sink which attempt it is', async () => {
      const r = rig({ attempts: 5 });
      r.sink.act = (_, { attempt }) => {
        if (attempt < 4) throw new Error('down');
      };
      r.deliver();
      await r.add(r.job('stubborn-1'));
      await r.untilFinished(1);
      expect(r.sink.attempts).toEqual([1, 2, 3, 4]);
      expect(r.stats.counters).toMatchObject({ retried: 3, delivered: 1, dead: 0 });
    });

    test('gives up when the attempts are spent, and has the message acknowledged', async () => {
      const r = rig({ attempts: 3 });
      r.sink.act = () => {
        throw new Error('always down');
      };
      r.deliver();
      await r.add(r.job('hopeless-1'));
      await r.untilFinished(1);
      expect(r.sink.attempts).toEqual([1, 2, 3]);
      expect(r.finished).toMatchObject([{ messageId: 'hopeless-1' }]);
      expect(r.dead).toEqual(['hopeless-1']);
      expect(r.stats.counters).toMatchObject({ retried: 2, delivered: 0, dead: 1 });
    });

    test('gives up at once when every sink that failed says there is no use', async () => {
      const r = rig({ sinks: [new TestSink('a'), new TestSink('b')] });
      r.sink.act = () => {
        throw new DeadLetterError('row too long');
      };
      r.deliver();
      await r.add(r.job('refused-1'));
      await r.untilFinished(1);
      expect(r.sinks.map(({ attempts }) => attempts)).toEqual([[1], [1]]);
      expect(await r.desk.list({ limit: 10 })).toMatchObject({
        deadLetters: [{ messageId: 'refused-1', reason: 'a: row too long', attempts: 1 }],
      });
    });

    test('goes on while one of the sinks may still succeed', async () => {
      const [hopeless, slow] = [new TestSink('hopeless'), new TestSink('slow')];
      hopeless.act = () => {
        throw new DeadLetterError('no use');
      };
      slow.act = (_, { attempt }) => {
        if (attempt === 1) throw new Error('down');
      };
      const r = rig({ sinks: [hopeless, slow] });
      r.deliver();
      await r.add(r.job('mixed-1'));
      await r.untilFinished(1);
      expect(slow.attempts).toEqual([1, 2]);
      expect(r.finished).toHaveLength(1);
    });

    test('skips in a retry the sinks that confirmed', async () => {
      const sinks = ['good', 'late', 'later'].map((name) => new TestSink(name));
      for (const [index, sink] of sinks.entries()) {
        sink.act = (_, { attempt }) => {
          if (attempt <= index) throw new Error('down');
        };
      }
      const r = rig({ sinks, attempts: 5 });
      r.deliver();
      await r.add(r.job('partial-1'));
      await r.untilFinished(1);
      expect(sinks.map(({ attempts }) => attempts)).toEqual([[1], [1, 2], [1, 2, 3]]);
    });

    const LIST = JSON.stringify(['a', 'b', 'c'].map((biz_id) => ({ biz_id, success: true })));

    test('delivers every event of a message that holds a list, then passes the message on once', async () => {
      const r = rig();
      r.deliver();
      await r.add(r.job('list-1', { body: LIST }));
      await r.untilFinished(1);
      expect(r.sink.seen.toSorted()).toEqual(['list-1#0', 'list-1#1', 'list-1#2']);
      expect(r.finished).toMatchObject([{ messageId: 'list-1' }]);
      expect(r.stats.counters).toMatchObject({ delivered: 3, dead: 0 });
    });

    test('skips in a retry the events of a list that are delivered, sink by sink', async () => {
      const sinks = ['one', 'two'].map((name) => new TestSink(name));
      for (const sink of sinks) {
        sink.act = ({ id }, { attempt }) => {
          if (attempt === 1 && id.endsWith(sink.name === 'one' ? '#1' : '#2')) throw new Error('down');
        };
      }
      const r = rig({ sinks });
      r.deliver();
      await r.add(r.job('list-2', { body: LIST }));
      await r.untilFinished(1);
      const ids = (...indexes: number[]) => indexes.map((index) => `list-2#${index}`);
      expect(sinks.map(({ seen }) => seen.toSorted())).toEqual([ids(0, 1, 1, 2), ids(0, 1, 2, 2)]);
    });

    test('does not try the rest of a list while nothing gets through, and goes on with it later', async () => {
      const r = rig({ attempts: 5 });
      const list = JSON.stringify(Array.from({ length: 100 }, (_, n) => ({ biz_id: `${n}`, success: true })));
      r.sink.act = (_, { attempt }) => {
        if (attempt === 1 || (attempt === 2 && r.sink.seen.length > 60)) throw new Error('down');
      };
      r.deliver();
      await r.add(r.job('list-4', { body: list }));
      await r.untilFinished(1);
      expect(r.stats.counters).toMatchObject({ delivered: 100, dead: 0 });
      // A part in the first try, at most two failing ones in the second, and every event once.
      expect(r.sink.seen.length).toBeLessThanOrEqual(100 + 16 + 32);
      expect(new Set(r.sink.seen).size).toBe(100);
    });

    test('makes a dead letter of a list when one of its events cannot be delivered, the others are', async () => {
      const r = rig({ attempts: 1 });
      r.sink.act = ({ id }) => {
        if (id.endsWith('#1')) throw new DeadLetterError('no use');
      };
      r.deliver();
      await r.add(r.job('list-3', { body: LIST }));
      await r.untilFinished(1);
      expect(r.dead).toEqual(['list-3']);
      expect(r.sink.seen).toHaveLength(3);
      const shown = await r.desk.show('list-3');
      expect(shown?.events?.map(({ id }) => id)).toEqual(['list-3#0', 'list-3#1', 'list-3#2']);
      r.sink.act = () => {};
      await r.desk.retry({ messageIds: ['list-3'] });
      await r.untilFinished(2);
      expect(r.sink.seen.filter((id) => id !== 'list-3#1')).toEqual(['list-3#0', 'list-3#2']);
    });

    test('never takes an event that no sink wants for delivered', async () => {
      const r = rig({ sinks: [], attempts: 1 });
      r.deliver();
      await r.add(r.job('unwanted-1'));
      await r.untilFinished(1);
      expect(r.stats.counters).toMatchObject({ dead: 1, delivered: 0 });
    });

    test('counts a handle that is void by then as expired and leaves it to the redelivery', async () => {
      const r = rig();
      r.deliver();
      await r.add(r.job('late-1', { visibleUntil: Date.now() - 1 }));
      await expect.poll(() => r.stats.counters.expired).toBe(1);
      expect(r.finished).toEqual([]);
      const again = await r.add(r.job('late-1', { dequeueCount: 2, receiptHandle: 'second' }));
      expect(again).toMatchObject([{ receiptHandle: 'second' }]);
      expect(r.sink.seen).toEqual(['late-1']);
    });

    test('runs as many deliveries at a time as it may, and lets them finish when it closes', async () => {
      const r = rig();
      const hold = new Hold();
      r.sink.act = hold.wait;
      r.deliver({ concurrency: 4 });
      await r.add(...Array.from({ length: 10 }, (_, index) => r.job(`many-${index}`)));
      await expect.poll(() => r.sink.seen.length).toBe(4);
      const closed = r.close();
      hold.release();
      await closed;
      expect(r.finished).toHaveLength(4);
      expect(r.sink.seen).toHaveLength(4);
    });
  });
});
