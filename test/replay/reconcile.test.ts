import { expect, it } from 'vitest';
import type { ReceiptQueue } from '../../src/pipeline/index.js';
import { reconcile } from '../../src/replay/reconcile.js';
import type { Ending } from '../../src/replay/state.js';
import { Window } from '../../src/replay/window.js';
import { captured, idOf } from './support.js';

/** A store whose jobs are in these states. */
function rig(states: Record<string, string>) {
  const window = new Window();
  for (const [index, messageId] of Object.keys(states).entries()) {
    const message = { ...captured(index, { messageId }), mnsHost: 'mns.test' };
    window.add({ message, at: { file: 'f', line: 1 }, number: index + 1, drift: undefined });
  }
  const getJob = async (jobId: string) =>
    states[jobId] === 'gone' ? undefined : { failedReason: 'refused', getState: async () => states[jobId] };
  const endings: [string, Ending][] = [];
  const run = () =>
    reconcile({ getJob } as unknown as Pick<ReceiptQueue, 'getJob'>, window, (messageId, ending) => {
      endings.push([messageId, ending]);
      window.delete(messageId);
    });
  return { run, endings, window };
}

it('learns what has ended, and leaves the rest alone', async () => {
  const { run, endings, window } = rig({
    [idOf(1)]: 'completed',
    [idOf(2)]: 'failed',
    [idOf(3)]: 'active',
    [idOf(4)]: 'delayed',
    [idOf(5)]: 'waiting',
  });
  await run();
  expect(endings).toEqual([
    [idOf(1), 'delivered'],
    [idOf(2), { failed: 'refused' }],
  ]);
  expect(window.size).toBe(3);
});

it('tells of what the store has lost', async () => {
  const { run, endings } = rig({ [idOf(1)]: 'gone', [idOf(2)]: 'completed', [idOf(3)]: 'unknown' });
  await expect(run()).rejects.toThrow(
    /has lost 2 messages that were under way: --resume hands them off again/,
  );
  expect(endings).toHaveLength(1);
});
