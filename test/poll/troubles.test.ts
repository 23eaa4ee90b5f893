/** What the log hears and the status shows of a queue's troubles, told apart by the clock of the test. */
import type { Logger } from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Troubles } from '../../src/poll/troubles.js';

let lines: string[];
let troubles: Troubles;

beforeEach(() => {
  vi.useFakeTimers();
  lines = [];
  const say = (line: string) => lines.push(line);
  troubles = new Troubles({ warn: say, info: say } as unknown as Logger);
});

afterEach(() => {
  vi.useRealTimers();
});

describe('a trouble', () => {
  it('is said when it begins and when it ends, and shown meanwhile', () => {
    troubles.report('poll', new Error('no route'));
    expect(troubles.current(true)).toBe('receiving messages failed: no route');
    troubles.clear('poll');
    expect(troubles.current(true)).toBe('');
    expect(lines).toEqual(['receiving messages failed: no route', 'poll works again']);
  });

  it('that lasts is said again once a minute, however often it is reported', () => {
    for (let second = 0; second < 130; second += 1) {
      troubles.report('poll', new Error('no route'));
      vi.advanceTimersByTime(1_000);
    }
    expect(lines).toHaveLength(3);
  });

  it('that changes its words every time is said every ten seconds', () => {
    for (let second = 0; second < 35; second += 1) {
      troubles.report('poll', new Error(`request ${second}`));
      vi.advanceTimersByTime(1_000);
    }
    expect(lines).toHaveLength(4);
    expect(troubles.current(true)).toContain('request 34');
  });

  it('that is not there ends without a word', () => {
    troubles.clear('ack');
    expect(lines).toEqual([]);
  });
});

describe('failed deliveries', () => {
  it('are the affair of their event, or of the sink, never of the queue', () => {
    troubles.report('deliver', new Error('down'));
    expect(troubles.current(true)).toBe('');
    expect(troubles.healthy).toBe(true);
    troubles.clear('deliver');
    expect(lines).toEqual(['delivering failed, will be tried again: down']);
  });

  it('are told without phone numbers', () => {
    troubles.report('deliver', new Error('13812345678 is unknown'));
    expect(lines.join()).toContain('138****78 is unknown');
  });
});

it('a store that is out of reach is told in the words of the configuration', () => {
  troubles.report('store', new Error("Stream isn't writeable and enableOfflineQueue options is false"));
  expect(troubles.current(true)).toBe(
    'the store does not answer: there is no connection to Redis (pipeline.url)',
  );
});

describe('the latest trouble', () => {
  it('is none while there was none', () => {
    expect(troubles.last).toBeUndefined();
  });

  it('stays when it is over, with its time', () => {
    vi.setSystemTime(5_000);
    troubles.report('poll', new Error('no route'));
    troubles.clear('poll');
    expect(troubles.last).toEqual({ at: 5_000, text: 'receiving messages failed: no route' });
  });

  it('may be a delivery or a message that was given up; phone numbers are masked', () => {
    troubles.report('deliver', new Error('no order of 13800138000'));
    expect(troubles.last?.text).toBe('delivering failed, will be tried again: no order of 138****00');
    troubles.gaveUp('no order of 13800138000');
    expect(troubles.last?.text).toBe('dead letter: no order of 138****00');
    expect(troubles.current(true)).toBe('');
  });

  it('is not longer than a page can show', () => {
    troubles.gaveUp('x'.repeat(100_000));
    expect(troubles.last?.text.length).toBeLessThanOrEqual(500);
  });
});
