import { expect, test } from 'vitest';
import { Clock } from '../../src/emulator/clock.js';
import type { Message } from '../../src/emulator/message.js';
import { MessageQueue } from '../../src/emulator/queue.js';

/** Stands still until told otherwise. */
class SetClock extends Clock {
  time = 1_700_000_000_000;
  override now(): number {
    return this.time;
  }
}

/** Small, seeded, good enough: a failing run can be repeated. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

test.each([1, 2, 3, 4, 5])(
  'random traffic (seed %i): nothing lost, nothing twice, counters right',
  (seed) => {
    const clock = new SetClock();
    const queue = new MessageQueue({ name: 'q', messageType: 'T', visibilityTimeout: 10 }, clock);
    const pick = random(seed);
    /** What the consumer holds: handle → id and when the handle dies. */
    const held = new Map<string, { id: string; until: number }>();
    const hold = ({ id, handle, nextVisibleTime }: Message): unknown =>
      held.set(handle, { id, until: nextVisibleTime });
    const any = (): string | undefined => [...held.keys()][pick(Math.max(held.size, 1))];
    const deleted: string[] = [];

    for (let step = 0; step < 4000; step++) {
      clock.time += pick(400);
      const action = pick(6);
      const handle = any();
      const alive = handle !== undefined && (held.get(handle)?.until ?? 0) > clock.time;
      if (action <= 1) queue.send(String(step), 1 + pick(16), pick(4) === 0 ? pick(20) : 0);
      else if (action <= 3) {
        const batch = queue.receive(1 + pick(16));
        const live = [...held.values()].filter(({ until }) => until > clock.time).map(({ id }) => id);
        expect(live.filter((id) => batch.some((message) => message.id === id))).toEqual([]);
        for (const [old, { until }] of held) if (until <= clock.time && pick(2) === 0) held.delete(old);
        batch.forEach(hold);
      } else if (action === 4 && handle !== undefined) {
        expect(queue.delete(handle)).toBe(alive);
        if (alive) deleted.push(held.get(handle)?.id ?? '');
        held.delete(handle);
      } else if (handle !== undefined) {
        const changed = queue.changeVisibility(handle, 1 + pick(30));
        expect(changed !== undefined).toBe(alive);
        held.delete(handle);
        if (changed !== undefined) hold(changed);
      }
      const { visible, invisible, delayed, sent } = queue.counters();
      expect(visible + invisible + delayed).toBe(sent - deleted.length);
      expect(invisible).toBe([...held.values()].filter(({ until }) => until > clock.time).length);
    }

    expect(queue.deletedIds).toEqual(deleted);
    clock.time += 60_000;
    const rest: string[] = [];
    for (let batch = queue.receive(16); batch.length > 0; batch = queue.receive(16))
      rest.push(...batch.map(({ id }) => id));
    expect(new Set([...deleted, ...rest]).size).toBe(queue.sent);
    expect(deleted.length + rest.length).toBe(queue.sent);
  },
);

test('a changed retention counts for messages that are there already', () => {
  const clock = new SetClock();
  const queue = new MessageQueue({ name: 'q', messageType: 'T' }, clock);
  queue.send('old');
  clock.time += 100_000;
  queue.send('new');
  queue.setAttributes({ messageRetentionPeriod: 60 });
  expect(queue.messages.map(({ body }) => body)).toEqual(['new']);
  expect(queue.receive(16).map(({ body }) => body)).toEqual(['new']);
});
