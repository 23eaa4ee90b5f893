/** Whatever MNS does, every handle is settled once, and confirmed exactly when MNS deleted it. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Acknowledger, type NotDeleted } from '../../src/ack/index.js';
import { dice, whole } from '../support/random.js';

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

/** An MNS that deletes, fails, limits and refuses as the dice say, and knows what it deleted. */
function moodyMns(random: () => number) {
  const deleted = new Set<string>();
  const seen = { open: 0, mostOpen: 0, biggest: 0, sentVoid: 0, calls: 0 };
  const deleteBatch = async (
    handles: readonly string[],
    isVoid: (handle: string) => boolean,
  ): Promise<NotDeleted[]> => {
    seen.calls += 1;
    seen.open += 1;
    seen.mostOpen = Math.max(seen.mostOpen, seen.open);
    seen.biggest = Math.max(seen.biggest, handles.length);
    if (handles.some(isVoid)) seen.sentVoid += 1;
    await new Promise((resolve) => setTimeout(resolve, whole(random, 1, 300)));
    seen.open -= 1;
    const mood = random();
    if (mood < 0.2) throw new Error('ECONNRESET');
    if (mood < 0.25) throw Object.assign(new Error('refused'), { fatal: true });
    return handles.flatMap((receiptHandle): NotDeleted[] => {
      const luck = random();
      if (luck < 0.1) return [{ receiptHandle, code: 'InternalError' }];
      if (luck < 0.15) return [{ receiptHandle, code: 'MessageNotExist' }];
      deleted.add(receiptHandle);
      return [];
    });
  };
  return { deleted, seen, deleteBatch };
}

test.each(Array.from({ length: 25 }, (_, index) => index + 1))('with dice of seed %i', async (seed) => {
  const random = dice(seed);
  const mns = moodyMns(random);
  const goodUntil = new Map<string, number>();
  const confirmed: string[] = [];
  const concurrency = whole(random, 1, 5);
  const ack = new Acknowledger({
    deleteBatch: (handles) =>
      mns.deleteBatch(handles, (handle) => (goodUntil.get(handle) ?? 0) <= Date.now()),
    onConfirmed: (messages) => confirmed.push(...messages.map(({ receiptHandle }) => receiptHandle)),
    linger: whole(random, 0, 100),
    concurrency,
    random,
  });
  const count = whole(random, 1, 400);
  for (let index = 0; index < count; index += 1) {
    const receiptHandle = `h-${index}`;
    // Some are void before they can be sent, some while they are tried again.
    const visibleUntil = Date.now() + whole(random, -100, 20_000);
    goodUntil.set(receiptHandle, visibleUntil);
    ack.add({ messageId: `m-${index}`, receiptHandle, visibleUntil });
    if (random() < 0.3) await vi.advanceTimersByTimeAsync(whole(random, 0, 80));
  }
  expect(ack.unsettled).toBeLessThanOrEqual(count);
  const flushed = ack.flush();
  await vi.advanceTimersByTimeAsync(120_000);
  await flushed;
  expect(ack.unsettled).toBe(0);
  expect(confirmed.toSorted()).toEqual([...mns.deleted].toSorted());
  expect(mns.seen).toMatchObject({ open: 0, sentVoid: 0 });
  expect(mns.seen.biggest).toBeLessThanOrEqual(16);
  expect(mns.seen.mostOpen).toBeLessThanOrEqual(concurrency);
  const { calls } = mns.seen;
  await vi.advanceTimersByTimeAsync(600_000);
  expect(mns.seen.calls).toBe(calls);
});
