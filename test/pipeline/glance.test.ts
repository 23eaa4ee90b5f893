/** What a look at a queue tells, over every store. */
import { describe, expect, test } from 'vitest';
import { DeadLetterError } from '../../src/sinks/index.js';
import { overEachStore } from './each-store.js';
import { Hold } from './rig.js';

const T = 1_700_000_000_000;

overEachStore((rig) => {
  describe('a glance', () => {
    test('at a queue that holds nothing', async () => {
      const r = rig();
      expect(await r.backend.glance(r.queueName)).toEqual({ oldestUndeliveredAt: 0, deadLetters: 0 });
    });

    test('sees the oldest that waits, not what other queues hold', async () => {
      const [r, other] = [rig(), rig()];
      await other.add(other.job('other-1', { enqueueTime: T - 1_000 }));
      for (const index of [0, 1, 2]) await r.add(r.job(`m-${index}`, { enqueueTime: T + index }));
      expect(await r.backend.glance(r.queueName)).toEqual({ oldestUndeliveredAt: T, deadLetters: 0 });
    });

    test('sees the oldest also while it is being delivered, or waits for a retry', async () => {
      const r = rig();
      const glance = () => r.backend.glance(r.queueName);
      const [slow, stubborn] = [new Hold(), new Hold()];
      let failing = true;
      r.sink.act = async ({ id }) => {
        if (id === 'first-1') await slow.wait();
        if (id === 'second-2') await stubborn.wait();
        if (id === 'second-2' && failing) throw Object.assign(new Error('no'), { delay: 600_000 });
      };
      await r.add(r.job('first-1', { enqueueTime: T + 1 }));
      await r.add(r.job('second-2', { enqueueTime: T + 2 }));
      r.deliver({ concurrency: 2 });
      await expect.poll(() => r.sink.seen.length).toBe(2);
      expect(await glance()).toEqual({ oldestUndeliveredAt: T + 1, deadLetters: 0 });
      stubborn.release();
      await expect.poll(() => r.state('second-2')).toBe('delayed');
      expect(await glance()).toEqual({ oldestUndeliveredAt: T + 1, deadLetters: 0 });
      slow.release();
      await r.untilFinished(1);
      expect(await glance()).toEqual({ oldestUndeliveredAt: T + 2, deadLetters: 0 });
      failing = false;
      await (await r.queue.getJob('second-2'))?.promote();
      await r.untilFinished(2);
      expect(await glance()).toEqual({ oldestUndeliveredAt: 0, deadLetters: 0 });
    });

    test('counts dead letters, which are not undelivered any more', async () => {
      const r = rig();
      r.sink.act = () => {
        throw new DeadLetterError('no use');
      };
      await r.add(r.job('m-1'), r.job('m-2'));
      r.deliver();
      await r.untilFinished(2);
      expect(await r.backend.glance(r.queueName)).toEqual({ oldestUndeliveredAt: 0, deadLetters: 2 });
    });

    test('is not misled by a receipt that speaks of such a time itself', async () => {
      const r = rig();
      const body = JSON.stringify({ biz_id: '1', note: '"enqueueTime":5', enqueueTime: 7 });
      await r.add(r.job('"enqueueTime":3', { body, enqueueTime: T }));
      expect(await r.backend.glance(r.queueName)).toMatchObject({ oldestUndeliveredAt: T });
    });
  });
});
