import { afterEach, describe, expect, test } from 'vitest';
import { until } from '../support/until.js';
import { busy, empty } from './page-states.js';
import { opsServer, type ServeOptions, serve } from './serve.js';
import { statusOf } from './statuses.js';

/** What an open page has received so far. */
class Stream {
  readonly #gone = new AbortController();
  text = '';
  ended = false;

  static async open(url: string, headers: Record<string, string> = {}): Promise<Stream> {
    const stream = new Stream();
    const answer = await fetch(url, { headers, signal: stream.#gone.signal });
    expect([answer.status, answer.headers.get('content-type')]).toEqual([
      200,
      'text/event-stream; charset=utf-8',
    ]);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    void stream.#read(answer).catch(() => {});
    return stream;
  }

  get events(): Record<string, string>[] {
    return [...this.text.matchAll(/^data: (.*)$/gm)].map(
      ([, json]) => JSON.parse(json ?? '') as Record<string, string>,
    );
  }

  close(): void {
    this.#gone.abort();
  }

  async #read(answer: Response): Promise<void> {
    const decoder = new TextDecoder();
    for await (const chunk of answer.body ?? [])
      this.text += decoder.decode(chunk as Uint8Array, { stream: true });
    this.ended = true;
  }
}

const streams: Stream[] = [];

afterEach(() => {
  for (const stream of streams.splice(0)) stream.close();
});

async function open(url: string, headers?: Record<string, string>): Promise<Stream> {
  const stream = await Stream.open(url, headers);
  streams.push(stream);
  return stream;
}

const live = { every: 5, roundsOfStore: 1, heartbeat: 20, most: 2 };

const start = (options: ServeOptions) => serve({ live, ...options });

describe('an open page', () => {
  test('gets all parts first, and then what changes', async () => {
    let status = statusOf();
    const stream = await open(`${await start({ ...empty(), status: () => status })}/api/events`);
    const [first] = await until('all parts', () => stream.events.length > 0 && stream.events);
    expect(Object.keys(first ?? {}).sort()).toEqual(
      ['about', 'figures', 'headline', 'letters', 'queues', 'reasons', 'recent', 'sinks', 'traffic'].sort(),
    );
    status = statusOf({ ready: false, reasons: ['q: no such queue'] });
    const change = await until('the change', () =>
      stream.events.find(({ reasons }) => reasons?.includes('no such queue')),
    );
    expect(change.headline).toContain('Not ready');
    expect(change).not.toHaveProperty('traffic');
  });

  test('of search results gets no other results', async () => {
    const stream = await open(`${await start(busy())}/api/events?q=1`);
    const [first] = await until('the parts', () => stream.events.length > 0 && stream.events);
    expect(Object.keys(first ?? {})).toEqual(['about', 'headline', 'reasons', 'figures']);
  });

  test('is in the language of who looks, and has buttons for who may use them', async () => {
    const url = await start({ ...busy(), config: { token: 'o'.repeat(16), viewerToken: 'v'.repeat(16) } });
    const [operator, viewer] = await Promise.all([
      open(`${url}/api/events`, { authorization: `Bearer ${'o'.repeat(16)}` }),
      open(`${url}/api/events`, { authorization: `Bearer ${'v'.repeat(16)}`, 'accept-language': 'zh' }),
    ]);
    const letters = (stream: Stream) =>
      until('dead letters', () => stream.events.find((event) => event.letters)?.letters);
    expect(await letters(operator)).toContain('action="/dead/retry"');
    expect(await letters(viewer)).not.toContain('action=');
    expect(await letters(viewer)).toContain('尝试');
  });

  test('hears something while nothing changes', async () => {
    const status = statusOf({ startedAt: '2200-01-01T00:00:00.000Z', queues: [], sinks: [] });
    const stream = await open(`${await start({ status: () => status })}/api/events`);
    await until('a heartbeat', () => /^:$/m.test(stream.text));
    expect(stream.events).toHaveLength(1);
  });

  test('is one of so many', async () => {
    const url = `${await start(empty())}/api/events`;
    const [first] = [await open(url), await open(url)];
    const refused = await fetch(url);
    expect([refused.status, await refused.json()]).toEqual([
      503,
      { error: expect.stringContaining('too many pages') },
    ]);
    first.close();
    await until('a place', async () => {
      const answer = await fetch(url);
      await answer.body?.cancel();
      return answer.status === 200;
    });
  });

  test('ends when its session does', async () => {
    const token = 'o'.repeat(16);
    const url = await start({ ...empty(), config: { token } });
    const login = await fetch(`${url}/login`, {
      method: 'POST',
      body: new URLSearchParams({ token }),
      redirect: 'manual',
    });
    const cookie = login.headers.get('set-cookie')?.split(';')[0] ?? '';
    const stream = await open(`${url}/api/events`, { cookie });
    await until('all parts', () => stream.events.length > 0);
    await fetch(`${url}/logout`, { method: 'POST', headers: { cookie, origin: url }, redirect: 'manual' });
    await until('the end', () => stream.ended);
  });

  test('does not keep the daemon from stopping', async () => {
    const server = opsServer({ live, ...empty() });
    const stream = await open(`${await server.start()}/api/events`);
    await server.stop();
    await until('the end', () => stream.ended);
  });
});

test('while nobody looks nothing is asked for', async () => {
  let asked = 0;
  const state = empty();
  const url = await start({
    ...state,
    status: () => {
      asked += 1;
      return state.status();
    },
  });
  expect(asked).toBe(0);
  const stream = await open(`${url}/api/events`);
  await until('rounds', () => asked > 3);
  stream.close();
  // A round may be under way; then there is none.
  let before = -1;
  await until('silence', async () => {
    const quiet = asked === before;
    before = asked;
    await new Promise((resolve) => setTimeout(resolve, 10 * live.every));
    return quiet;
  });
});

test('a viewer without a token gets none', async () => {
  const url = await start({ ...empty(), config: { token: 'o'.repeat(16) } });
  expect((await fetch(`${url}/api/events`)).status).toBe(401);
});
