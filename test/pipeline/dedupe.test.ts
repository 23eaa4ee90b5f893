/** That of several messages with the same receipt one is delivered, over every store. */
import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Backend, Dedupe } from '../../src/pipeline/index.js';
import { DeadLetterError } from '../../src/sinks/index.js';
import { overEachStore } from './each-store.js';
import { Hold, type Rig, type RigOptions } from './rig.js';

type Claims = Dedupe['claims'];

const WINDOW = 3_600_000;
const claim = (key: string, holder: string) => ({ key, holder });
const body = (...keys: string[]) => JSON.stringify(keys.map((biz_id) => ({ biz_id, success: true })));

/** What a receipt is about is its key; one with none is like no other. */
function keyOf({ json }: { json: string }): string | undefined {
  return (JSON.parse(json) as { biz_id?: string }).biz_id;
}

overEachStore((rig) => {
  const backendOf = (): Backend => rig().backend;
  const claimsOf = (window = WINDOW) => backendOf().claims(`Queue-${randomUUID()}`, window);

  /** @param claims in place of the store's */
  function deduping(options: RigOptions = {}, claims?: (own: Claims) => Claims): Rig {
    const queueName = options.queueName ?? `Queue-${randomUUID()}`;
    const own = backendOf().claims(queueName, WINDOW);
    return rig({ ...options, queueName, dedupe: { claims: claims?.(own) ?? own, keyOf } });
  }

  describe('claims', () => {
    test('are free, mine, taken and delivered in turn', async () => {
      const claims = claimsOf();
      expect(await claims.take([claim('k', 'a')])).toEqual(['mine']);
      expect(await claims.take([claim('k', 'a'), claim('k', 'b'), claim('l', 'b')])).toEqual([
        'mine',
        'taken',
        'mine',
      ]);
      await claims.settle([claim('k', 'a')]);
      expect(await claims.take([claim('k', 'a'), claim('k', 'b'), claim('l', 'a')])).toEqual([
        'delivered',
        'delivered',
        'taken',
      ]);
      expect(await claims.take([])).toEqual([]);
    });

    test('are released by their holder alone, and not once they are settled', async () => {
      const claims = claimsOf();
      await claims.take([claim('k', 'a'), claim('l', 'a')]);
      await claims.settle([claim('l', 'a')]);
      await claims.release([claim('k', 'b'), claim('l', 'a'), claim('none', 'a')]);
      expect(await claims.take([claim('k', 'b'), claim('l', 'b')])).toEqual(['taken', 'delivered']);
      await claims.release([claim('k', 'a')]);
      expect(await claims.take([claim('k', 'b')])).toEqual(['mine']);
    });

    test('of a queue that is no more are forgotten, and no other queue loses any', async () => {
      const [claims, others] = [claimsOf(), claimsOf()];
      for (const each of [claims, others]) await each.settle([claim('k', 'a'), claim('l', 'a')]);
      await claims.clear();
      expect(await claims.take([claim('k', 'b'), claim('l', 'b')])).toEqual(['mine', 'mine']);
      expect(await others.take([claim('k', 'b')])).toEqual(['delivered']);
    });

    test('are delivered for a window, also by one that had lost its claim', async () => {
      const claims = claimsOf(1);
      await claims.settle([claim('k', 'a')]);
      await expect.poll(() => claims.take([claim('k', 'b')])).toEqual(['mine']);
      const longer = claimsOf();
      await longer.take([claim('k', 'b')]);
      await longer.settle([claim('k', 'a')]);
      expect(await longer.take([claim('k', 'b')])).toEqual(['delivered']);
    });

    test('are won by one, however many want them at a time, and whatever they are called', async () => {
      const claims = claimsOf();
      const keys = ['a\u0000', '短信', '', 'x'.repeat(10_000)];
      for (const key of keys) {
        const holders = Array.from({ length: 50 }, (_, index) => `m-${index}`);
        const states = await Promise.all(holders.map((holder) => claims.take([claim(key, holder)])));
        expect(states.flat().toSorted()).toEqual(['mine', ...Array.from({ length: 49 }, () => 'taken')]);
      }
    });
  });

  describe('a duplicate', () => {
    test('that comes while the first is being delivered waits, and is acknowledged without its sinks', async () => {
      const first = deduping({ attempts: 1 });
      const other = deduping({ attempts: 1, queueName: first.queueName });
      const hold = new Hold();
      first.sink.act = hold.wait;
      other.sink.act = hold.wait;
      first.deliver({ concurrency: 1 });
      other.deliver({ concurrency: 1 });
      await first.add(first.job('m-1', { body: body('k') }), first.job('m-2', { body: body('k') }));
      const started = async () => Promise.all(['m-1', 'm-2'].map((id) => first.state(id)));
      await expect.poll(async () => (await started()).toSorted()).toEqual(['active', 'delayed']);
      hold.release();
      await expect.poll(() => [...first.finished, ...other.finished].length, { timeout: 20_000 }).toBe(2);
      expect([...first.sink.seen, ...other.sink.seen]).toHaveLength(1);
      const total = (name: 'delivered' | 'duplicates' | 'retried') =>
        first.stats.counters[name] + other.stats.counters[name];
      expect([total('delivered'), total('duplicates'), total('retried')]).toEqual([1, 1, 0]);
    });

    test('that comes later is acknowledged without its sinks; another receipt, or one without a key, is not', async () => {
      const r = deduping();
      r.deliver();
      await r.add(r.job('m-1', { body: body('k') }), r.job('none-1', { body: '{"success":true}' }));
      await r.untilFinished(2);
      await r.add(
        r.job('m-2', { body: body('k') }),
        r.job('m-3', { body: body('l') }),
        r.job('none-2', { body: '{"success":true}' }),
      );
      await r.untilFinished(5);
      expect(r.sink.seen.toSorted()).toEqual(['m-1#0', 'm-3#0', 'none-1', 'none-2']);
      expect(r.stats.counters).toMatchObject({ delivered: 4, duplicates: 1 });
    });

    test('is delivered when the first became a dead letter, which then is one itself', async () => {
      const r = deduping({ attempts: 1 });
      const dies = new Hold();
      r.sink.act = async ({ id }) => {
        if (!id.startsWith('m-1')) return;
        await dies.wait();
        throw new DeadLetterError('no use');
      };
      r.deliver();
      await r.add(r.job('m-1', { body: body('k') }));
      await expect.poll(() => r.sink.seen).toEqual(['m-1#0']);
      await r.add(r.job('m-2', { body: body('k') }));
      await expect.poll(() => r.state('m-2')).toBe('delayed');
      dies.release();
      await r.untilFinished(2);
      expect(r.sink.seen).toEqual(['m-1#0', 'm-2#0']);
      await r.desk.retry({ messageIds: ['m-1'] });
      await r.untilFinished(3);
      expect(r.sink.seen).toHaveLength(2);
      expect(r.stats.counters).toMatchObject({ dead: 1, delivered: 1, duplicates: 1 });
    });

    test('within lists is left out, in the same list and in one that overlaps it', async () => {
      const r = deduping();
      r.deliver();
      await r.add(r.job('m-1', { body: body('a', 'b', 'a') }), r.job('m-2', { body: body('c', 'b', 'a') }));
      await r.untilFinished(2);
      expect(r.sink.seen).toHaveLength(3);
      expect(r.stats.counters).toMatchObject({ delivered: 3, duplicates: 3, retried: 0 });
    });

    test('of which the first is tried again still waits for it', async () => {
      const r = deduping({ attempts: 5 });
      r.sink.act = (_, { attempt }) => {
        if (attempt < 3) throw new Error('down');
      };
      r.deliver();
      await r.add(r.job('m-1', { body: body('k') }), r.job('m-2', { body: body('k') }));
      await r.untilFinished(2);
      expect(new Set(r.sink.seen).size).toBe(1);
      expect(r.sink.attempts).toEqual([1, 2, 3]);
      expect(r.stats.counters).toMatchObject({ delivered: 1, duplicates: 1 });
    });
  });

  test('by id, a message that comes again after its delete was confirmed is not delivered again', async () => {
    const queueName = `Queue-${randomUUID()}`;
    const claims = backendOf().claims(queueName, WINDOW);
    // As if the mark were gone at once.
    const marks = {
      add: async () => {},
      has: async () => false,
      among: async () => new Set<string>(),
      remove: async () => {},
    };
    const r = rig({ queueName, marks, dedupe: { claims, keyOf: ({ id }) => id } });
    r.deliver();
    await r.add(r.job('m-1'));
    await r.untilFinished(1);
    await r.add(r.job('m-1', { dequeueCount: 2, receiptHandle: 'second' }));
    await r.untilFinished(2);
    expect(r.sink.seen).toEqual(['m-1']);
    expect(r.stats.counters).toMatchObject({ delivered: 1, duplicates: 1 });
  });

  test.each(['take', 'settle', 'release'] as const)(
    'nothing is lost or delivered twice when the store fails to %s',
    async (call) => {
      let failures = 2;
      const failing = (own: Claims): Claims => ({
        take: (wanted) => own.take(wanted),
        settle: (delivered) => own.settle(delivered),
        release: (given) => own.release(given),
        clear: () => own.clear(),
        [call]: async (claims: readonly { key: string; holder: string }[]) => {
          failures -= 1;
          if (failures >= 0) throw new Error('the store says no');
          return own[call](claims);
        },
      });
      const r = deduping({ attempts: 5 }, failing);
      r.sink.act = ({ id }) => {
        if (id.startsWith('dead')) throw new DeadLetterError('no use');
      };
      r.deliver();
      await r.add(r.job('m-1', { body: body('k') }), r.job('dead-1', { body: body('l') }));
      await r.untilFinished(2);
      await r.add(r.job('m-2', { body: body('k') }));
      await r.untilFinished(3);
      expect(r.sink.seen.filter((id) => !id.startsWith('dead'))).toEqual(['m-1#0']);
      expect(r.stats.counters).toMatchObject({ delivered: 1, duplicates: 1, dead: 1 });
    },
  );
});
