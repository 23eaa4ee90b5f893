/** Dead letters: what is kept, and what a person can do with them, over every store. */
import { describe, expect, test } from 'vitest';
import { UsageError } from '../../src/errors.js';
import { DeadLetters } from '../../src/pipeline/index.js';
import { DeadLetterError } from '../../src/sinks/index.js';
import { overEachStore } from './each-store.js';
import type { Rig } from './rig.js';

const TIME = /^20\d\d-.*Z$/;

/** What stands in a body. */
function text(body = ''): string {
  return Buffer.from(body, 'base64').toString();
}

/** Makes dead letters of these, one after the other; from then on the sink takes everything. */
async function die(r: Rig, ...ids: string[]): Promise<void> {
  r.sink.act = ({ id }) => {
    throw new DeadLetterError(`no use for ${id} of 13800001234`);
  };
  if (r.finished.length === 0) r.deliver();
  for (const id of ids) {
    const before = r.finished.length;
    await r.add(r.job(id));
    await r.untilFinished(before + 1);
  }
  r.sink.act = () => {};
}

overEachStore((rig) => {
  describe('listing', () => {
    test('shows the newest first, as far as asked, with the reason and no phone number', async () => {
      const r = rig();
      await die(r, 'd-1', 'd-2', 'd-3');
      const page = await r.desk.list({ limit: 2 });
      expect(page.total).toBe(3);
      expect(page.deadLetters.map(({ messageId }) => messageId)).toEqual(['d-3', 'd-2']);
      expect(page.deadLetters[0]).toEqual({
        messageId: 'd-3',
        queueName: r.queueName,
        messageType: 'SmsReport',
        reason: 'sink: no use for d-3 of 138****34',
        attempts: 1,
        dequeueCount: 1,
        enqueuedAt: '2023-11-14T22:13:20.000Z',
        receivedAt: expect.stringMatching(TIME),
        firstTriedAt: expect.stringMatching(TIME),
        lastTriedAt: expect.stringMatching(TIME),
        diedAt: expect.stringMatching(TIME),
      });
    });

    test('finds what has a value in its receipt, or is called so', async () => {
      const r = rig();
      r.sink.act = () => {
        throw new DeadLetterError('no use');
      };
      r.deliver();
      const bodies = {
        'd-1': '{"biz_id":"b-1^0","phone_number":"13800001234"}',
        'd-2': '[{"call_id":"c-1","sequence_id":12345678901234567890},{"out_id":"a\\/b"}]',
        'd-3': 'no JSON for 13800001234',
      };
      for (const [id, body] of Object.entries(bodies)) await r.add(r.job(id, { body }));
      await r.untilFinished(3);
      const found = async (text: string) => {
        const { total, deadLetters } = await r.desk.list({ limit: 10, text });
        expect(total).toBe(deadLetters.length);
        return deadLetters.map(({ messageId }) => messageId).sort();
      };
      expect(await found('b-1^0')).toEqual(['d-1']);
      expect(await found('b-1')).toEqual([]);
      expect(await found('13800001234')).toEqual(['d-1', 'd-3']);
      expect(await found('12345678901234567890')).toEqual(['d-2']);
      expect(await found('a/b')).toEqual(['d-2']);
      expect(await found('d-2')).toEqual(['d-2']);
      expect(await found('d-2#1')).toEqual(['d-2']);
    });

    test('covers all queues or the one asked for', async () => {
      const [one, two] = [rig(), rig()];
      await die(one, 'd-1');
      await die(two, 'd-3');
      await die(one, 'd-2');
      const desk = new DeadLetters(new Map([one, two].map(({ queueName, queue }) => [queueName, queue])));
      expect(await desk.list({ limit: 2 })).toMatchObject({
        total: 3,
        deadLetters: [{ messageId: 'd-2' }, { messageId: 'd-3' }],
      });
      expect(await desk.list({ limit: 10, queueName: two.queueName })).toMatchObject({
        total: 1,
        deadLetters: [{ messageId: 'd-3', queueName: two.queueName }],
      });
      const nobody = desk.list({ limit: 10, queueName: 'nobody' });
      await expect(nobody).rejects.toThrow(/^queue nobody is not configured, configured are Alicom-Queue-/);
      await expect(nobody).rejects.toThrow(UsageError);
      expect((await desk.show('d-3'))?.queueName).toBe(two.queueName);
    });

    test('an empty desk is empty', async () => {
      const r = rig();
      expect(await r.desk.list({ limit: 10 })).toEqual({ total: 0, deadLetters: [] });
      expect(await r.desk.show('nobody')).toBeUndefined();
      expect(await r.desk.retry({ all: true })).toEqual({ done: 0, missing: [] });
    });
  });

  describe('showing', () => {
    test('gives the event and the errors of the attempts, the last one last', async () => {
      const r = rig({ attempts: 3 });
      r.sink.act = (_, { attempt }) => {
        throw new Error(`failure ${attempt}`);
      };
      r.deliver();
      await r.add(r.job('d-1'));
      await r.untilFinished(1);
      const shown = await r.desk.show('d-1');
      expect(shown).toMatchObject({ attempts: 3, reason: 'sink: failure 3' });
      expect(shown?.event).toMatchObject({ id: 'd-1', data: { biz_id: 'd-1', success: true } });
      expect(text(shown?.body)).toBe('{"biz_id":"d-1","success":true}');
      expect(shown?.errors.map((error) => /failure \d/.exec(error)?.[0])).toEqual([
        'failure 1',
        'failure 2',
        'failure 3',
      ]);
    });

    test('does not show a message that is alive', async () => {
      const r = rig();
      await r.add(r.job('alive-1'));
      expect(await r.desk.show('alive-1')).toBeUndefined();
      expect(await r.desk.drop({ messageIds: ['alive-1'] })).toEqual({ done: 0, missing: ['alive-1'] });
    });
  });

  describe('an undecodable message', () => {
    test.each([
      ['no JSON', Buffer.from('hello').toString('base64')],
      ['no base64', 'hello, world'],
      ['a NUL', Buffer.from('\0').toString('base64')],
      ['a NUL in text', Buffer.from('{"a":"\0"}').toString('base64')],
      ['half a surrogate pair in its reason', Buffer.from(`"${'x'.repeat(38)}😀"`).toString('base64')],
      ['escape sequences of a terminal', Buffer.from('\u001b[31m').toString('base64')],
    ])('of %s becomes a dead letter, its body kept as it came', async (_, body) => {
      const r = rig();
      r.deliver();
      await r.add(r.job('bad-1', { body }), r.job('good-1'));
      await r.untilFinished(2);
      expect(r.sink.seen).toEqual(['good-1']);
      expect(r.dead).toEqual(['bad-1']);
      const shown = await r.desk.show('bad-1');
      expect(shown).toMatchObject({ messageId: 'bad-1', body, attempts: 1 });
      expect(shown?.reason).toMatch(/^undecodable: [^\p{Cc}]+$/u);
      expect(shown).not.toHaveProperty('event');
    });

    test('is decoded anew when it is tried again, as a newer version may be able to read it', async () => {
      const r = rig();
      r.deliver();
      const { message } = r.job('bad-1');
      // As if the version that handed it off had not known this form.
      const body = JSON.stringify({ biz_id: 'readable', success: true });
      await r.add({ message, content: { undecodable: body } });
      await r.untilFinished(1);
      expect(r.sink.seen).toEqual(['bad-1']);
      expect(r.finished).toHaveLength(1);
    });

    test('is a dead letter again when it still cannot be read', async () => {
      const r = rig();
      r.deliver();
      await r.add(r.job('bad-1', { body: '?' }));
      await r.untilFinished(1);
      expect(await r.desk.retry({ messageIds: ['bad-1'] })).toEqual({ done: 1, missing: [] });
      await r.untilFinished(2);
      expect(await r.desk.show('bad-1')).toMatchObject({ body: '?' });
    });
  });

  test('an error with characters that no terminal and no database likes still ends as a dead letter', async () => {
    const r = rig({ attempts: 2 });
    r.sink.act = () => {
      throw new Error('bad \0 byte, \ud83d half a pair, \u001b[31m red');
    };
    r.deliver();
    await r.add(r.job('d-1'));
    await r.untilFinished(1);
    expect((await r.desk.show('d-1'))?.reason).toMatch(/^sink: bad [^\p{Cc}\p{Cs}]+ red$/u);
  });

  describe('trying again', () => {
    test('delivers those asked for with all their attempts, and says which are none', async () => {
      const r = rig({ attempts: 2 });
      await die(r, 'd-1', 'd-2');
      r.sink.act = (_, { attempt }) => {
        if (attempt === 1) throw new Error('once more');
      };
      expect(await r.desk.retry({ messageIds: ['d-1', 'unknown'] })).toEqual({
        done: 1,
        missing: ['unknown'],
      });
      await r.untilFinished(3);
      expect(r.sink.seen).toEqual(['d-1', 'd-2', 'd-1', 'd-1']);
      expect(r.finished.at(-1)).toMatchObject({ messageId: 'd-1' });
      expect((await r.desk.list({ limit: 10 })).deadLetters.map(({ messageId }) => messageId)).toEqual([
        'd-2',
      ]);
    });

    test('of all takes every one, however many, once', async () => {
      const r = rig();
      r.sink.act = () => {
        throw new DeadLetterError('no use');
      };
      r.deliver();
      const ids = Array.from({ length: 230 }, (_, index) => `d-${index}`);
      await r.add(...ids.map((id) => r.job(id)));
      await r.untilFinished(230);
      // Those that die again meanwhile are left alone.
      expect(await r.desk.retry({ all: true, queueName: r.queueName })).toEqual({ done: 230, missing: [] });
      await r.untilFinished(460);
      expect((await r.desk.list({ limit: 1 })).total).toBe(230);
      await expect(r.desk.retry({ all: true, queueName: 'nobody' })).rejects.toThrow(
        /nobody is not configured/,
      );
    });
  });

  describe('dropping', () => {
    test('removes those asked for, and no others', async () => {
      const r = rig();
      await die(r, 'd-1', '12345', 'd-3');
      expect(await r.desk.drop({ messageIds: ['12345', 'd-9'] })).toEqual({ done: 1, missing: ['d-9'] });
      expect((await r.desk.list({ limit: 10 })).deadLetters.map(({ messageId }) => messageId)).toEqual([
        'd-3',
        'd-1',
      ]);
      expect(await r.desk.drop({ all: true })).toEqual({ done: 2, missing: [] });
      expect(await r.desk.list({ limit: 10 })).toEqual({ total: 0, deadLetters: [] });
    });

    test('twice the same id in one request does it once', async () => {
      const r = rig();
      await die(r, 'd-1');
      expect(await r.desk.drop({ messageIds: ['d-1', 'd-1'] })).toEqual({ done: 1, missing: [] });
    });
  });
});
