/** What may be left to MNS while a sink is down: only what waits and was never started, whatever else is asked for. */
import { expect, test } from 'vitest';
import { DeadLetterError } from '../../src/sinks/index.js';
import { overEachStore } from '../pipeline/each-store.js';
import { Hold } from '../pipeline/rig.js';

overEachStore((makeRig) => {
  test('a dead letter that was sent back, a delivery under way and a retry stay', async () => {
    const rig = makeRig();
    const hold = new Hold();
    let retry = true;
    rig.sink.act = async ({ id }) => {
      if (id === 'dead-1') throw new DeadLetterError('no such user');
      if (id === 'held-1') await hold.wait();
      if (id === 'again-1' && retry) {
        retry = false;
        throw new Error('busy');
      }
    };
    await rig.add(rig.job('dead-1'), rig.job('again-1'));
    rig.deliver({ concurrency: 1 });
    await expect.poll(() => [rig.dead.length, retry]).toEqual([1, false]);
    await rig.add(rig.job('held-1'));
    await expect.poll(() => rig.sink.seen).toContain('held-1');
    await rig.desk.retry({ messageIds: ['dead-1'] });
    await rig.add(rig.job('new-1'), rig.job('new-2'), rig.job('new-3'));
    const ids = ['dead-1', 'again-1', 'held-1', 'new-1', 'new-3', 'nobody-1'];
    const read = ids.map((id) => ({ id, receiptHandle: `handle of ${id}` }));
    expect(await rig.backend.removeUntried(rig.queueName, read)).toBe(2);
    expect(await Promise.all(['new-1', 'new-2', 'new-3'].map((id) => rig.state(id)))).toEqual([
      'unknown',
      'waiting',
      'unknown',
    ]);
    rig.sink.act = () => {};
    hold.release();
    // The one that stayed, the one held, the retry and the dead letter; the latter was finished once before.
    await rig.untilFinished(5);
    expect(new Set(rig.finished.map(({ messageId }) => messageId))).toEqual(
      new Set(['dead-1', 'again-1', 'held-1', 'new-2']),
    );
    // One that was dropped can be handed off anew.
    await rig.add(rig.job('new-1', { dequeueCount: 2 }));
    await rig.untilFinished(6);
  });

  test('what came again since it was looked at stays, because MNS may have deleted it', async () => {
    const rig = makeRig();
    const handle = 'odd "quoted" 短信 %d [a-z] \\ handle';
    await rig.add(rig.job('same-1', { receiptHandle: handle }), rig.job('again-1'));
    const again = rig.job('again-1', { dequeueCount: 2, receiptHandle: 'newer' });
    await rig.add({ ...again, onlyHere: true });
    const read = [
      { id: 'same-1', receiptHandle: handle },
      { id: 'again-1', receiptHandle: 'handle of again-1' },
    ];
    expect(await rig.backend.removeUntried(rig.queueName, read)).toBe(1);
    expect(await Promise.all(['same-1', 'again-1'].map((id) => rig.state(id)))).toEqual([
      'unknown',
      'waiting',
    ]);
  });
});
