import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import type { StoredJob } from '../../src/pipeline/index.js';
import { FullStore, hidingOf, room } from '../../src/poll/apart.js';

const ADDED = 1_000_000;
const FOR_EVER = Number.MAX_SAFE_INTEGER;

function job(message: { dequeueCount?: number; visibleUntil?: number }, more: object = {}): StoredJob {
  const { hiddenUntil, ...rest } = { attemptsStarted: 1, timestamp: ADDED, ...more } as {
    hiddenUntil?: number;
  };
  const data = {
    message: { messageId: 'm-1', dequeueCount: 1, visibleUntil: ADDED + 30_000, ...message },
    ...(hiddenUntil !== undefined && { hiddenUntil }),
  };
  return { data, ...rest } as unknown as StoredJob;
}

describe('what a job tells of the receive that brought it', () => {
  const hiding = [{ receivedAt: ADDED, visibleUntil: ADDED + 30_000 }];

  it.each([
    ['one that came for the first time', job({}), hiding],
    [
      'one that is acknowledged already',
      job({ visibleUntil: FOR_EVER }, { hiddenUntil: ADDED + 30_000 }),
      hiding,
    ],
    ['one of which nobody kept it', job({ visibleUntil: FOR_EVER }), []],
    ['one that came again, and may have been added long before', job({ dequeueCount: 2 }), []],
    ['one that is tried again, and may have another handle', job({}, { attemptsStarted: 2 }), []],
  ])('%s', (_, given, expected) => {
    expect(hidingOf(given)).toEqual(expected);
  });
});

describe('room', () => {
  it('is there while fewer wait to be deleted', async () => {
    await room(2, () => 1, new AbortController().signal);
  });

  it('is waited for, and no longer than until the process stops', async () => {
    let unsettled = 2;
    const stopping = new AbortController();
    let gone = 0;
    const first = room(2, () => unsettled, stopping.signal).then(() => (gone += 1));
    await new Promise(setImmediate);
    expect(gone).toBe(0);
    unsettled = 1;
    await first;
    unsettled = 2;
    const second = room(2, () => unsettled, stopping.signal);
    stopping.abort();
    await second;
  });
});

describe('a store that stays full', () => {
  const MINUTE = 60_000;

  function looker() {
    const lines: string[] = [];
    const log = pino({ base: null }, { write: (line: string) => void lines.push(JSON.parse(line).msg) });
    return { store: new FullStore(log, 0), lines };
  }

  it('is told after a minute without a poll, and now and then', () => {
    const { store, lines } = looker();
    store.look(64, 100, 30_000, 30_000 + MINUTE - 1);
    expect(lines).toEqual([]);
    for (let now = 2 * MINUTE; now < 12 * MINUTE; now += 1_000) store.look(64, 100, 30_000, now);
    expect(lines).toEqual([
      'receiving waits: 64 events are in the store and are not delivered, look at the processes with role deliver',
    ]);
    store.look(64, 100, 30_000, 13 * MINUTE);
    expect(lines).toHaveLength(2);
  });

  it('is told by one that has never polled, but not in its first minute', () => {
    const { store, lines } = looker();
    store.look(64, 100, 0, MINUTE - 1);
    expect(lines).toEqual([]);
    store.look(64, 100, 0, MINUTE);
    expect(lines).toHaveLength(1);
  });

  it('is none that has room', () => {
    const { store, lines } = looker();
    store.look(49, 100, 0, 10 * MINUTE);
    expect(lines).toEqual([]);
  });
});
