import { describe, expect, it } from 'vitest';
import type { FileMessage } from '../../src/message-file/index.js';
import { Completer } from '../../src/replay/complete.js';
import { RecentIds } from '../../src/replay/recent-ids.js';
import { Sieve } from '../../src/replay/sieve.js';
import { base64, captured, fileMessage, idOf, NOON, receipt, sieveOf } from './support.js';

const bare = (n: number) => fileMessage({ body: JSON.stringify(receipt(n)) }, n);
const queues = [{ messageType: 'SmsReport', queueName: 'Q-reports' }];
const completer = (options: Partial<ConstructorParameters<typeof Completer>[0]> = {}) =>
  new Completer({ queues: [], mnsHost: 'mns.configured', ...options });

describe('what a message does not say', () => {
  it('is left as it is where it says it', () => {
    const message = { ...captured(7), mnsHost: 'mns.test' };
    expect(completer({ queues, messageType: 'SmsUp' }).complete(fileMessage(message), 1)).toEqual({
      message,
      typed: true,
      dated: true,
    });
  });

  it('is told by the receipt and its place in the file', () => {
    const { message, typed, dated } = completer().complete(bare(1), 1);
    expect(message).toEqual({
      messageId: expect.stringMatching(/^[0-9A-F]{32}$/),
      queueName: 'replay',
      messageType: 'SmsReport',
      body: JSON.stringify(receipt(1)),
      enqueueTime: Date.parse('2026-01-30T23:59:30Z'),
      dequeueCount: 1,
      receivedAt: Date.parse('2026-01-30T23:59:30Z'),
      mnsHost: 'replay',
    });
    expect({ typed, dated }).toEqual({ typed: true, dated: true });
    expect(completer().complete(bare(1), 1).message.messageId).toBe(message.messageId);
    expect(completer().complete(bare(1), 2).message.messageId).not.toBe(message.messageId);
    expect(completer().complete(bare(2), 1).message.messageId).not.toBe(message.messageId);
  });

  it('is told by the configuration where that has queues', () => {
    const untold = fileMessage({ body: '{"a":1}' });
    expect(completer({ queues }).complete(untold, 1).message).toMatchObject({
      messageType: 'SmsReport',
      queueName: 'Q-reports',
      mnsHost: 'mns.configured',
    });
    const two = [...queues, { messageType: 'SmsUp', queueName: 'Q-up' }];
    expect(completer({ queues: two }).complete(untold, 1).message.messageType).toBe('Unknown');
    expect(completer({ queues: two, messageType: 'SmsUp' }).complete(untold, 1).message).toMatchObject({
      messageType: 'SmsUp',
      queueName: 'Q-up',
    });
  });

  it.each(['', '{', 'null', '7', '[]', base64('no json'), '\u0000'])(
    'is known to be unknown of "%s"',
    (body) => {
      const { message, typed, dated } = completer().complete(fileMessage({ body }), 1);
      expect(message).toMatchObject({ messageType: 'Unknown', enqueueTime: 0, body });
      expect({ typed, dated }).toEqual({ typed: false, dated: false });
    },
  );

  it('is told of a list by its first receipt', () => {
    const body = base64([receipt(1), receipt(2)]);
    expect(completer().complete(fileMessage({ body }), 1).message.messageType).toBe('SmsReport');
  });
});

describe('judging', () => {
  const line = (n: number, more: Partial<FileMessage> = {}) => fileMessage({ ...captured(n), ...more }, n);

  it('gives the same events for a bare receipt each time, and for what a dead file keeps of it', () => {
    const verdict = sieveOf().judge(bare(1));
    if (verdict.kind !== 'message') throw new Error(verdict.kind);
    expect(sieveOf().judge(bare(1))).toEqual(verdict);
    expect(sieveOf().judge(fileMessage(verdict.message))).toEqual(verdict);
    expect(verdict.events[0]).toMatchObject({
      id: verdict.message.messageId,
      time: '2026-01-30T23:59:30.000Z',
      enqueuedat: '2026-01-30T23:59:30.000Z',
    });
  });

  it('counts places in each file anew', () => {
    const sieve = sieveOf();
    const first = sieve.judge(bare(1));
    sieve.nextFile();
    expect(first.kind).toBe('message');
    // The same receipt in the same place of another file is the same file under another name.
    expect(sieve.judge(bare(1)).kind).toBe('duplicate');
    expect(sieve.judge(bare(1)).kind).toBe('message');
  });

  it('takes the first of messages with one id', () => {
    const sieve = sieveOf();
    expect([1, 2, 1, 3, 2].map((n) => sieve.judge(line(n, { dequeueCount: 2 })).kind)).toEqual([
      'message',
      'message',
      'duplicate',
      'message',
      'duplicate',
    ]);
  });

  it('tells what is no message, what holds no receipt, and what was not asked for', () => {
    const sieve = sieveOf({ types: ['SmsReport'], since: NOON });
    expect(sieve.judge({ unreadable: 'damaged', at: { file: 'f', line: 1 } })).toEqual({
      kind: 'unreadable',
      reason: 'damaged',
    });
    expect(sieve.judge(line(1, { body: '{' }))).toMatchObject({
      kind: 'undecodable',
      message: { body: '{' },
    });
    expect(sieve.judge(line(2, { messageType: 'SmsUp' }))).toEqual({ kind: 'filtered' });
    expect(sieve.judge(line(3, { enqueueTime: NOON - 1 }))).toEqual({ kind: 'filtered' });
    // What was left out by the filter was not there.
    expect(sieve.judge(line(3)).kind).toBe('message');
    // Of what type this would have been nobody knows: it is not left out in silence.
    expect(sieve.judge(fileMessage({ body: 'not a body {' })).kind).toBe('undecodable');
    expect(sieve.judge(fileMessage({ body: '{"nothing":"known"}' })).kind).toBe('filtered');
  });

  it('forgets ids that are long gone', () => {
    const sieve = new Sieve(completer(), { types: [] }, new RecentIds(2));
    for (let n = 1; n <= 10; n += 1) sieve.judge(line(n));
    expect(sieve.judge(fileMessage(captured(1))).kind).toBe('message');
    expect(sieve.judge(fileMessage({ ...captured(10), messageId: idOf(10) })).kind).toBe('duplicate');
  });
});
