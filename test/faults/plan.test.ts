import { describe, expect, it } from 'vitest';
import { dueAt } from '../../faults/load.js';
import { parseOptions } from '../../faults/options.js';
import { FAMILY_NAMES, LINKS, makePlan, type PlanOptions } from '../../faults/plan.js';

function options(more: Partial<PlanOptions> = {}): PlanOptions {
  const full = parseOptions(['--seed', '1']);
  if (full === undefined) throw new Error('no options');
  return { ...full, duration: full.faultTime, links: LINKS, families: FAMILY_NAMES, ...more };
}

describe('the plan', () => {
  it('follows from the seed', () => {
    expect(makePlan(options({ seed: 7 }))).toEqual(makePlan(options({ seed: 7 })));
    expect(makePlan(options({ seed: 7 }))).not.toEqual(makePlan(options({ seed: 8 })));
  });

  it('has what a full run promises, in order of time and within it', () => {
    const { duration } = options();
    const plan = makePlan(options());
    const kinds = plan.map(({ kind }) => kind);
    const count = (kind: string) => kinds.filter((one) => one === kind).length;
    expect(
      plan.filter((one) => one.kind === 'daemon-kill' && one.signal === 'SIGKILL').length,
    ).toBeGreaterThanOrEqual(30);
    expect(count('redis-restart')).toBeGreaterThanOrEqual(5);
    expect(new Set(kinds).size).toBe(11);
    expect(plan.map(({ at }) => at)).toEqual(plan.map(({ at }) => at).toSorted((a, b) => a - b));
    for (const fault of plan) {
      expect(fault.at).toBeGreaterThanOrEqual(0);
      expect(fault.at + ('length' in fault ? fault.length : 0)).toBeLessThanOrEqual(duration);
    }
    expect(new Set(plan.flatMap((one) => ('daemon' in one ? [one.daemon] : [])))).toEqual(new Set([0, 1]));
  });

  it('moves no fault when kinds are left out', () => {
    const whole = makePlan(options());
    const part = makePlan(options({ families: ['kills', 'clock'] }));
    expect(part).toEqual(whole.filter(({ kind }) => kind === 'daemon-kill' || kind === 'clock'));
  });
});

describe('the load', () => {
  it('sends half at a steady rate and half just before the faults, all of it in time', () => {
    const load = { receipts: 1_000, time: 10_000, faults: [2_000, 8_000] };
    expect([0, 1_600, 1_700, 7_600, 7_700, 10_000, 99_000].map((at) => dueAt(at, load))).toEqual([
      0, 80, 335, 630, 885, 1_000, 1_000,
    ]);
    expect(dueAt(5_000, { ...load, faults: [] })).toBe(500);
  });
});

describe('the command line', () => {
  it('refuses what it does not know', () => {
    expect(() => parseOptions(['--only', 'kils'])).toThrow('--only: expected kills, redis');
    expect(() => parseOptions(['--minutes', 'ten'])).toThrow('--minutes: expected a number, got ten');
    expect(() => parseOptions(['--sed', '7'])).toThrow("Unknown option '--sed'");
  });

  it('leaves out what there is nothing to do to', () => {
    expect(parseOptions(['--sinks', 'ndjson', '--backend', 'embedded'])).toMatchObject({
      daemons: 1,
      links: ['mns'],
      families: ['kills', 'network', 'mns', 'tokens', 'disk', 'clock'],
    });
  });
});
