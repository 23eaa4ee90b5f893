import { request } from 'node:http';
import { describe, expect, test } from 'vitest';
import { Attempts } from '../../src/ops/access/attempts.js';
import { sourceOf } from '../../src/ops/access/origin.js';
import { SESSION_LIFE, Sessions } from '../../src/ops/access/session.js';
import { ownPath } from '../../src/ops/pages/pages.js';
import { busy, letter } from './page-states.js';
import { serve } from './serve.js';

const TOKEN = 'the-token-of-operators';
const VIEWER = 'the-token-of-viewers';
const config = { token: TOKEN, viewerToken: VIEWER };

const FORM = 'application/x-www-form-urlencoded';
const HTML = { accept: 'text/html' };

interface Ask {
  method?: string;
  headers?: Record<string, string>;
  body?: string;
}

/** As a browser asks, which fetch does not let one do: with any Host, and not following where it is sent. */
function ask(url: string, { method = 'GET', headers = {}, body = '' }: Ask = {}) {
  return new Promise<{ status: number; headers: Record<string, string>; text: string }>((resolve, reject) => {
    request(url, { method, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => {
        const given = Object.entries(response.headers).map(([name, value]) => [name, String(value)]);
        resolve({ status: response.statusCode ?? 0, headers: Object.fromEntries(given), text });
      });
    })
      .on('error', reject)
      .end(body);
  });
}

function send(url: string, fields: Record<string, string>, headers: Record<string, string> = {}) {
  const body = new URLSearchParams(fields).toString();
  return ask(url, {
    method: 'POST',
    headers: { ...HTML, 'content-type': FORM, 'sec-fetch-site': 'same-origin', ...headers },
    body,
  });
}

/** @returns the cookie as it is sent back */
async function logIn(url: string, token: string, headers?: Record<string, string>): Promise<string> {
  const answer = await send(`${url}/login`, { token }, headers);
  expect([answer.status, answer.headers.location]).toEqual([303, '/']);
  return answer.headers['set-cookie']?.split(';')[0] ?? '';
}

describe('sessions', () => {
  test('are of the role whose token they were got with, until they end', () => {
    let now = 1_700_000_000_000;
    const sessions = new Sessions({ operator: TOKEN, viewer: VIEWER }, () => now);
    expect([TOKEN, VIEWER, '', 'other'].map((token) => sessions.roleOf(token))).toEqual([
      'operator',
      'viewer',
      undefined,
      undefined,
    ]);
    const cookies = { operator: sessions.open('operator'), viewer: sessions.open('viewer') };
    const until = now + SESSION_LIFE;
    expect(sessions.read(cookies.operator)).toEqual({ role: 'operator', until });
    expect(sessions.read(cookies.viewer)).toEqual({ role: 'viewer', until });
    now = until;
    expect(sessions.read(cookies.operator)).toBeUndefined();
  });

  test('hold in any process with the same token, and in none with another', () => {
    const cookie = new Sessions({ operator: TOKEN }).open('operator');
    expect(new Sessions({ operator: TOKEN, viewer: VIEWER }).read(cookie)?.role).toBe('operator');
    expect(new Sessions({ operator: 'another-token-of-operators' }).read(cookie)).toBeUndefined();
    expect(new Sessions({ operator: '' }).read(cookie)).toBeUndefined();
  });

  test.each([
    ['a later end', (cookie: string) => cookie.replace(/^\d/, '9')],
    [
      'another name',
      (cookie: string) => cookie.replace(/\.(.)/, (_, first) => (first === 'A' ? '.B' : '.A')),
    ],
    ['a cut signature', (cookie: string) => cookie.slice(0, -1)],
    ['nothing', () => ''],
    ['what is none', () => '..'],
  ])('with %s are none', (_, change) => {
    const sessions = new Sessions({ operator: TOKEN });
    expect(sessions.read(change(sessions.open('operator')))).toBeUndefined();
  });

  test('that were ended are none', () => {
    const sessions = new Sessions({ operator: TOKEN });
    const [ended, other] = [sessions.open('operator'), sessions.open('operator')];
    sessions.end(ended);
    sessions.end('nonsense');
    expect([sessions.read(ended), sessions.read(other)?.role]).toEqual([undefined, 'operator']);
  });
});

describe('who guesses', () => {
  test('waits after so many wrong tries, and not for ever', () => {
    let now = 0;
    const attempts = new Attempts({ limit: 3, window: 60_000, now: () => now });
    const waits = () => ['a', 'b'].map((address) => attempts.waitFor(address));
    for (let index = 0; index < 3; index += 1) {
      expect(waits()).toEqual([0, 0]);
      attempts.failed('a');
    }
    expect(waits()).toEqual([60, 0]);
    now = 59_001;
    expect(waits()).toEqual([1, 0]);
    now = 60_000;
    expect(waits()).toEqual([0, 0]);
    attempts.failed('a');
    expect(waits()).toEqual([0, 0]);
  });

  test('is remembered among a bounded number', () => {
    const attempts = new Attempts({ limit: 1, most: 2, now: () => 0 });
    for (const address of ['a', 'b', 'c']) attempts.failed(address);
    expect(['a', 'b', 'c'].map((address) => attempts.waitFor(address) > 0)).toEqual([false, true, true]);
  });
});

test.each([
  [{}, 'unsaid'],
  [{ 'sec-fetch-site': 'same-origin' }, 'own'],
  [{ 'sec-fetch-site': 'none' }, 'own'],
  [{ 'sec-fetch-site': 'same-site' }, 'foreign'],
  [{ 'sec-fetch-site': 'cross-site' }, 'foreign'],
  [{ 'sec-fetch-site': 'cross-site', origin: 'http://ops.example' }, 'foreign'],
  [{ origin: 'http://ops.example' }, 'own'],
  [{ origin: 'https://ops.example' }, 'own'],
  [{ origin: 'http://ops.example:81' }, 'foreign'],
  [{ origin: 'http://ops.example.evil.example' }, 'foreign'],
  [{ origin: 'null' }, 'foreign'],
  [{ origin: 'http://' }, 'foreign'],
])('%j comes from %s', (headers, source) => {
  expect(sourceOf({ host: 'ops.example', ...headers })).toBe(source);
});

test.each([
  ['/', '/'],
  ['/?q=1', '/?q=1'],
  ['/queues/queue/%7Bq%7D', '/queues/queue/%7Bq%7D'],
  ['', '/'],
  ['queues', '/'],
  ['//evil.example/', '/'],
  ['/\\evil.example/', '/'],
  ['/\t/evil.example', '/'],
  ['/.//evil.example', '/'],
  ['https://evil.example/', '/'],
  ['javascript:alert(1)', '/'],
])('after logging in, %j leads to %s', (asked, path) => {
  expect(ownPath(asked)).toBe(path);
});

describe('logging in', () => {
  test('is asked for where a page is opened, and leads back there', async () => {
    const url = await serve({ config });
    const sent = await ask(`${url}/queues?x=1`, { headers: HTML });
    expect([sent.status, sent.headers.location]).toEqual([303, '/login?next=%2Fqueues%3Fx%3D1']);
    const form = await ask(`${url}${sent.headers.location}`, { headers: HTML });
    expect(form.status).toBe(200);
    expect(form.text).toContain('name="next" value="/queues?x=1"');
    const answer = await send(`${url}/login`, { token: TOKEN, next: '/queues?x=1' });
    expect([answer.status, answer.headers.location]).toEqual([303, '/queues?x=1']);
  });

  test('gives a cookie that no script reads and no other site sends', async () => {
    const url = await serve({ config });
    const { headers } = await send(`${url}/login`, { token: TOKEN });
    expect(headers['set-cookie']).toMatch(
      /^receiptd_session=[\w.-]+; Max-Age=43200; Path=\/; HttpOnly; SameSite=Strict$/,
    );
    const tls = await send(`${url}/login`, { token: TOKEN }, { 'x-forwarded-proto': 'https' });
    expect(tls.headers['set-cookie']).toContain('Secure');
  });

  test('elsewhere than on loopback the cookie is always secure, and plain HTTP is warned of', async () => {
    const url = (await serve({ config: { ...config, host: '0.0.0.0' } })).replace('0.0.0.0', '127.0.0.1');
    const { headers } = await send(`${url}/login`, { token: TOKEN });
    expect(headers['set-cookie']).toContain('Secure');
    const page = (host: string, more = {}) =>
      ask(`${url}/login`, { headers: { ...HTML, host, ...more } }).then(({ text }) => text);
    expect(await page('10.0.0.5:8090')).toContain('plain HTTP');
    expect(await page('10.0.0.5:8090', { 'x-forwarded-proto': 'https' })).not.toContain('plain HTTP');
    expect(await page('localhost:8090')).not.toContain('plain HTTP');
  });

  test('with a wrong token is refused, and slowed down after ten', async () => {
    const url = await serve({ config });
    for (let index = 0; index < 10; index += 1) {
      const answer = await send(`${url}/login`, { token: `guess-${index}` });
      expect([answer.status, answer.headers['set-cookie']]).toEqual([401, undefined]);
      expect(answer.text).not.toContain('guess');
    }
    const late = await send(`${url}/login`, { token: TOKEN });
    expect([late.status, late.headers['set-cookie']]).toEqual([429, undefined]);
    expect(Number(late.headers['retry-after'])).toBeGreaterThan(0);
  });

  test('opens everything, and logging out closes it again', async () => {
    const url = await serve({ config, ...busy() });
    const cookie = await logIn(url, TOKEN);
    const page = await ask(url, { headers: { ...HTML, cookie } });
    expect([page.status, page.text.includes('Log out')]).toEqual([200, true]);
    expect((await ask(`${url}/api/status`, { headers: { cookie } })).status).toBe(200);
    const out = await send(`${url}/logout`, {}, { cookie });
    expect([out.status, out.headers.location]).toEqual([303, '/login']);
    expect(out.headers['set-cookie']).toMatch(/^receiptd_session=; Max-Age=0/);
    expect((await ask(`${url}/api/status`, { headers: { cookie } })).status).toBe(401);
  });

  test('is not asked of who follows a link from elsewhere before the cookie could be sent', async () => {
    const url = await serve({ config });
    const headers = { ...HTML, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' };
    const hop = await ask(`${url}/login?next=%2Fqueues`, { headers });
    expect(hop.text).toContain('http-equiv="refresh" content="0;url=/queues"');
    expect(hop.text).not.toContain('password');
  });

  test('by a form of another site does nothing', async () => {
    const url = await serve({ config });
    const answer = await send(`${url}/login`, { token: TOKEN }, { 'sec-fetch-site': 'cross-site' });
    expect([answer.status, answer.headers['set-cookie']]).toEqual([403, undefined]);
  });
});

describe('a write', () => {
  const id = letter(0, Date.now(), '').messageId;

  test.each([
    ['a form of the page itself', { 'sec-fetch-site': 'same-origin' }, 303],
    ['a form of the page itself, by its origin', { 'sec-fetch-site': '', origin: 'own' }, 303],
    ['a form of another site', { 'sec-fetch-site': 'cross-site' }, 403],
    ['a form of another port of this host', { 'sec-fetch-site': 'same-site' }, 403],
    ['a form of another origin', { 'sec-fetch-site': '', origin: 'http://evil.example' }, 403],
    ['a form that hides its origin', { 'sec-fetch-site': '', origin: 'null' }, 403],
    ['a browser that says nothing', { 'sec-fetch-site': '' }, 403],
  ])('by %s', async (_, given, status) => {
    const state = busy();
    const url = await serve({ config, ...state });
    const cookie = await logIn(url, TOKEN);
    const headers = Object.fromEntries(
      Object.entries({ ...HTML, 'content-type': FORM, cookie, ...given })
        .filter(([, value]) => value !== '')
        .map(([name, value]) => [name, value === 'own' ? url : value]),
    );
    const body = new URLSearchParams({ id }).toString();
    const answer = await ask(`${url}/dead/retry`, { method: 'POST', headers, body });
    expect([answer.status, state.desk.retried]).toEqual([status, status === 303 ? [id] : []]);
  });

  test('without a token on loopback is done for programs and for the page, not for other pages', async () => {
    const state = busy();
    const url = await serve(state);
    const body = JSON.stringify({ messageIds: [id] });
    const json = (headers: Record<string, string>) =>
      ask(`${url}/api/dead/retry`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body,
      });
    expect((await json({ origin: 'http://evil.example' })).status).toBe(403);
    expect((await json({ 'sec-fetch-site': 'same-site' })).status).toBe(403);
    expect((await send(`${url}/dead/drop`, { id }, { 'sec-fetch-site': 'cross-site' })).status).toBe(403);
    expect(state.desk.letters).toHaveLength(3);
    expect((await json({})).status).toBe(200);
    expect(state.desk.retried).toEqual([id]);
  });

  test('is never a GET', async () => {
    const state = busy();
    const url = await serve(state);
    for (const path of [`/dead/retry?id=${id}`, `/dead/drop?id=${id}`, '/logout', '/language?language=zh']) {
      const answer = await ask(`${url}${path}`, { headers: HTML });
      expect(answer.headers['set-cookie']).toBeUndefined();
    }
    expect([state.desk.letters.length, state.desk.retried, state.desk.dropped]).toEqual([3, [], []]);
  });

  test('of forms is not taken by the API', async () => {
    const state = busy();
    const url = await serve(state);
    for (const [type, status] of Object.entries({
      [FORM]: 415,
      'multipart/form-data; boundary=x': 415,
      'text/plain': 400,
    })) {
      const headers = { 'content-type': type };
      const answer = await ask(`${url}/api/dead/retry`, { method: 'POST', headers, body: '{"all":true}' });
      expect([type, answer.status]).toEqual([type, status]);
    }
    expect(state.desk.retried).toEqual([]);
  });
});

test('a read by a script of another site is refused, a link is followed', async () => {
  const url = await serve();
  const from = (mode: string) => ({ ...HTML, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': mode });
  for (const path of ['/api/status', '/api/events', '/'])
    expect((await ask(`${url}${path}`, { headers: from('no-cors') })).status).toBe(403);
  expect((await ask(url, { headers: from('navigate') })).status).toBe(200);
});

describe('a viewer', () => {
  const id = letter(0, Date.now(), '').messageId;
  const asViewer = { authorization: `Bearer ${VIEWER}` };

  test.each(['/', '/api/status', '/metrics', '/api/dead', '/queues'])('sees %s', async (path) => {
    const url = await serve({ config, ...busy() });
    // Without a store the browser of queues says so.
    expect([200, 503]).toContain((await ask(`${url}${path}`, { headers: asViewer })).status);
    const cookie = await logIn(url, VIEWER);
    expect([200, 503]).toContain((await ask(`${url}${path}`, { headers: { ...HTML, cookie } })).status);
  });

  test('sees no way to change anything', async () => {
    const url = await serve({ config, ...busy() });
    const { text } = await ask(url, { headers: { ...HTML, cookie: await logIn(url, VIEWER) } });
    expect(text).toContain('read only');
    expect(text).not.toMatch(/action="\/dead/);
  });

  test.each(['retry', 'drop', 'export', 'count'])('may not %s over the API', async (what) => {
    const state = busy();
    const url = await serve({ config, ...state });
    const answer = await ask(`${url}/api/dead/${what}`, {
      method: 'POST',
      headers: { ...asViewer, 'content-type': 'application/json' },
      body: JSON.stringify({ messageIds: [id] }),
    });
    expect([answer.status, JSON.parse(answer.text)]).toEqual([
      403,
      { error: 'ops.viewerToken may only look, this needs ops.token' },
    ]);
    expect(state.desk.letters).toHaveLength(3);
  });

  test.each(['retry', 'drop'])('may not %s by a form', async (what) => {
    const state = busy();
    const url = await serve({ config, ...state });
    const answer = await send(`${url}/dead/${what}`, { id }, { cookie: await logIn(url, VIEWER) });
    expect([answer.status, state.desk.letters.length]).toEqual([403, 3]);
    expect(answer.text).toContain('<h1>Error 403</h1>');
  });

  test('gets a whole dead letter, which has phone numbers, only where pages show them', async () => {
    for (const [unmask, status] of [
      [false, 403],
      [true, 200],
    ] as const) {
      const url = await serve({ config: { ...config, unmask }, ...busy() });
      expect((await ask(`${url}/api/dead/${id}`, { headers: asViewer })).status).toBe(status);
      expect(
        (await ask(`${url}/api/dead/${id}`, { headers: { authorization: `Bearer ${TOKEN}` } })).status,
      ).toBe(200);
    }
  });
});

test('every answer is told apart from what it is not, and kept by nobody', async () => {
  const url = await serve({ config });
  for (const path of ['/login', '/api/status', '/nowhere', '/livez']) {
    const { headers } = await ask(`${url}${path}`);
    expect(headers).toMatchObject({
      'content-security-policy':
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'same-origin',
      'cache-control': 'no-store',
    });
  }
});
