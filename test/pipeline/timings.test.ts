/** How long a delivery took, and what became of each event, over every store. */
import { describe, expect, test } from 'vitest';
import { DeadLetterError } from '../../src/sinks/index.js';
import { overEachStore } from './each-store.js';
import type { Rig } from './rig.js';

const HOUR_S = 3_600;
const hoursAgo = (hours: number) => Date.now() - hours * HOUR_S * 1000;

function taken(r: Rig) {
  const { counts, sum } = r.stats.timings.receive_to_delivered;
  return { count: counts.reduce((total, count) => total + count, 0), hours: sum / HOUR_S };
}

overEachStore((rig) => {
  describe('from received to delivered', () => {
    test('is counted where it is delivered, whoever received it, for each event', async () => {
      const receiver = rig();
      const r = rig({ queueName: receiver.queueName });
      const body = JSON.stringify([{ biz_id: '1' }, { biz_id: '2' }]);
      await receiver.add(receiver.job('list-1', { body, receivedAt: hoursAgo(2) }));
      await receiver.add(receiver.job('m-1', { receivedAt: hoursAgo(2) }));
      r.deliver();
      await r.untilFinished(2);
      expect(taken(r)).toEqual({ count: 3, hours: expect.closeTo(6, 1) });
      expect(taken(receiver)).toEqual({ count: 0, hours: 0 });
    });

    test('counts from the first time, when it comes again meanwhile', async () => {
      const r = rig();
      await r.add(r.job('m-1', { receivedAt: hoursAgo(5) }));
      await r.add(r.job('m-1', { dequeueCount: 2, receiptHandle: 'newer', receivedAt: hoursAgo(1) }));
      r.deliver();
      await r.untilFinished(1);
      expect(r.finished[0]?.receiptHandle).toBe('newer');
      expect(taken(r)).toEqual({ count: 1, hours: expect.closeTo(5, 1) });
    });

    test('is nothing by the clock of a receiver that is ahead, and counts from the store where nobody noted it', async () => {
      const r = rig();
      await r.add(r.job('ahead-1', { receivedAt: hoursAgo(-3) }), r.job('old-1'));
      r.deliver();
      await r.untilFinished(2);
      expect(taken(r)).toEqual({ count: 2, hours: expect.closeTo(0, 1) });
    });

    test('is not counted for what was not delivered', async () => {
      const r = rig();
      r.sink.act = () => {
        throw new DeadLetterError('no use');
      };
      await r.add(r.job('m-1', { receivedAt: hoursAgo(1) }));
      r.deliver();
      await r.untilFinished(1);
      expect(taken(r)).toEqual({ count: 0, hours: 0 });
      expect(r.finished[0]).not.toHaveProperty('deliveredAt');
    });
  });

  describe('what became of each event', () => {
    test('is told with its message', async () => {
      const r = rig();
      r.sink.act = ({ id }) => {
        if (id.startsWith('dead')) throw new DeadLetterError('no use');
      };
      const pair = JSON.stringify([{ biz_id: '1' }, { biz_id: '2' }]);
      await r.add(r.job('m-1'), r.job('pair-1', { body: pair }), r.job('dead-1', { body: pair }));
      await r.marks.add('again-1');
      await r.add(r.job('again-1'));
      await r.add(r.job('broken-1', { body: '{' }));
      r.deliver();
      await r.untilFinished(5);
      expect(Object.fromEntries(r.outcomes)).toEqual({
        'm-1': ['delivered'],
        'pair-1': ['delivered', 'delivered'],
        'dead-1': ['dead', 'dead'],
        'again-1': ['delivered'],
        'broken-1': ['dead'],
      });
    });
  });
});
