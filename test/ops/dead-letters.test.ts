import { afterEach, describe, expect, test } from 'vitest';
import { OpsServer } from '../../src/ops/index.js';
import type { DeadLetter, DeadLetterDesk } from '../../src/pipeline/index.js';
import { statusOf } from './statuses.js';

const LETTER: DeadLetter = {
  messageId: 'm-1',
  queueName: 'q',
  reason: 'no use',
  attempts: 1,
  diedAt: '2026-01-01T00:00:00.000Z',
  enqueuedAt: '2026-01-01T00:00:00.000Z',
  errors: ['Error: no use'],
  body: '?',
};

/** A desk that remembers what it was asked and has one dead letter, whatever its id. */
class FakeDesk implements DeadLetterDesk {
  readonly asked: unknown[] = [];
  broken: Error | undefined;

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

  drop = async (selection: unknown) => {
    this.asked.push(['drop', selection]);
    return { done: 2, missing: ['x'] };
  };
}

const servers: OpsServer[] = [];

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});

async function serve(desk?: DeadLetterDesk): Promise<string> {
  const server = new OpsServer({
    config: { host: '127.0.0.1', port: 0, token: '' },
    status: () => statusOf(),
    deadLetters: () => desk,
  });
  servers.push(server);
  return server.start();
}

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
    expect(answer.status).toBe(404);
    expect([...answer.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
  });
});
