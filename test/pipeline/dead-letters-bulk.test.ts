/** Many dead letters at once, and out of the store into files, over every store. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { isUnreadable, readMessages } from '../../src/message-file/index.js';
import { type DeadLetterSelection, DeadLetters } from '../../src/pipeline/index.js';
import { decode, type EventRecord } from '../../src/receipts/index.js';
import { DeadLetterError } from '../../src/sinks/index.js';
import { overEachStore } from './each-store.js';
import { Hold, type Rig } from './rig.js';

const ORIGIN = { messageType: 'SmsReport', mnsHost: 'mns.test' };

function deskOf(...rigs: Rig[]): DeadLetters {
  return new DeadLetters(
    new Map(rigs.map(({ queueName, queue }) => [queueName, queue])),
    new Map(rigs.map(({ queueName }) => [queueName, ORIGIN])),
  );
}

/** Whatever is delivered is a dead letter of this reason. */
function refuseAll(r: Rig, reasonOf: (id: string) => string = () => 'no use'): void {
  r.sink.act = ({ id }) => {
    throw new DeadLetterError(reasonOf(id));
  };
}

async function idsOf(desk: DeadLetters, filter: Parameters<DeadLetters['list']>[0] = { limit: 1_000 }) {
  return (await desk.list(filter)).deadLetters.map(({ messageId }) => messageId);
}

async function linesOf(
  desk: DeadLetters,
  selection: DeadLetterSelection,
  format: 'capture' | 'json' = 'capture',
) {
  const lines: string[] = [];
  for await (const line of desk.export(selection, format)) lines.push(line);
  return lines;
}

/** What a replay makes of the lines. */
async function replayed(lines: readonly string[]): Promise<EventRecord[]> {
  const directory = await mkdtemp(join(tmpdir(), 'receiptd-export-'));
  try {
    const file = join(directory, 'dead.ndjson');
    await writeFile(file, lines.join(''));
    const events: EventRecord[] = [];
    for await (const batch of readMessages(file)) {
      for (const entry of batch) {
        if (isUnreadable(entry)) throw new Error(entry.unreadable);
        const message = entry as Required<typeof entry>;
        const decoded = decode(message, message);
        if ('events' in decoded) events.push(...decoded.events);
      }
    }
    return events;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

overEachStore((rig) => {
  test('filters hold all together, for looking, counting, exporting, retrying and dropping', async () => {
    const r = rig();
    const desk = deskOf(r);
    refuseAll(r, (id) => (id.startsWith('a') ? 'HTTP 404' : 'timed out'));
    r.deliver();
    await r.add(r.job('a-1'), r.job('b-1'), r.job('bad-1', { body: '?' }));
    await r.untilFinished(3);
    const middle = new Date(Date.now() + 1).toISOString();
    await expect.poll(() => Date.now()).toBeGreaterThan(Date.parse(middle));
    await r.add(r.job('a-2'), r.job('b-2'));
    await r.untilFinished(5);
    r.sink.act = () => {};

    const ask = async (filter: object) => {
      const { total, deadLetters } = await desk.list({ ...filter, limit: 1 });
      const count = await desk.count(filter);
      const exported = (await linesOf(desk, { all: true, ...filter })).map(
        (line) => JSON.parse(line).messageId,
      );
      expect([total, count.total, deadLetters.length]).toEqual([
        exported.length,
        exported.length,
        Math.min(1, exported.length),
      ]);
      return exported.sort();
    };
    expect(await ask({})).toEqual(['a-1', 'a-2', 'b-1', 'b-2', 'bad-1']);
    expect(await ask({ reason: 'http 404' })).toEqual(['a-1', 'a-2']);
    expect(await ask({ reason: '/^undecodable/' })).toEqual(['bad-1']);
    expect(await ask({ since: middle })).toEqual(['a-2', 'b-2']);
    expect(await ask({ until: middle, reason: 'timed' })).toEqual(['b-1']);
    expect(await ask({ types: ['SmsReport'], queueName: r.queueName })).toHaveLength(5);
    expect(await ask({ types: ['SmsUp'] })).toEqual([]);

    expect(await desk.retry({ reason: '404', since: middle })).toEqual({ done: 1, missing: [] });
    await r.untilFinished(6);
    expect(r.sink.seen.at(-1)).toBe('a-2');
    expect(await desk.drop({ reason: 'undecodable' })).toEqual({ done: 1, missing: [] });
    expect((await idsOf(desk)).sort()).toEqual(['a-1', 'b-1', 'b-2']);
  });

  test('nothing is changed that nothing names', async () => {
    const r = rig();
    await expect(r.desk.drop({})).rejects.toThrow(/^name the dead letters by id, by a filter, or say all$/);
    await expect(r.desk.retry({ asOf: new Date().toISOString() })).rejects.toThrow(/name the dead letters/);
  });

  test('what dies after the count is left alone', async () => {
    const r = rig();
    refuseAll(r);
    r.deliver();
    await r.add(r.job('d-1'));
    await r.untilFinished(1);
    const { asOf, total, queues } = await r.desk.count({ all: true });
    expect({ total, queues }).toEqual({ total: 1, queues: { [r.queueName]: 1 } });
    await expect.poll(() => Date.now()).toBeGreaterThan(Date.parse(asOf));
    await r.add(r.job('d-2'));
    await r.untilFinished(2);
    expect(await r.desk.drop({ all: true, asOf })).toEqual({ done: 1, missing: [] });
    expect(await r.desk.drop({ messageIds: ['d-2'], asOf })).toEqual({ done: 0, missing: ['d-2'] });
    expect(await idsOf(r.desk)).toEqual(['d-2']);
  });

  test('one that is stopped half way can be repeated', async () => {
    const r = rig();
    refuseAll(r);
    r.deliver();
    const ids = Array.from({ length: 130 }, (_, index) => `d-${index}`);
    await r.add(...ids.map((id) => r.job(id)));
    await r.untilFinished(130);
    const stop = new AbortController();
    const { getJobs } = r.queue;
    let reads = 0;
    const watched = new Proxy(r.queue, {
      get(queue, name) {
        if (name === 'getJobs')
          return (...args: Parameters<typeof getJobs>) => {
            reads += 1;
            if (reads === 3) stop.abort();
            return queue.getJobs(...args);
          };
        const value = Reflect.get(queue, name) as unknown;
        return typeof value === 'function' ? value.bind(queue) : value;
      },
    });
    const outcome = await new DeadLetters(new Map([[r.queueName, watched]])).drop({ all: true }, stop.signal);
    expect(outcome).toMatchObject({ missing: [], stopped: true });
    expect(outcome.done).toBeLessThan(130);
    expect((await r.desk.list({ limit: 1 })).total).toBe(130 - outcome.done);
    expect(await r.desk.drop({ all: true })).toEqual({ done: 130 - outcome.done, missing: [] });
    expect((await r.desk.list({ limit: 1 })).total).toBe(0);
  });

  test('one that is tried again meanwhile is not dropped', async () => {
    const r = rig();
    refuseAll(r);
    r.deliver();
    await r.add(r.job('d-1'));
    await r.untilFinished(1);
    const job = await r.queue.getJob('d-1');
    const hold = new Hold();
    r.sink.act = hold.wait;
    expect(await r.desk.retry({ messageIds: ['d-1'] })).toMatchObject({ done: 1 });
    await expect.poll(() => r.sink.seen.length).toBe(2);
    // The page was read before.
    const stale = new Proxy(r.queue, {
      get: (queue, name) => {
        if (name === 'getJobs' && job !== undefined)
          return async (_: unknown, start: number) => (start === 0 ? [job] : []);
        if (name === 'getJobCounts') return async () => ({ failed: 1 });
        const value = Reflect.get(queue, name) as unknown;
        return typeof value === 'function' ? value.bind(queue) : value;
      },
    });
    const desk = new DeadLetters(new Map([[r.queueName, stale]]));
    expect(await desk.drop({ all: true })).toEqual({ done: 0, missing: [] });
    expect(await desk.retry({ all: true })).toEqual({ done: 0, missing: [] });
    expect(await r.state('d-1')).toBe('active');
    hold.release();
  });

  describe('exporting', () => {
    const BODIES: [string, string][] = [
      ['one receipt, its digits kept', '{"biz_id":"x","success":true,"big":12345678901234567890,"f":1.50}'],
      ['a receipt with spaces and other letters', ' {"biz_id": "短信 😀",\r\n "success": false}\n'],
      ['a list', '[{"biz_id":"a","success":true},  {"biz_id":"b","success":false, "n": 1e400}]'],
      ['a list of one', '[{"biz_id":"a","success":true}]'],
    ];

    test.each(BODIES)('gives the same events again: %s', async (_, body) => {
      const r = rig();
      refuseAll(r);
      r.deliver();
      for (const [id, text] of [
        ['m-1', body],
        ['m-2', Buffer.from(body).toString('base64')],
      ] as const) {
        const job = r.job(id, { body: text, dequeueCount: 3 });
        await r.add(job);
        await expect.poll(() => r.state(id)).toBe('failed');
        const events = await replayed(await linesOf(deskOf(r), { messageIds: [id] }));
        expect(events).toEqual('events' in job.content ? job.content.events : undefined);
      }
    });

    test.each([
      ['no JSON', Buffer.from('hello').toString('base64')],
      ['no base64', ' hello,\t"wörld" '],
    ])('keeps a body that is %s to the byte', async (_, body) => {
      const r = rig();
      r.deliver();
      await r.add(r.job('bad-1', { body }));
      await r.untilFinished(1);
      const [line = ''] = await linesOf(deskOf(r), { all: true });
      expect(JSON.parse(line)).toEqual({
        messageId: 'bad-1',
        queueName: r.queueName,
        messageType: 'SmsReport',
        body,
        enqueueTime: 1_700_000_000_000,
        dequeueCount: 1,
        receivedAt: expect.any(Number),
        mnsHost: 'mns.test',
      });
    });

    test('tells of a single attempt when it began, however long it took', async () => {
      const r = rig({ attempts: 1 });
      r.sink.act = async () => {
        await new Promise((resolve) => setTimeout(resolve, 20));
        throw new Error('too slow');
      };
      r.deliver();
      await r.add(r.job('d-1'));
      await r.untilFinished(1);
      const shown = await deskOf(r).show('d-1');
      expect(shown?.firstTriedAt).toBe(shown?.lastTriedAt);
      expect(Date.parse(shown?.firstTriedAt ?? '')).toBeLessThan(Date.parse(shown?.diedAt ?? ''));
    });

    test('tells in full what is known, phone numbers and causes too', async () => {
      const r = rig({ attempts: 2 });
      r.sink.act = (_, { attempt }) => {
        throw new Error(`attempt ${attempt} for 13800001234`, { cause: new Error('the database is away') });
      };
      r.deliver();
      await r.add(r.job('d-1'));
      await r.untilFinished(1);
      const [line = ''] = await linesOf(deskOf(r), { all: true }, 'json');
      const shown = await deskOf(r).show('d-1');
      expect(JSON.parse(line)).toEqual(shown);
      expect(shown?.reason).toBe('sink: attempt 2 for 13800001234');
      expect(shown?.errors).toHaveLength(2);
      expect(shown?.errors[0]).toMatch(
        /^20\S+Z sink: Error: attempt 1 for 13800001234\n {4}at [\s\S]*\ncaused by: Error: the database is away\n/,
      );
      expect(shown?.firstTriedAt).toBe(shown?.errors[0]?.split(' ')[0]);
      expect(Date.parse(shown?.firstTriedAt ?? '')).toBeLessThanOrEqual(Date.parse(shown?.diedAt ?? ''));
    });

    test('by the ids of events takes their message once', async () => {
      const r = rig();
      refuseAll(r);
      r.deliver();
      await r.add(r.job('list-1', { body: '[{"biz_id":"a"},{"biz_id":"b"}]' }));
      await r.untilFinished(1);
      const desk = deskOf(r);
      const messageIds = ['list-1#0', 'list-1#1', 'list-1', 'nobody#1'];
      expect(await linesOf(desk, { messageIds })).toHaveLength(1);
      expect((await desk.show('list-1#1'))?.events?.map(({ id }) => id)).toEqual(['list-1#0', 'list-1#1']);
      expect(await desk.drop({ messageIds })).toEqual({ done: 1, missing: ['nobody#1'] });
    });
  });
});
