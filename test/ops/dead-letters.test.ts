import { describe, expect, test } from 'vitest';
import { OpsClient } from '../../src/cli/ops-client.js';
import { UsageError } from '../../src/errors.js';
import type { DeadLetter, DeadLetterDesk } from '../../src/pipeline/index.js';
import { opsServer } from './serve.js';

const LETTER: DeadLetter = {
  messageId: 'm-1',
  queueName: 'q',
  messageType: 'SmsReport',
  reason: 'no use',
  attempts: 1,
  dequeueCount: 1,
  receivedAt: '2026-01-01T00:00:00.000Z',
  diedAt: '2026-01-01T00:00:00.000Z',
  enqueuedAt: '2026-01-01T00:00:00.000Z',
  errors: ['Error: no use'],
  body: '?',
};

/** A desk that remembers what it was asked and has one dead letter, whatever its id. */
class FakeDesk implements DeadLetterDesk {
  readonly asked: unknown[] = [];
  broken: Error | undefined;
  lines = 2;
  breaksAt = -1;
  /** Waits until it is told to end. */
  stuck = false;
  ended = false;

  list = async (options: unknown) => {
    this.asked.push(['list', options]);
    if (this.broken) throw this.broken;
    return { total: 1, deadLetters: [LETTER] };
  };

  show = async (messageId: string) => {
    this.asked.push(['show', messageId]);
    return messageId === 'unknown' ? undefined : { ...LETTER, messageId };
  };

  retry = async (selection: unknown) => {
    this.asked.push(['retry', selection]);
    return { done: 1, missing: [] };
  };

  drop = async (selection: unknown, signal?: AbortSignal) => {
    this.asked.push(['drop', selection]);
    if (this.stuck) await new Promise<void>((resolve) => signal?.addEventListener('abort', () => resolve()));
    this.ended = true;
    return { done: 2, missing: ['x'] };
  };

  count = async (range: unknown) => {
    this.asked.push(['count', range]);
    return { total: 3, queues: { q: 3 }, asOf: '2026-01-01T00:00:00.000Z' };
  };

  async *export(selection: unknown, format: unknown) {
    this.asked.push(['export', selection, format]);
    if (this.broken) throw this.broken;
    for (let index = 0; index < this.lines; index += 1) {
      if (index === this.breaksAt) throw new Error('the store went away');
      yield `{"messageId":"m-${index}"}\n`;
    }
  }
}

const serve = (desk?: DeadLetterDesk) => opsServer({ deadLetters: () => desk }).start();

async function get(url: string): Promise<[number, unknown]> {
  const answer = await fetch(url);
  return [answer.status, await answer.json()];
}

async function post(url: string, body: string, type = 'application/json'): Promise<[number, unknown]> {
  const answer = await fetch(url, { method: 'POST', body, headers: { 'content-type': type } });
  return [answer.status, await answer.json()];
}

describe('listing', () => {
  test('asks for a hundred of all queues unless told otherwise', async () => {
    const desk = new FakeDesk();
    const url = await serve(desk);
    expect(await get(`${url}/api/dead`)).toEqual([200, { total: 1, deadLetters: [LETTER] }]);
    await get(`${url}/api/dead?queue=q&limit=7`);
    expect(desk.asked).toEqual([
      ['list', { limit: 100 }],
      ['list', { queueName: 'q', limit: 7 }],
    ]);
  });

  test.each(['0', '-1', '1001', 'many', '1.5'])('refuses a limit of %s', async (limit) => {
    const desk = new FakeDesk();
    const [status, answer] = await get(`${await serve(desk)}/api/dead?limit=${limit}`);
    expect([status, answer]).toEqual([400, { error: expect.stringContaining('limit') }]);
    expect(desk.asked).toEqual([]);
  });

  test('says that the store is not open yet, or what is wrong with it', async () => {
    expect(await get(`${await serve()}/api/dead`)).toEqual([503, { error: 'the store is not open yet' }]);
    const desk = new FakeDesk();
    desk.broken = new Error('Redis\nis away');
    expect(await get(`${await serve(desk)}/api/dead`)).toEqual([500, { error: 'Redis is away' }]);
  });
});

describe('showing', () => {
  test.each(['m-1', '12345', 'a:b', 'a/b', '短信', 'x'.repeat(300), 'a b', '%', 'retry', '..'])(
    'finds the dead letter of id %j',
    async (id) => {
      const url = await serve(new FakeDesk());
      expect(await get(`${url}/api/dead/${encodeURIComponent(id).replaceAll('.', '%2E')}`)).toEqual(
        id === '..' ? [404, expect.anything()] : [200, { ...LETTER, messageId: id }],
      );
    },
  );

  test('says that there is none', async () => {
    const url = await serve(new FakeDesk());
    expect(await get(`${url}/api/dead/unknown`)).toEqual([404, { error: 'no dead letter unknown' }]);
  });
});

describe('trying again and dropping', () => {
  test('pass on which', async () => {
    const desk = new FakeDesk();
    const url = await serve(desk);
    expect(await post(`${url}/api/dead/retry`, '{"messageIds":["a","b"]}')).toEqual([
      200,
      { done: 1, missing: [] },
    ]);
    expect(await post(`${url}/api/dead/retry`, '{"all":true}')).toEqual([200, { done: 1, missing: [] }]);
    expect(await post(`${url}/api/dead/drop`, '{"all":true,"queueName":"q"}')).toEqual([
      200,
      { done: 2, missing: ['x'] },
    ]);
    expect(desk.asked).toEqual([
      ['retry', { messageIds: ['a', 'b'] }],
      ['retry', { all: true }],
      ['drop', { all: true, queueName: 'q' }],
    ]);
  });

  test.each([
    ['nothing', '', 400],
    ['no JSON', '{', 400],
    ['an empty object', '{}', 400],
    ['null', 'null', 400],
    ['a list', '[]', 400],
    ['no ids', '{"messageIds":[]}', 400],
    ['an id that is an object', '{"messageIds":[{}]}', 400],
    ['ids and all', '{"messageIds":["a"],"all":true}', 400],
    ['all that is not true', '{"all":false}', 400],
    ['too many ids', JSON.stringify({ messageIds: Array(1_001).fill('a') }), 400],
    ['nothing but a time', '{"asOf":"2026-01-01T00:00:00Z"}', 400],
    ['ids and a filter', '{"messageIds":["a"],"reason":"x"}', 400],
    ['a filter that is mistyped', '{"all":true,"reasn":"x"}', 400],
    ['a time that is none', '{"since":"yesterday"}', 400],
    ['a prototype', '{"all":true,"__proto__":{}}', 400],
    ['more than it takes', JSON.stringify({ messageIds: ['x'.repeat(300_000)] }), 413],
  ])('refuse a body that is %s', async (_, body, status) => {
    const desk = new FakeDesk();
    const url = await serve(desk);
    for (const what of ['retry', 'drop']) {
      expect(await post(`${url}/api/dead/${what}`, body)).toEqual([status, { error: expect.any(String) }]);
    }
    expect(desk.asked).toEqual([]);
  });

  test.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data'])(
    'refuse %s, which a web page could send without asking',
    async (type) => {
      const desk = new FakeDesk();
      const [status] = await post(`${await serve(desk)}/api/dead/drop`, '{"all":true}', type);
      expect([400, 415]).toContain(status);
      expect(desk.asked).toEqual([]);
    },
  );

  test('answer no question of a browser whether it may', async () => {
    const url = await serve(new FakeDesk());
    const answer = await fetch(`${url}/api/dead/drop`, {
      method: 'OPTIONS',
      headers: { origin: 'http://evil.example', 'access-control-request-method': 'POST' },
    });
    expect(answer.status).toBe(403);
    expect([...answer.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
  });
});

describe('filters', () => {
  const range = {
    types: ['SmsReport', 'SmsUp'],
    reason: '/a+b&c=d/i',
    since: '2026-01-01T00:00:00.000Z',
    until: '2026-01-02T00:00:00.000Z',
    queueName: 'q',
  };

  test('come from the client to the desk as they are', async () => {
    const desk = new FakeDesk();
    const client = new OpsClient(await serve(desk), '');
    await client.list({ ...range, limit: 5 });
    await client.list({ types: ['SmsUp'], limit: 5 });
    expect(await client.count({ all: true })).toMatchObject({ total: 3, queues: { q: 3 } });
    await client.retry({ ...range, asOf: '2026-01-03T00:00:00.000Z' });
    expect(desk.asked).toEqual([
      ['list', { ...range, limit: 5 }],
      ['list', { types: ['SmsUp'], limit: 5 }],
      ['count', { all: true }],
      ['retry', { ...range, asOf: '2026-01-03T00:00:00.000Z' }],
    ]);
  });

  test.each(['since=yesterday', 'reasn=x', `type=${'x&type='.repeat(101)}x`])('refuse ?%s', async (query) => {
    const desk = new FakeDesk();
    const [status] = await get(`${await serve(desk)}/api/dead?${query}`);
    expect([status, desk.asked]).toEqual([400, []]);
  });

  test('that the desk refuses are the fault of who asks', async () => {
    const desk = new FakeDesk();
    desk.broken = new UsageError('DEAD_FILTER', 'reason: /(/ is no regular expression');
    expect(await get(`${await serve(desk)}/api/dead?reason=/(/`)).toEqual([
      400,
      { error: 'reason: /(/ is no regular expression' },
    ]);
  });
});

describe('the client', () => {
  test('asks for many ids in parts that the daemon takes', async () => {
    const desk = new FakeDesk();
    const client = new OpsClient(await serve(desk), '');
    const messageIds = Array.from({ length: 1_300 }, (_, index) => `${'短'.repeat(100)}-${index}`);
    expect(await client.retry({ messageIds })).toMatchObject({ missing: [] });
    const asked = desk.asked.flatMap((call) => (call as [string, { messageIds: string[] }])[1].messageIds);
    expect(asked).toEqual(messageIds);
  });

  test('that goes away ends what it asked for', async () => {
    const desk = new FakeDesk();
    desk.stuck = true;
    const client = new OpsClient(await serve(desk), '');
    const stop = new AbortController();
    const asking = client.drop({ all: true }, stop.signal);
    await expect.poll(() => desk.asked.length).toBe(1);
    expect(desk.ended).toBe(false);
    stop.abort();
    await expect(asking).rejects.toMatchObject({ code: 'STOPPED' });
    await expect.poll(() => desk.ended).toBe(true);
  });
});

describe('exporting', () => {
  const read = async (lines: AsyncIterable<string>) => {
    const all: string[] = [];
    for await (const line of lines) all.push(line);
    return all;
  };

  test('streams lines', async () => {
    const desk = new FakeDesk();
    desk.lines = 5_000;
    const client = new OpsClient(await serve(desk), '');
    const lines = await read(client.export({ reason: 'x' }, 'json'));
    expect(lines).toEqual(Array.from({ length: 5_000 }, (_, index) => `{"messageId":"m-${index}"}\n`));
    expect(desk.asked).toEqual([['export', { reason: 'x' }, 'json']]);
  });

  test('of none is empty, and of a refusal an error', async () => {
    const desk = new FakeDesk();
    desk.lines = 0;
    const client = new OpsClient(await serve(desk), '');
    expect(await read(client.export({ all: true }, 'capture'))).toEqual([]);
    desk.broken = new UsageError('DEAD_QUEUE', 'queue x is not configured');
    await expect(read(client.export({ all: true }, 'capture'))).rejects.toThrow(/queue x is not configured/);
  });

  test('that breaks off is never taken for whole', async () => {
    const desk = new FakeDesk();
    desk.lines = 5_000;
    desk.breaksAt = 3_000;
    const client = new OpsClient(await serve(desk), '');
    await expect(read(client.export({ all: true }, 'capture'))).rejects.toMatchObject({ code: 'OPS_LOST' });
  });

  test('asks for what is meant', async () => {
    const desk = new FakeDesk();
    const [status] = await post(`${await serve(desk)}/api/dead/export`, '{"format":"capture"}');
    expect([status, desk.asked]).toEqual([400, []]);
  });
});

test.each(['list', 'show', 'count', 'retry', 'drop', 'export'])('%s needs the token', async (what) => {
  const desk = new FakeDesk();
  const url = await opsServer({ config: { token: 'secret' }, deadLetters: () => desk }).start();
  const path = { list: '', show: '/m-1' }[what];
  const answer =
    path === undefined
      ? await post(`${url}/api/dead/${what}`, '{"all":true}')
      : await get(`${url}/api/dead${path}`);
  expect(answer).toEqual([401, { error: expect.stringContaining('ops.token') }]);
  expect(desk.asked).toEqual([]);
});
