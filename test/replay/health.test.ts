import { describe, expect, it } from 'vitest';
import { Health } from '../../src/replay/health.js';

function setUp() {
  const notes: string[] = [];
  const clock = { now: 0 };
  const health = new Health(
    (text) => notes.push(text),
    () => clock.now,
  );
  const fail = (...ids: string[]) => {
    for (const id of ids) health.failed(id, new Error('calling 13800138000 failed'));
  };
  return { notes, clock, health, fail };
}

describe('deliveries', () => {
  it('are good while single messages fail, and not once several in a row do', () => {
    const { health, fail, notes } = setUp();
    fail('a', 'a', 'b', 'a');
    expect(health.good).toBe(true);
    expect(notes).toEqual([]);
    fail('c');
    expect(health.good).toBe(false);
    expect(notes).toEqual(['delivering fails, the rest waits: calling 138****00 failed']);
    health.delivered();
    expect(health.good).toBe(true);
    expect(notes.at(-1)).toBe('delivering works again');
  });

  it('that fail now and then are told of now and then', () => {
    const { health, fail, notes, clock } = setUp();
    for (let round = 0; round < 100; round += 1) {
      fail('a', 'b', 'c');
      health.delivered();
      clock.now += 1_000;
    }
    expect(notes.filter((text) => text.startsWith('delivering fails'))).toHaveLength(10);
    expect(notes).toHaveLength(20);
  });
});
