import { describe, expect, test } from 'vitest';
import { Format } from '../../src/ops/pages/format.js';
import { Gatherer } from '../../src/ops/pages/gather.js';
import { html, type Value } from '../../src/ops/pages/html.js';
import { preferredLanguage } from '../../src/ops/pages/language.js';
import { queryOf } from '../../src/ops/pages/query.js';
import { sparkline } from '../../src/ops/pages/sparkline.js';
import { TEXTS } from '../../src/ops/pages/texts.js';
import { busy, empty, letter, QUEUES, sinkDown, tokenFailing } from './page-states.js';
import { type ServeOptions, serve } from './serve.js';
import { queueStatus, sinkStatus, statusOf } from './statuses.js';

/** What is read, without the markup. */
function textOf(page: string): string {
  return page
    .replace(/<head>.*<\/head>/s, '')
    .replace(/<[^>]*>/g, ' ')
    .replace(/&#(\d+);/g, (_, code) => String.fromCharCode(Number(code)))
    .replace(/\s+/g, ' ');
}

async function page(options: ServeOptions, path = '/', language = 'en'): Promise<string> {
  const answer = await fetch(`${await serve(options)}${path}`, { headers: { 'accept-language': language } });
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
  return answer.text();
}

describe('what is put into a template', () => {
  test.each<[string, Value, string]>([
    ['markup', '<script>"x" & \'y\'', '&#60;script&#62;&#34;x&#34; &#38; &#39;y&#39;'],
    ['line breaks', 'a\nb', 'a b'],
    ['controls', 'a\u0000b\u001b[31m', 'a\ufffdb\ufffd[31m'],
    ['what turns the direction of text', 'a\u202eb\u2066', 'a\ufffdb\ufffd'],
    ['half a character', 'a\ud800b', 'a\ufffdb'],
    ['numbers', 0, '0'],
    ['nothing', undefined, ''],
    ['what is not shown', false, ''],
  ])('escapes or leaves out %s', (_, value, text) => {
    expect(html`<p>${value}</p>`.text).toBe(`<p>${text}</p>`);
  });

  test('stays as it is when it came out of one', () => {
    expect(html`<ul>${['<', html`<li>`]}</ul>`.text).toBe('<ul>&#60;<li></ul>');
  });
});

test('both languages say the same things', () => {
  const shape = (texts: object): unknown =>
    Object.entries(texts).map(([name, value]) => [
      name,
      typeof value === 'object' ? shape(value) : typeof value,
    ]);
  expect(shape(TEXTS.zh)).toEqual(shape(TEXTS.en));
});

test.each([
  [undefined, 'en'],
  ['', 'en'],
  ['zh-CN,zh;q=0.9,en;q=0.8', 'zh'],
  ['en-GB,en;q=0.9,zh;q=0.8', 'en'],
  ['de,zh;q=0.5,en;q=0.4', 'zh'],
  ['de', 'en'],
  ['zh;q=0, en;q=0.1', 'en'],
  [`${'x,'.repeat(10_000)}zh`, 'en'],
  [';;q=,=', 'en'],
])('of %j the language is %s', (asked, language) => {
  expect(preferredLanguage(asked)).toBe(language);
});

test.each([
  [0, '0 s'],
  [0.42, '0.4 s'],
  [12.7, '12 s'],
  [99.9, '99 s'],
  [125, '2 min'],
  [6_100, '1 h 41 min'],
  [26 * 3_600, '26 h'],
  [3.2 * 86_400, '3 d'],
  [-5, '0 s'],
])('%d s read as %s', (seconds, text) => {
  expect(new Format('en').duration(seconds)).toBe(text);
});

describe('the overview', () => {
  test('of a busy daemon has everything', async () => {
    // What has gone by is a little more by the time that it is read.
    const text = textOf(await page(busy())).replace(/\d+ s ago/g, 'just now');
    for (const wanted of [
      'Ready All queues are polled',
      'Received 256 /s',
      'Dead letters 3',
      `${QUEUES.sms} SmsReport 1.4 s 242 /s 238 /s 214 198 just now in 1 h 39 min ends in 1 h 41 min webhook crm: HTTP 503, tried again 26 min ago`,
      'crm webhook Up 1,284,402 31',
      'webhook crm: HTTP 404 for 138****78',
      'biz_id 932702304080415350^0 out_id order-20261100 138****00',
      'call_id 116012853223^10281378322',
    ])
      expect(text).toContain(wanted);
  });

  test('has a sentence for each picture', async () => {
    const text = await page(busy());
    expect(text).toMatch(
      /aria-label="Delivered over the last hour: \d+ a second now, at most \d+ a second\."/,
    );
    expect(text).toMatch(/aria-label="From received to delivered over the last hour: half within \d+ ms now/);
  });

  test('of a new daemon says that nothing has come', async () => {
    const text = textOf(await page(empty()));
    for (const wanted of ['Ready', 'Nothing to draw yet', 'None yet.']) expect(text).toContain(wanted);
  });

  test('says which sink is down, since when and why', async () => {
    const text = textOf(await page(sinkDown()));
    expect(text).toContain(
      'Not ready: 1 reason sink crm is down, receiving waits until it works: connect ECONNREFUSED',
    );
    expect(text).toContain('crm webhook Down for 4 min');
  });

  test('says which token cannot be had and why', async () => {
    const text = textOf(await page(tokenFailing()));
    expect(text).toMatch(/expired QueryTokenForMnsQueue: InvalidAccessKeyId\.NotFound/);
  });

  test('is there before the queues, the sinks and the store are', async () => {
    const status = () => statusOf({ ready: false, reasons: ['starting'], queues: [], sinks: [] });
    const text = textOf(await page({ status }));
    for (const wanted of [
      'Not ready: 1 reason starting',
      'The queues are being opened.',
      'The store is not open yet.',
    ])
      expect(text).toContain(wanted);
  });

  test('says which part of the work is its own', async () => {
    const status = () => statusOf({ role: 'deliver' });
    expect(textOf(await page({ status }))).toContain('process 1 delivers only 2 threads');
    const polls = () => statusOf({ role: 'poll', sinks: [] });
    expect(textOf(await page({ status: polls }))).toContain('Other processes deliver.');
  });

  test('says of a queue that waits for its first token that it has none', async () => {
    const queue = queueStatus({ token: { refreshes: 0, failures: 0 } });
    const text = textOf(await page({ status: () => statusOf({ queues: [queue] }) }));
    expect(text).toMatch(/SmsReport 0 s 0 \/s 0 \/s 0 0 – none no token yet – none/);
  });

  test('is in Chinese for who reads that, by the browser or by choice', async () => {
    const url = await serve(busy());
    const chinese = await (await fetch(url, { headers: { 'accept-language': 'zh-CN' } })).text();
    expect(chinese).toContain('<html lang="zh-Hans">');
    expect(textOf(chinese)).toContain('就绪 所有队列正常拉取');
    const chosen = await fetch(`${url}/language`, {
      method: 'POST',
      body: new URLSearchParams({ language: 'zh', next: '/?q=1' }),
      redirect: 'manual',
    });
    expect([chosen.status, chosen.headers.get('location')]).toEqual([303, '/?q=1']);
    const cookie = chosen.headers.get('set-cookie')?.split(';')[0] ?? '';
    expect(await (await fetch(url, { headers: { cookie } })).text()).toContain('<html lang="zh-Hans">');
  });

  test('lets nothing of what is shown become markup', async () => {
    const evil = `<script>alert(1)</script>"'><img src=x onerror=alert(1)>`;
    const now = Date.now();
    const state = busy(now);
    state.desk.letters = [{ ...letter(0, now, evil), messageId: evil, messageType: evil, queueName: evil }];
    const queue = queueStatus({
      queueName: evil,
      messageType: evil,
      problem: evil,
      lastError: { at: now, text: evil },
    });
    const event = { id: evil, queueName: evil, messageType: evil, at: now, outcome: 'dead' as const };
    const text = await page(
      {
        ...state,
        status: () =>
          statusOf({
            ready: false,
            reasons: [evil],
            version: evil,
            queues: [queue],
            sinks: [sinkStatus({ name: evil, type: evil, state: 'down', downSince: now, problem: evil })],
          }),
        recent: async () => [
          { ...event, bizId: evil, callId: evil, outId: evil, subject: evil, phone: evil },
        ],
      },
      `/?q=${encodeURIComponent(evil)}`,
    );
    expect(text).not.toContain('<script>');
    expect(text).not.toContain('<img src=x');
    expect(text.split('&#60;script&#62;alert(1)&#60;/script&#62;').length).toBeGreaterThan(8);
    // Every attribute is still one: nothing closed its quotes.
    expect(text.replace(/<[^<>]*>/g, '')).not.toMatch(/[<>]/);
  });

  test('masks phone numbers, whatever they are called, unless it is told not to', async () => {
    const event = {
      id: 'm-1',
      queueName: 'q',
      messageType: 'SmsReport',
      at: Date.now(),
      outcome: 'delivered' as const,
      bizId: '932702304080415350^0',
      outId: '+86 13800138000',
      phone: '13800138000',
    };
    const recent = async () => [event];
    const masked = textOf(await page({ recent }));
    expect(masked).not.toMatch(/138\D*0013/);
    expect(masked).toContain('biz_id 932702304080415350^0 out_id +861****00 138****00');
    expect(textOf(await page({ recent, config: { unmask: true } }))).toContain('13800138000');
    const within = async () => [{ ...event, outId: 'u13800138000', phone: '１３８００１３８０００' }];
    expect(textOf(await page({ recent: within }))).toContain('out_id u138****00 １３８****００');
  });
});

describe('searching', () => {
  test.each([
    [' 932702304080415350^0 ', '932702304080415350^0'],
    ['138 0013 8000', '13800138000'],
    ['+86 138-0013-8000', '+8613800138000'],
    ['2026-11-28', '2026-11-28'],
    ['order 7', 'order 7'],
  ])('for %j looks for %j', (written, query) => {
    expect(queryOf(written)).toBe(query);
  });

  test('goes through recent events and dead letters, and says so', async () => {
    const asked: unknown[] = [];
    const state = busy();
    const text = textOf(
      await page(
        {
          ...state,
          recent: (query) => {
            asked.push(query);
            return state.recent(query);
          },
        },
        '/?q=%20932702304080415350%5E0%20',
      ),
    );
    expect(asked).toEqual([{ text: '932702304080415350^0', limit: 50 }]);
    expect(text).toContain('Found for “932702304080415350^0”');
    expect(text).toContain('No dead letter matches.');
    expect(text).toContain('biz_id 932702304080415350^0');
    expect(text).not.toContain('932702304080415351^0');
    // Whatever is searched for, there are as many dead letters as there are.
    expect(text).toContain('Dead letters 3');
  });

  test('for more than an id or number could be is refused', async () => {
    const answer = await fetch(`${await serve(busy())}/?q=${'x'.repeat(201)}`);
    expect([answer.status, await answer.text()]).toEqual([400, expect.stringContaining('200 characters')]);
  });
});

describe('a store', () => {
  const broken = () => {
    throw new Error('connect ECONNREFUSED 13800138000');
  };

  test('that fails costs the page its tables only', async () => {
    const state = busy();
    state.desk.list = async () => broken();
    const text = textOf(await page({ ...state, recent: async () => broken() }));
    expect(text).toContain('Ready');
    expect(text.split('The store does not answer: connect ECONNREFUSED 138****00')).toHaveLength(3);
  });

  test('that does not answer is waited for only so long', async () => {
    const state = busy();
    state.desk.list = () => new Promise(() => {});
    const overview = await new Gatherer(state, 20).overview('');
    expect(overview.letters).toEqual({ failed: 'slow' });
    expect(overview.dead).toBeUndefined();
    expect('found' in overview.recent && overview.recent.found.length).toBe(8);
  });

  test('is searched by so many at a time, also of those that nobody waits for any more', async () => {
    const state = busy();
    const { list } = state.desk;
    let searches = 0;
    const found: (() => void)[] = [];
    state.desk.list = async (options) => {
      if (options.text === undefined) return list(options);
      searches += 1;
      await new Promise<void>((resolve) => found.push(resolve));
      return list(options);
    };
    const gatherer = new Gatherer(state, 20);
    for (let index = 0; index < 6; index += 1)
      expect((await gatherer.overview('x')).letters).toEqual({ failed: 'slow' });
    expect(searches).toBe(4);
    for (const resolve of found.splice(0)) resolve();
    await new Promise((resolve) => setImmediate(resolve));
    const late = gatherer.overview('x');
    expect(searches).toBe(5);
    for (const resolve of found) resolve();
    expect((await late).letters).toEqual({ found: { total: 0, deadLetters: [] } });
  });
});

describe('a dead letter', () => {
  const id = letter(0, Date.now(), '').messageId;

  const post = (url: string, fields: Record<string, string>) =>
    fetch(url, { method: 'POST', body: new URLSearchParams(fields), redirect: 'manual' });

  test('is retried at once, and the page says so', async () => {
    const state = busy();
    const url = await serve(state);
    const answer = await post(`${url}/dead/retry`, { id, q: 'x y' });
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/?q=x+y&notice=retried']);
    expect(state.desk.retried).toEqual([id]);
    expect(textOf(await (await fetch(`${url}/?notice=retried`)).text())).toContain(
      'Put back into the pipeline.',
    );
  });

  test('is dropped after a question', async () => {
    const state = busy();
    const url = await serve(state);
    const question = await (await fetch(`${url}/dead/drop?${new URLSearchParams({ id, q: '' })}`)).text();
    expect(textOf(question)).toContain('Drop a dead letter?');
    expect(question).toContain('<form method="post" action="/dead/drop"');
    expect(state.desk.dropped).toEqual([]);
    const answer = await post(`${url}/dead/drop`, { id });
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/?notice=dropped']);
    expect(state.desk.dropped).toEqual([id]);
  });

  test('that is none any more is neither asked about nor touched', async () => {
    const url = await serve(busy());
    expect((await fetch(`${url}/dead/drop?id=gone`)).status).toBe(404);
    const answer = await post(`${url}/dead/retry`, { id: 'gone' });
    expect(answer.headers.get('location')).toBe('/?notice=gone');
  });

  test('cannot be reached before the store is open', async () => {
    expect((await post(`${await serve()}/dead/retry`, { id })).status).toBe(503);
  });
});

describe('a line of the picture', () => {
  const now = 3_600_000;
  const draw = (points: [number, number][]) =>
    sparkline([{ name: 'first', points: points.map(([at, value]) => ({ at, value })) }], {
      now,
      step: 60_000,
      label: '',
    }).text;
  const line = (picture: string) => /class="line first" d="([^"]*)"/.exec(picture)?.[1];

  test('goes from left to right and from zero to the top', () => {
    expect(
      line(
        draw([
          [60_000, 0],
          [120_000, 10],
          [180_000, 5],
        ]),
      ),
    ).toBe('M10 93L20 3L30 48');
  });

  test('breaks where nothing was counted, and is a dot where nothing is beside it', () => {
    expect(
      line(
        draw([
          [60_000, 1],
          [120_000, 1],
          [600_000, 1],
        ]),
      ),
    ).toBe('M10 3L20 3M100 3h0.1');
  });

  test('stays within the hour, and on the ground while all is zero', () => {
    expect(
      line(
        draw([
          [-60_000, 9],
          [60_000, 0],
          [now + 60_000, 9],
        ]),
      ),
    ).toMatch(/^M10 [\d.]+h0\.1$/);
    expect(draw([[60_000, 0]])).not.toContain('NaN');
    expect(draw([])).not.toContain('NaN');
  });
});
