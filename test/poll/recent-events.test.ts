import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { ReceiptJob } from '../../src/pipeline/index.js';
import { newestOf, RecentEvents, recentBounds } from '../../src/poll/recent-events.js';
import { decode } from '../../src/receipts/index.js';
import { fixture } from '../receipts/fixtures.js';

const NOW = Date.UTC(2026, 0, 1);
const ORIGIN = { mnsHost: 'mns.test', queueName: 'q', messageType: 'SmsReport' };

beforeEach(() => {
  vi.useFakeTimers({ now: NOW });
});

afterEach(() => {
  vi.useRealTimers();
});

function job(messageId: string, receipt: unknown, messageType = 'SmsReport'): ReceiptJob {
  const message = { messageId, enqueueTime: NOW, dequeueCount: 1, receiptHandle: 'h', visibleUntil: NOW };
  const body = typeof receipt === 'string' ? receipt : JSON.stringify(receipt);
  const decoded = decode({ ...message, body }, { ...ORIGIN, messageType });
  return { message, content: 'events' in decoded ? decoded : { undecodable: body } };
}

function recent(bounds = { events: 100, bytes: 1_000_000 }) {
  const events = new RecentEvents(ORIGIN, bounds);
  return {
    events,
    add: (...jobs: ReceiptJob[]) => {
      for (const one of jobs) {
        const count = 'events' in one.content ? one.content.events.length : 1;
        events.add(one, new Array(count).fill('delivered'));
        vi.advanceTimersByTime(1);
      }
    },
    ids: (text?: string, limit = 10) =>
      events.find({ limit, ...(text !== undefined && { text }) }).map(({ id }) => id),
  };
}

describe('looking for an event', () => {
  test('finds the newest first, as many as are asked for', () => {
    const { add, ids } = recent();
    add(job('m-1', {}), job('m-2', {}), job('m-3', {}));
    expect(ids()).toEqual(['m-3', 'm-2', 'm-1']);
    expect(ids(undefined, 2)).toEqual(['m-3', 'm-2']);
    expect(ids(' ')).toHaveLength(3);
  });

  test('tells what it is about, and not what else it says', () => {
    const { events, add } = recent();
    const receipt: Record<string, unknown> = { ...fixture('SmsReport').receipt, phone_number: '13800138000' };
    add(job('m-1', receipt));
    expect(events.find({ limit: 1 })).toEqual([
      {
        id: 'm-1',
        queueName: 'q',
        messageType: 'SmsReport',
        at: NOW,
        outcome: 'delivered',
        subject: receipt.biz_id,
        bizId: receipt.biz_id,
        outId: receipt.out_id,
        phone: receipt.phone_number,
      },
    ]);
  });

  test('goes by any of its keys', () => {
    const { add, ids } = recent();
    add(
      job('sms-1', { biz_id: 'B^1', out_id: 'order 7', phone_number: '13800138000' }),
      job('call-1', { call_id: 'C1', callee: '13900139000', caller: '05711234567' }, 'VoiceReport'),
      job('list-1', [{ biz_id: 'x' }, { biz_id: 'y' }]),
    );
    expect(ids('B^1')).toEqual(['sms-1']);
    expect(ids(' order 7 ')).toEqual(['sms-1']);
    expect(ids('C1')).toEqual(['call-1']);
    expect(ids('sms-1')).toEqual(['sms-1']);
    expect(ids('y')).toEqual(['list-1#1']);
    expect(ids('list-1#0')).toEqual(['list-1#0']);
    expect(ids('list-1')).toEqual(['list-1#1', 'list-1#0']);
    expect(ids('order')).toEqual([]);
  });

  test.each(['13800138000', '+8613800138000', '008613800138000', '86 138-0013-8000', '+86 138 0013 8000'])(
    'finds a phone number asked for as %s',
    (text) => {
      const { add, ids } = recent();
      add(
        job('plain-1', { phone_number: '13800138000' }),
        job('abroad-1', { phone_number: '8613800138000' }),
      );
      add(job('other-1', { phone_number: '13800138001' }));
      expect(ids(text)).toEqual(['abroad-1', 'plain-1']);
    },
  );

  test('finds both who called and who was called', () => {
    const { add, ids } = recent();
    add(job('call-1', { call_id: 'C1', callee: '13900139000', caller: '05711234567' }, 'VoiceReport'));
    expect([ids('13900139000'), ids('0571-1234567')]).toEqual([['call-1'], ['call-1']]);
  });

  test('has undecodable messages by their id only', () => {
    const { add, ids } = recent();
    add(job('broken-1', '{"phone_number":"13800138000"'));
    expect([ids('broken-1'), ids('13800138000')]).toEqual([['broken-1'], []]);
  });

  test('again gives the same', () => {
    const { add, ids } = recent();
    add(job('m-1', { biz_id: 'B' }));
    expect([ids('B'), ids('B'), ids('nobody')]).toEqual([['m-1'], ['m-1'], []]);
  });
});

describe('the bounds', () => {
  test('of count: the oldest make room, round after round', () => {
    const { events, add, ids } = recent({ events: 3, bytes: 1_000_000 });
    for (let index = 1; index <= 11; index += 1) add(job(`m-${index}`, {}));
    expect(ids()).toEqual(['m-11', 'm-10', 'm-9']);
    expect(events.size).toBe(3);
  });

  test('of bytes: as many of the oldest as it takes', () => {
    const { events, add, ids } = recent({ events: 100, bytes: 10_000 });
    for (let index = 1; index <= 50; index += 1) add(job(`m-${index}`, { note: 'x'.repeat(200) }));
    expect(events.bytes).toBeLessThanOrEqual(10_000);
    expect(events.size).toBeGreaterThan(10);
    add(job('large-1', { note: '短'.repeat(4_000) }));
    expect(events.bytes).toBeLessThanOrEqual(10_000);
    expect(ids()[0]).toBe('large-1');
    expect(events.size).toBeLessThan(5);
  });

  test('what is larger than all there is room for is not kept', () => {
    const { events, add, ids } = recent({ events: 100, bytes: 1_000 });
    add(job('m-1', {}), job('huge-1', { note: 'x'.repeat(1_000) }), job('m-2', {}));
    expect(ids()).toEqual(['m-2']);
    expect(events.size).toBe(1);
  });

  test('are shared by the queues of a slice', () => {
    const [one, many] = [recentBounds(1), recentBounds(40)];
    expect(many.events * 40).toBeLessThanOrEqual(one.events);
    expect(many.bytes * 40).toBeLessThanOrEqual(one.bytes);
    expect(recentBounds(100_000).events).toBe(1);
  });
});

test('the newest of several lists', () => {
  const at = (id: string, time: number) => ({
    id,
    at: time,
    queueName: 'q',
    messageType: 'SmsReport',
    outcome: 'dead' as const,
  });
  const lists = [[at('d', 4), at('a', 1)], [], [at('c', 3), at('b', 2)]];
  expect(newestOf(lists, 3).map(({ id }) => id)).toEqual(['d', 'c', 'b']);
});
