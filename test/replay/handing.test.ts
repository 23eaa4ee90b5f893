import { expect, it } from 'vitest';
import type { ReceiptJob } from '../../src/pipeline/index.js';
import { Handing } from '../../src/replay/handing.js';
import { Window } from '../../src/replay/window.js';
import { captured, idOf } from './support.js';

/** A store that does what a test says, and a window whose messages end when a test says. */
class Rig {
  readonly window = new Window();
  readonly health = { good: true };
  readonly notes: string[] = [];
  readonly added: string[][] = [];
  readonly stop = new AbortController();
  /** What the next calls to the store do first. */
  readonly acts: (() => void)[] = [];
  readonly handing: Handing;

  constructor(limit = 1_000) {
    this.handing = new Handing({
      handOff: {
        add: async (jobs: readonly ReceiptJob[]) => {
          this.acts.shift()?.();
          this.added.push(jobs.map(({ message }) => message.messageId));
          return [];
        },
      },
      window: this.window,
      health: this.health,
      limit,
      note: (text) => this.notes.push(text),
      signal: this.stop.signal,
    });
  }

  add(n: number): Promise<void> {
    const message = { ...captured(n), mnsHost: 'mns.test' };
    return this.handing.add({ message, at: { file: 'f', line: n }, number: n, drift: undefined }, []);
  }

  async fill(count: number): Promise<void> {
    for (let n = 1; n <= count; n += 1) await this.add(n);
  }

  end(...numbers: number[]): void {
    for (const n of numbers) this.window.delete(idOf(n));
  }
}

/** Whether a promise has resolved, once all that can happen without the outside world has happened. */
async function settled(promise: Promise<unknown>): Promise<boolean> {
  let done = false;
  void promise.then(() => {
    done = true;
  });
  await new Promise(setImmediate);
  return done;
}

it('hands off full groups by itself, the rest when asked', async () => {
  const rig = new Rig();
  await rig.fill(130);
  expect(rig.added.map((group) => group.length)).toEqual([64, 64]);
  await rig.handing.flush();
  expect(rig.added.map((group) => group.length)).toEqual([64, 64, 2]);
  await rig.handing.flush();
  expect(rig.added).toHaveLength(3);
  expect(rig.window.size).toBe(130);
});

it('waits for room, and hands off meanwhile what it has collected', async () => {
  const rig = new Rig(3);
  await rig.fill(3);
  const room = rig.handing.room();
  expect(await settled(room)).toBe(false);
  expect(rig.added).toEqual([[idOf(1), idOf(2), idOf(3)]]);
  rig.end(2);
  expect(await settled(room)).toBe(true);
});

it('lets one message at a time through while deliveries fail', async () => {
  const rig = new Rig();
  await rig.fill(2);
  rig.health.good = false;
  const room = rig.handing.room();
  expect(await settled(room)).toBe(false);
  rig.end(1);
  expect(await settled(room)).toBe(false);
  rig.end(2);
  expect(await settled(room)).toBe(true);
  await rig.add(3);
  const next = rig.handing.room();
  expect(await settled(next)).toBe(false);
  rig.health.good = true;
  rig.window.notify();
  expect(await settled(next)).toBe(true);
});

it('tries again until the store takes them, says so, and leaves out what has ended meanwhile', async () => {
  const rig = new Rig();
  await rig.fill(3);
  const fails = () => {
    rig.end(2);
    throw new Error('connection lost');
  };
  rig.acts.push(fails, fails);
  await rig.handing.flush();
  expect(rig.added).toEqual([[idOf(1), idOf(3)]]);
  expect(rig.notes).toEqual([
    'handing messages to the pipeline failed, trying on: connection lost',
    'the store works again',
  ]);
});

it('gives up when it is told to stop', async () => {
  const rig = new Rig(1);
  await rig.fill(1);
  rig.acts.push(() => {
    rig.stop.abort();
    throw new Error('connection lost');
  });
  await rig.handing.flush();
  expect(rig.added).toEqual([]);
  await rig.handing.room();
  expect(rig.window.size).toBe(1);
});
