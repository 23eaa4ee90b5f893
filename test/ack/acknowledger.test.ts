import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { bench, HOUR, names, settle } from './fake-mns.js';

const fatal = () => Object.assign(new Error('malformed handle'), { fatal: true });

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

/** Whether the flush has resolved. */
function watch(flushed: Promise<void>): () => boolean {
  let done = false;
  void flushed.then(() => {
    done = true;
  });
  return () => done;
}

describe('batching', () => {
  test('sends sixteen as soon as they are there, in the order they came', () => {
    const { mns, add } = bench();
    add(...names(15));
    expect(mns.calls).toEqual([]);
    add('last');
    expect(mns.call(0).handles).toEqual([...names(15), 'last'].map((name) => `h-${name}`));
  });

  test('sends fewer when they have lingered', () => {
    const { mns, add } = bench({ linger: 50 });
    add('a', 'b');
    vi.advanceTimersByTime(49);
    add('c');
    expect(mns.calls).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(mns.sizes).toEqual([3]);
  });

  test('lets what comes after a full batch linger for itself', () => {
    const { mns, add } = bench({ linger: 50 });
    add(...names(16));
    expect(mns.sizes).toEqual([16]);
    vi.advanceTimersByTime(60);
    add('a');
    vi.advanceTimersByTime(10);
    add('b');
    expect(mns.sizes).toEqual([16]);
    vi.advanceTimersByTime(50);
    expect(mns.sizes).toEqual([16, 2]);
  });

  test('sends at once what there is when the linger is 0', () => {
    const { mns, add } = bench({ linger: 0 });
    add('a', 'b');
    vi.advanceTimersByTime(1);
    expect(mns.sizes).toEqual([2]);
  });

  test('has no more deletes under way than it may', async () => {
    const { mns, add, confirmed } = bench({ concurrency: 2 });
    add(...names(70));
    vi.advanceTimersByTime(1_000);
    expect(mns.sizes).toEqual([16, 16]);
    await mns.call(1).answer();
    expect(mns.sizes).toEqual([16, 16, 16]);
    await mns.call(0).answer();
    await mns.call(2).answer();
    expect(mns.sizes).toEqual([16, 16, 16, 16, 6]);
    await mns.call(3).answer();
    await mns.call(4).answer();
    expect(mns.mostOpen).toBe(2);
    expect(confirmed.toSorted()).toEqual(names(70).toSorted());
  });
});

describe('answers', () => {
  test('confirms what MNS deleted, and only then', async () => {
    const { mns, ack, add, confirmed } = bench();
    add(...names(16));
    expect([confirmed, ack.unsettled]).toEqual([[], 16]);
    await mns.call(0).answer();
    expect([confirmed, ack.unsettled]).toEqual([names(16), 0]);
  });

  test('tries again only what was not deleted', async () => {
    const { mns, ack, add, confirmed } = bench();
    add(...names(16));
    await mns.call(0).answer({ 'h-m3': 'InternalError', 'h-m9': 'QpsLimitExceeded' });
    expect(confirmed).toHaveLength(14);
    expect(ack.unsettled).toBe(2);
    vi.advanceTimersByTime(1_000);
    expect(mns.call(1).handles).toEqual(['h-m3', 'h-m9']);
    await mns.call(1).answer();
    expect(confirmed.slice(14)).toEqual(['m3', 'm9']);
    expect(ack.unsettled).toBe(0);
  });

  test.each(['MessageNotExist', 'ReceiptHandleError'])(
    'settles a handle that is gone (%s) without confirming it or trying again',
    async (code) => {
      const { mns, ack, add, confirmed, errors } = bench();
      add(...names(16));
      await mns.call(0).answer({ 'h-m0': code });
      vi.advanceTimersByTime(60_000);
      expect(mns.calls).toHaveLength(1);
      expect(confirmed).toEqual(names(16).slice(1));
      expect(ack.unsettled).toBe(0);
      expect(errors).toEqual([]);
    },
  );

  test('tries a whole batch again when its request failed, later each time', async () => {
    const { mns, ack, add, errors } = bench();
    add(...names(16));
    const waits: number[] = [];
    for (let attempt = 0; attempt < 8; attempt += 1) {
      await mns.call(-1).fail();
      const failedAt = Date.now();
      const seen = mns.calls.length;
      while (mns.calls.length === seen) vi.advanceTimersByTime(10);
      waits.push(Date.now() - failedAt);
    }
    // Full jitter with dice that always fall in the middle.
    expect(waits).toEqual([100, 200, 400, 800, 1_600, 2_500, 2_500, 2_500]);
    expect(errors).toHaveLength(8);
    expect(ack.unsettled).toBe(16);
    await mns.call(-1).answer();
    expect(ack.unsettled).toBe(0);
  });

  test('sends each handle of a batch that was refused as a whole alone', async () => {
    const { mns, ack, add, confirmed } = bench({ concurrency: 16 });
    add(...names(16));
    await mns.call(0).fail(fatal());
    vi.advanceTimersByTime(1_000);
    expect(mns.sizes).toEqual([16, ...Array(16).fill(1)]);
    for (const call of mns.calls.slice(1)) {
      if (call.handles[0] === 'h-m5') await call.fail(fatal());
      else await call.answer();
    }
    expect(confirmed.toSorted()).toEqual(
      names(16)
        .filter((name) => name !== 'm5')
        .toSorted(),
    );
    expect(ack.unsettled).toBe(1);
    vi.advanceTimersByTime(1_000);
    expect(mns.call(-1).handles).toEqual(['h-m5']);
  });

  test('does not hold up others behind one that goes alone', async () => {
    const { mns, ack, add, confirmed } = bench({ concurrency: 1 });
    add('bad', ...names(15));
    await mns.call(0).fail(fatal());
    add(...names(4, 'new'));
    const flushed = ack.flush();
    for (let turn = 0; turn < 200 && ack.unsettled > 0; turn += 1) {
      vi.advanceTimersByTime(100);
      const call = mns.call(-1);
      if (mns.open === 0) continue;
      if (call.handles.includes('h-bad')) await call.answer({ 'h-bad': 'ReceiptHandleError' });
      else await call.answer();
    }
    await flushed;
    expect(confirmed.toSorted()).toEqual([...names(15), ...names(4, 'new')].toSorted());
  });
});

describe('the visibility timeout', () => {
  test('a handle that is void is never sent', () => {
    const { mns, ack, add } = bench();
    ack.add({ messageId: 'void', receiptHandle: 'h-void', visibleUntil: Date.now() });
    add(...names(15));
    vi.advanceTimersByTime(50);
    expect(mns.call(0).handles).not.toContain('h-void');
    expect(ack.unsettled).toBe(15);
  });

  test('retries end when it is over', async () => {
    const { mns, ack, confirmed } = bench();
    ack.add({ messageId: 'a', receiptHandle: 'h-a', visibleUntil: Date.now() + 1_000 });
    vi.advanceTimersByTime(50);
    while (ack.unsettled > 0) {
      if (mns.open > 0) await mns.call(-1).fail();
      vi.advanceTimersByTime(50);
    }
    expect(confirmed).toEqual([]);
    const sent = mns.calls.length;
    vi.advanceTimersByTime(HOUR);
    expect(mns.calls).toHaveLength(sent);
  });

  test('a batch of void handles only is not sent at all', async () => {
    const { mns, ack } = bench();
    for (const name of names(16))
      ack.add({ messageId: name, receiptHandle: `h-${name}`, visibleUntil: Date.now() - 1 });
    await ack.flush();
    expect(mns.calls).toEqual([]);
    expect(ack.unsettled).toBe(0);
  });
});

describe('flushing', () => {
  test('resolves at once when nothing waits', async () => {
    await bench().ack.flush();
  });

  test('sends what waits without lingering, and what is added meanwhile', async () => {
    const { mns, ack, add } = bench();
    add('a');
    const flushed = watch(ack.flush());
    expect(mns.sizes).toEqual([1]);
    add('b');
    expect(mns.sizes).toEqual([1, 1]);
    await mns.call(0).answer();
    expect(flushed()).toBe(false);
    await mns.call(1).answer();
    expect(flushed()).toBe(true);
  });

  test('waits for what is tried again', async () => {
    const { mns, ack, add, confirmed } = bench();
    add('a', 'b');
    const flushed = watch(ack.flush());
    await mns.call(0).answer({ 'h-b': 'InternalError' });
    expect(flushed()).toBe(false);
    vi.advanceTimersByTime(1_000);
    await mns.call(1).fail();
    vi.advanceTimersByTime(1_000);
    await mns.call(2).answer();
    expect(flushed()).toBe(true);
    expect(confirmed).toEqual(['a', 'b']);
  });

  test('serves everyone who flushes', async () => {
    const { mns, ack, add } = bench();
    add('a');
    const flushes = [ack.flush(), ack.flush()].map(watch);
    await mns.call(0).answer();
    await settle();
    expect(flushes.map((flushed) => flushed())).toEqual([true, true]);
  });
});

describe('since when nothing was confirmed', () => {
  const START = Date.UTC(2026, 0, 1);
  beforeEach(() => void vi.setSystemTime(START));

  test('is nothing while nothing waits', async () => {
    const { mns, add, ack } = bench({ linger: 0 });
    expect(ack.unconfirmedSince).toBe(0);
    add('a');
    expect(ack.unconfirmedSince).toBe(START);
    vi.advanceTimersByTime(1);
    await mns.call(0).answer();
    expect(ack.unconfirmedSince).toBe(0);
  });

  test('begins anew with each that is confirmed', async () => {
    const { mns, add, ack } = bench({ linger: 0 });
    add('a');
    vi.advanceTimersByTime(1);
    vi.advanceTimersByTime(5_000);
    add('b');
    expect(ack.unconfirmedSince).toBe(START);
    await mns.call(0).answer();
    expect(ack.unconfirmedSince).toBe(START + 5_001);
  });

  test('lasts through messages that are given up and come again', async () => {
    const { mns, add, ack } = bench({ linger: 0 });
    for (const round of [0, 1, 2, 3]) {
      add('a');
      vi.advanceTimersByTime(1);
      await mns.call(round).answer({ 'h-a': 'MessageNotExist' });
      expect(ack.unconfirmedSince).toBe(0);
      vi.advanceTimersByTime(30_000);
    }
    add('a');
    expect(ack.unconfirmedSince).toBe(START);
  });

  test('does not count the time that a queue was quiet after a message that was given up', async () => {
    const { mns, add, ack } = bench({ linger: 0 });
    add('a');
    vi.advanceTimersByTime(1);
    await mns.call(0).answer({ 'h-a': 'MessageNotExist' });
    vi.advanceTimersByTime(HOUR);
    add('b');
    expect(ack.unconfirmedSince).toBe(START + HOUR + 1);
  });
});
