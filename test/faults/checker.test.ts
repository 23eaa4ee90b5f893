import { describe, expect, it } from 'vitest';
import { check, type Evidence, idsOfLines } from '../../faults/checker.js';

const SENT = ['A', 'B', 'C', 'D'];

function evidence(more: Partial<Evidence> = {}): Evidence {
  return {
    sent: SENT,
    sinks: [
      { name: 'lines', keeps: 'appending', ids: SENT },
      { name: 'table', keeps: 'idempotent', ids: SENT },
      { name: 'hook', keeps: 'at-least-once', ids: SENT },
    ],
    dead: [],
    window: 3,
    kills: 1,
    ...more,
  };
}

const lines = (ids: string[]) => [{ name: 'lines', keeps: 'appending' as const, ids }];

describe('the checker', () => {
  it('finds nothing wrong where every sink has every id once', () => {
    expect(check(evidence())).toMatchObject({ sent: 4, delivered: 4, lost: [], dead: 0, problems: [] });
  });

  it('fails on an id that one of the sinks does not have', () => {
    const sinks = [
      ...evidence().sinks,
      { name: 'other', keeps: 'at-least-once' as const, ids: ['A', 'C', 'D'] },
    ];
    const verdict = check(evidence({ sinks }));
    expect(verdict).toMatchObject({ delivered: 3, lost: ['B'] });
    expect(verdict.problems).toEqual(['other: 1 of 4 receipts are lost']);
  });

  it('takes a planned dead letter for no loss, and not for delivered', () => {
    const verdict = check(evidence({ sinks: lines(['A', 'B', 'C']), dead: ['D'], deadPlanned: 1 }));
    expect(verdict).toMatchObject({ delivered: 3, lost: [], dead: 1, problems: [] });
  });

  it('tells what is late from what is lost, and fails on it too', () => {
    const verdict = check(evidence({ sinks: lines(['A', 'B']), left: ['C', 'A'] }));
    expect(verdict).toMatchObject({ delivered: 2, lost: ['D'], undelivered: 1 });
    expect(verdict.problems).toEqual(['lines: 1 of 4 receipts are lost', '1 receipts are not delivered yet']);
  });

  it('fails on a dead letter that nobody planned', () => {
    const verdict = check(evidence({ sinks: lines(['A', 'B', 'C']), dead: ['D'] }));
    expect(verdict.problems).toEqual(['1 dead letters, 0 were planned']);
  });

  it('fails on one duplicate at an idempotent sink', () => {
    const verdict = check(evidence({ sinks: [{ name: 'table', keeps: 'idempotent', ids: [...SENT, 'A'] }] }));
    expect(verdict.problems).toEqual(['table: 1 duplicates, fewer than 1 are allowed']);
  });

  it('fails on as many duplicates at an appending sink as one window for each kill', () => {
    expect(check(evidence({ sinks: lines([...SENT, 'A', 'A']) })).problems).toEqual([]);
    const verdict = check(evidence({ sinks: lines([...SENT, 'A', 'A', 'B']) }));
    expect(verdict.sinks[0]).toMatchObject({ duplicates: 3, bound: 3 });
    expect(verdict.problems).toEqual(['lines: 3 duplicates, fewer than 3 are allowed']);
  });

  it('fails on a duplicate at an appending sink when nothing was killed', () => {
    const verdict = check(evidence({ sinks: lines([...SENT, 'A']), kills: 0 }));
    expect(verdict.problems).toEqual(['lines: 1 duplicates, fewer than 1 are allowed']);
  });

  it('counts duplicates at a receiver that knows ids, without failing', () => {
    const ids = [...SENT, ...SENT, ...SENT, ...SENT];
    const verdict = check(evidence({ sinks: [{ name: 'hook', keeps: 'at-least-once', ids }] }));
    expect(verdict.sinks[0]).toMatchObject({ duplicates: 12, bound: undefined });
    expect(verdict.problems).toEqual([]);
  });

  it('fails on ids that nobody sent, which do not make up for others', () => {
    const verdict = check(evidence({ sinks: lines(['A', 'B', 'C', 'X']) }));
    expect(verdict.sinks[0]?.foreign).toEqual(['X']);
    expect(verdict.problems).toEqual(['lines: 1 of 4 receipts are lost', 'lines: 1 ids that nobody sent']);
  });

  it('fails where nothing was sent or there was nowhere to send it', () => {
    expect(check(evidence({ sent: [], sinks: [] })).problems).toEqual([
      'nothing was sent',
      'there is no sink',
    ]);
  });
});

describe('the lines of an ndjson file', () => {
  it('are none where a kill cut them short, in the middle or at the end', () => {
    const whole = (id: string) => `${JSON.stringify({ specversion: '1.0', id })}\n`;
    expect(idsOfLines(`${whole('A')}{"id":"B","da\n${whole('C')}\n{"id":"D"`)).toEqual(['A', 'C']);
  });

  it('are none without the line break that ends them, even when they are whole', () => {
    expect(idsOfLines('{"id":"A"}\n{"id":"B"}')).toEqual(['A']);
    expect(idsOfLines('')).toEqual([]);
  });

  it('are none without an id', () => {
    expect(idsOfLines('null\n7\n{}\n{"id":7}\n')).toEqual([]);
  });
});
