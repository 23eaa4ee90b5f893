/** Rules of failure without a server: how they are written, whom they strike, and that they can be had again. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FaultRules } from '../../src/emulator/fault-rules.js';
import { parseFaultRule, readFaultFile } from '../../src/emulator/index.js';
import { UsageError } from '../../src/errors.js';

describe('the text form', () => {
  test.each<[string, object]>([
    ['*=reset', { operation: '*', kind: 'reset' }],
    ['BatchDeleteMessage=half:0.1', { operation: 'BatchDeleteMessage', kind: 'half', rate: 0.1 }],
    ['ReceiveMessage@q-1=lost#3', { operation: 'ReceiveMessage', queue: 'q-1', kind: 'lost', count: 3 }],
    [
      'QueryTokenForMnsQueue=error/503/isp.SYSTEM_ERROR:0.25#2',
      {
        operation: 'QueryTokenForMnsQueue',
        kind: 'error',
        status: 503,
        code: 'isp.SYSTEM_ERROR',
        rate: 0.25,
        count: 2,
      },
    ],
    ['*=latency/20', { operation: '*', kind: 'latency', ms: 20 }],
    [
      'SendMessage=latency/20-200:0.5',
      { operation: 'SendMessage', kind: 'latency', ms: [20, 200], rate: 0.5 },
    ],
    ['*=expired-token:0', { operation: '*', kind: 'expired-token', rate: 0 }],
  ])('%s', (text, rule) => {
    expect(parseFaultRule(text)).toEqual(rule);
    expect(parseFaultRule(rule)).toEqual(rule);
  });

  test.each<[string, RegExp]>([
    ['', /expected OPERATION\[@QUEUE\]=KIND\[:RATE\]\[#COUNT\]/],
    ['reset', /not understood; expected OPERATION/],
    ['Nothing=reset', /unknown operation Nothing; known are \*, CreateQueue, /],
    ['*=explode', /kind: unknown kind; expected .* error\/STATUS\/CODE/],
    ['*=error', /error takes 2 values/],
    ['*=error/429', /error takes 2 values/],
    ['*=error/42/Code', /status: /],
    ['*=latency', /latency takes 1 values/],
    ['*=latency/soon', /ms: expected milliseconds/],
    ['*=latency/9-1', /ms: the first of two is the lesser/],
    ['*=reset/1', /reset takes 0 values/],
    ['*=reset:2', /rate: /],
    ['*=reset:0.1.2', /rate: /],
    ['*=reset#0', /count: /],
    ['ReceiveMessage=half', /half is for BatchDeleteMessage;/],
    ['SendMessage=duplicate', /duplicate is for ReceiveMessage and BatchReceiveMessage;/],
  ])('%s is refused, in one line that shows it', (text, message) => {
    expect(() => parseFaultRule(text)).toThrow(UsageError);
    expect(() => parseFaultRule(text)).toThrow(message);
    expect(() => parseFaultRule(text)).toThrow(/^fault [^\n]*$/);
  });

  test.each([null, 7, [], {}, { operation: '*', kind: 'reset', colour: 'red' }, { kind: 'reset' }])(
    'the object %j is refused',
    (value) => {
      expect(() => parseFaultRule(value)).toThrow(UsageError);
    },
  );
});

/** The calls, by number, that a fresh set of these rules strikes. */
function struck(seed: number, rule: string, calls: number, before: readonly string[] = []): number[] {
  const faults = new FaultRules(seed);
  for (const text of [...before, rule]) faults.add(parseFaultRule(text));
  return Array.from({ length: calls }, (_, n) => n).filter(
    () => faults.decide('ReceiveMessage', 'q')?.effect?.kind === 'reset',
  );
}

describe('whom they strike', () => {
  test('the same seed strikes the same calls, another seed others', () => {
    fc.assert(
      fc.property(fc.integer(), fc.double({ min: 0.05, max: 0.95, noNaN: true }), (seed, rate) => {
        const rule = `*=reset:${rate.toFixed(3)}`;
        expect(struck(seed, rule, 200)).toEqual(struck(seed, rule, 200));
        expect(struck(seed, rule, 200)).not.toEqual(struck(seed + 1, rule, 200));
      }),
      { numRuns: 30 },
    );
  });

  test('about as often as the rate says; 0 never, 1 and no rate always', () => {
    const count = (rate: string): number => struck(1, `*=reset${rate}`, 10_000).length;
    expect(count(':0.1')).toBeGreaterThan(900);
    expect(count(':0.1')).toBeLessThan(1100);
    expect([count(':0'), count(':1'), count('')]).toEqual([0, 10_000, 10_000]);
  });

  test("traffic that is none of a rule's business does not move what it strikes", () => {
    const faults = new FaultRules(3);
    faults.add(parseFaultRule('ReceiveMessage@q=reset:0.3'));
    const alone = struck(3, 'ReceiveMessage@q=reset:0.3', 100);
    const mixed = Array.from({ length: 100 }, (_, n) => n).filter(() => {
      expect(faults.decide('SendMessage', 'q')).toBeUndefined();
      expect(faults.decide('ReceiveMessage', 'other')).toBeUndefined();
      return faults.decide('ReceiveMessage', 'q') !== undefined;
    });
    expect(mixed).toEqual(alone);
    expect(faults.list()).toEqual([
      { operation: 'ReceiveMessage', queue: 'q', kind: 'reset', rate: 0.3, calls: 100, hits: alone.length },
    ]);
  });

  test('of several the first that strikes wins; delays add up', () => {
    const faults = new FaultRules(1);
    for (const rule of ['*=latency/5', '*=hang#1', '*=reset#2', '*=latency/7#3']) {
      faults.add(parseFaultRule(rule));
    }
    const decide = (): unknown => {
      const { delay, effect } = faults.decide('SendMessage', 'q') ?? {};
      return [delay, effect?.kind];
    };
    expect([decide(), decide(), decide(), decide()]).toEqual([
      [12, 'hang'],
      [12, 'reset'],
      [12, 'reset'],
      [5, undefined],
    ]);
    expect(faults.list().map(({ calls, hits }) => [calls, hits])).toEqual([
      [4, 4],
      [4, 1],
      [4, 2],
      [4, 3],
    ]);
  });

  test('a range of latency stays within itself and reaches both ends', () => {
    const faults = new FaultRules(9);
    faults.add(parseFaultRule('*=latency/1-3'));
    const seen = new Set(Array.from({ length: 200 }, () => faults.decide('SendMessage', 'q')?.delay));
    expect([...seen].sort()).toEqual([1, 2, 3]);
  });

  test('* strikes only what the kind makes sense for', () => {
    const faults = new FaultRules(1);
    faults.add(parseFaultRule('*=half'));
    faults.add(parseFaultRule('*=duplicate'));
    expect(faults.decide('SendMessage', 'q')).toBeUndefined();
    expect(faults.decide('DeleteMessage', 'q')).toBeUndefined();
    expect(faults.decide('BatchDeleteMessage', 'q')?.effect?.kind).toBe('half');
    expect(faults.decide('BatchReceiveMessage', 'q')?.effect?.kind).toBe('duplicate');
  });

  test('what was ordered for the next calls goes first, unseen by the rules', () => {
    const faults = new FaultRules(1);
    faults.add(parseFaultRule('*=hang'));
    faults.failNext('SendMessage', 1, 'reset');
    expect(faults.decide('SendMessage', 'q')?.effect?.kind).toBe('reset');
    expect(faults.list()[0]?.calls).toBe(0);
    expect(faults.decide('SendMessage', 'q')?.effect?.kind).toBe('hang');
  });

  test('cleared and added again, the same rules strike the same calls', () => {
    const faults = new FaultRules(4);
    const run = (): boolean[] => {
      faults.clear();
      faults.add(parseFaultRule('*=reset:0.5'));
      return Array.from({ length: 50 }, () => faults.decide('SendMessage', 'q') !== undefined);
    };
    expect(run()).toEqual(run());
  });
});

describe('a file', () => {
  let directory: string;
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'receiptd-faults-'));
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  function file(content: string): string {
    const path = join(directory, 'faults.yaml');
    writeFileSync(path, content);
    return path;
  }

  test.each([
    ['YAML', 'seed: 7\nfaults:\n  - "*=reset:0.5"\n  - { operation: BatchDeleteMessage, kind: half }\n', 7],
    ['JSON', '["*=reset:0.5", {"operation":"BatchDeleteMessage","kind":"half"}]', undefined],
  ])('in %s', (_, content, seed) => {
    expect(readFaultFile(file(content))).toEqual({
      seed,
      faults: [
        { operation: '*', kind: 'reset', rate: 0.5 },
        { operation: 'BatchDeleteMessage', kind: 'half' },
      ],
    });
  });

  test.each([
    ['no YAML', 'a: [', /faults\.yaml: /],
    ['empty', '', /expected a list of faults, or \{ seed/],
    ['something else', 'fault: []', /expected a list of faults/],
    [
      'a bad rule',
      '- "*=reset"\n- "*=explode"\n',
      /faults\.yaml: rule 2: fault \*=explode: kind: unknown kind/,
    ],
  ])('%s: one line that names the file', (_, content, message) => {
    const path = file(content);
    expect(() => readFaultFile(path)).toThrow(UsageError);
    expect(() => readFaultFile(path)).toThrow(message);
  });

  test('not there', () => {
    expect(() => readFaultFile(join(directory, 'none'))).toThrow(/none: there is no such file/);
  });
});
