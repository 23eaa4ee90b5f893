import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DeadLetterError, delayOf, type Sink } from '../../src/sinks/index.js';
import { freePort } from '../support/ports.js';
import { until } from '../support/until.js';
import { context, record } from './records.js';
import { ok, openWebhook, Receiver, type Reply, status, type WebhookInput } from './webhook-receiver.js';

let receiver: Receiver;
let sink: Sink | undefined;

beforeEach(async () => {
  receiver = await Receiver.start();
});

afterEach(async () => {
  await sink?.close();
  sink = undefined;
  await receiver.stop();
});

/** What a delivery ends in; undefined when it is confirmed. */
async function outcome(input: WebhookInput = {}, url = receiver.url): Promise<Error | undefined> {
  sink ??= await openWebhook(url, input);
  return sink.deliver(record('m1'), context()).then(
    () => undefined,
    (error: Error) => error,
  );
}

describe('status', () => {
  test.each([200, 201, 202, 204])('%i confirms', async (code) => {
    receiver.replies = [status(code)];
    expect(await outcome()).toBeUndefined();
  });

  test.each([408, 425, 429, 500, 501, 502, 503, 504, 599])('%i is tried again', async (code) => {
    receiver.replies = [status(code)];
    const error = await outcome();
    expect(error?.message).toBe(`HTTP ${code}`);
    expect(DeadLetterError.is(error)).toBe(false);
    expect(delayOf(error)).toBe(0);
  });

  test.each([400, 402, 406, 409, 413, 422, 431, 451])('%i is the last word', async (code) => {
    receiver.replies = [status(code, {}, 'no such\r\n order')];
    expect(await outcome()).toMatchObject({
      code: 'DEAD_LETTER',
      message: `HTTP ${code}: no such order`,
      aboutSink: false,
    });
  });

  test.each([401, 403, 404, 405, 407])('%i is the last word, and may be about the sink', async (code) => {
    receiver.replies = [status(code, {}, 'who are you')];
    expect(await outcome()).toMatchObject({
      code: 'DEAD_LETTER',
      message: `HTTP ${code}: who are you`,
      aboutSink: true,
    });
  });

  test('410 says that the receiver is gone', async () => {
    receiver.replies = [status(410)];
    const error = await outcome();
    expect(error).toMatchObject({ code: 'DEAD_LETTER', aboutSink: true });
    expect(error?.message).toMatch(/^HTTP 410: the receiver is gone for good/);
  });
});

describe('Retry-After', () => {
  test.each([408, 425, 429, 500, 503])('of %i, in seconds', async (code) => {
    receiver.replies = [status(code, { 'retry-after': '120' })];
    expect(delayOf(await outcome())).toBe(120_000);
  });

  test('as a date on the clock of the receiver', async () => {
    const headers = {
      date: 'Thu, 01 Jan 2015 00:00:00 GMT',
      'retry-after': 'Thu, 01 Jan 2015 00:01:30 GMT',
    };
    receiver.replies = [status(503, headers)];
    expect(delayOf(await outcome())).toBe(90_000);
  });

  test('as a date, by our own clock when the receiver tells no time', async () => {
    receiver.replies = [
      (_, response) => {
        response.sendDate = false;
        response.writeHead(503, { 'retry-after': new Date(Date.now() + 1_800_000).toUTCString() }).end();
      },
    ];
    const wait = delayOf(await outcome());
    expect(wait).toBeGreaterThan(0);
    expect(wait).toBeLessThanOrEqual(1_800_000);
  });

  test.each([
    ['99999999999999999999', 3_600_000],
    ['Fri, 31 Dec 9999 23:59:59 GMT', 3_600_000],
    ['Thu, 01 Jan 1970 00:00:00 GMT', 0],
    ['-5', 0],
    ['soon', 0],
    ['', 0],
  ])('%j asks for %i ms', async (value, wait) => {
    receiver.replies = [status(503, { 'retry-after': value })];
    expect(delayOf(await outcome())).toBe(wait);
  });
});

describe('no answer', () => {
  test('nobody listens', async () => {
    const error = await outcome({}, `http://127.0.0.1:${await freePort()}`);
    expect(error).toMatchObject({ code: 'WEBHOOK' });
    expect(error?.message).toMatch(/^no answer: connect ECONNREFUSED 127\.0\.0\.1:\d+$/);
  });

  test('the receiver says nothing', async () => {
    receiver.replies = [() => undefined];
    const error = await outcome({ timeout: 150 });
    expect(error).toMatchObject({ code: 'WEBHOOK', message: 'no answer within 150 ms' });
    await until('the request is given up', () => receiver.underWay === 0);
  });

  test('the answer never ends', async () => {
    receiver.replies = [
      async (_, response) => {
        response.writeHead(200);
        for (; !response.destroyed; await delay(20)) response.write(' ');
      },
    ];
    expect(await outcome({ timeout: 150 })).toMatchObject({ message: 'no answer within 150 ms' });
    await until('the request is given up', () => receiver.underWay === 0);
  });

  test.each(['structured', 'alicom'] as const)('%s: the answer breaks off', async (format) => {
    receiver.replies = [
      async (_, response) => {
        response.writeHead(200, { 'content-length': '100' }).write('{"code":0}');
        await until('the head is there', () => response.headersSent);
        response.socket?.resetAndDestroy();
      },
    ];
    const error = await outcome({ format, batch: { linger: 0 } });
    expect(error).toMatchObject({ code: 'WEBHOOK' });
    expect(error?.message).toMatch(/^no answer: /);
  });

  test('the connection is reset before the answer', async () => {
    receiver.replies = [(_, response) => response.socket?.resetAndDestroy()];
    expect(await outcome()).toMatchObject({ code: 'WEBHOOK' });
  });

  test('it works again as soon as the receiver does', async () => {
    receiver.replies = [(_, response) => response.socket?.resetAndDestroy(), status(503), ok];
    expect(await outcome()).toBeDefined();
    expect(await outcome()).toBeDefined();
    expect(await outcome()).toBeUndefined();
  });
});

test('of a huge answer only the beginning is read', async () => {
  let written = 0;
  const flood =
    (code: number): Reply =>
    async (_, response) => {
      response.writeHead(code);
      const piece = 'x'.repeat(65_536);
      for (; written < 1_000_000_000 && !response.destroyed; written += piece.length)
        if (!response.write(piece)) await delay(1);
    };
  receiver.replies = [flood(200), flood(400), ok];
  expect(await outcome()).toBeUndefined();
  const refusal = await outcome();
  expect(refusal?.message).toBe(`HTTP 400: ${'x'.repeat(200)}…`);
  expect(written).toBeLessThan(100_000_000);
  expect(await outcome()).toBeUndefined();
});

describe('redirects', () => {
  test.each([307, 308])('%i is followed within the host, as the same POST', async (code) => {
    receiver.replies = [status(code, { location: '/new?x=1' }), ok];
    expect(await outcome({ headers: { Authorization: 'Bearer abcdefgh' } })).toBeUndefined();
    const [first, second] = receiver.received;
    expect(second).toMatchObject({ method: 'POST', path: '/new?x=1', body: first?.body ?? 'none' });
    expect(second?.headers).toEqual(first?.headers);
  });

  test('only so often', async () => {
    receiver.replies = [status(307, { location: '/again' })];
    expect(await outcome()).toMatchObject({
      code: 'WEBHOOK',
      message: 'HTTP 307: redirects more than 3 times',
    });
    expect(receiver.received).toHaveLength(4);
  });

  test.each([301, 302, 303, 307, 308])('%i to another host is not followed', async (code) => {
    const other = await Receiver.start();
    try {
      const port = new URL(other.url).port;
      for (const location of [
        `${other.url}/hunter2?token=hunter2`,
        `//127.0.0.1:${port}/x`,
        `http://localhost:${new URL(receiver.url).port}/x`,
        `https://${new URL(receiver.url).host}/x`,
      ]) {
        receiver.replies = [status(code, { location })];
        const error = await outcome();
        // The url is wrong, not the event.
        expect(error).toMatchObject({ code: 'WEBHOOK' });
        expect(error?.message).toMatch(/redirects to https?:\/\/[\w.]+:\d+: another host.*url/);
        expect(error?.message).not.toContain('hunter2');
      }
      expect(other.connections).toBe(0);
      expect(receiver.received).toHaveLength(4);
    } finally {
      await other.stop();
    }
  });

  test.each([300, 301, 302, 303, 304])(
    '%i within the host would lose the event, and is not followed',
    async (code) => {
      receiver.replies = [status(code, { location: '/hunter2?hunter2' })];
      const error = await outcome();
      expect(error).toMatchObject({ code: 'WEBHOOK' });
      expect(error?.message).toMatch(/redirects within its host: set the sink's url/);
      expect(error?.message).not.toContain('hunter2');
      expect(receiver.received).toHaveLength(1);
    },
  );

  test.each([undefined, 'http://[', 'javascript:alert(1)'])('to %j', async (location) => {
    receiver.replies = [status(307, location === undefined ? {} : { location })];
    expect(await outcome()).toMatchObject({ code: 'WEBHOOK' });
    expect(receiver.received).toHaveLength(1);
  });
});

test('what is told of an answer is short, masked, one line, and without secrets', async () => {
  const url = new URL(receiver.url);
  url.username = 'receiptd';
  url.password = 'hunter2hunter2';
  const secret = Buffer.from('a signing key').toString('base64');
  const input = {
    secrets: [`whsec_${secret}`],
    headers: { 'X-Api-Key': 'key "quoted" 12', 'X-Token': 'Token abcdefghij' },
  };
  receiver.replies = [
    ({ headers }, response) =>
      response
        .writeHead(400)
        .end(
          JSON.stringify(
            { phone: '13800138000', headers, part: 'abcdefghij', say: '\u001b[31m\u202e\n' },
            null,
            2,
          ) + 'x'.repeat(10_000),
        ),
  ];
  const message = (await outcome(input, url.href))?.message ?? '';
  expect(message).toContain('138****00');
  expect(message).toContain('***');
  expect(message.length).toBeLessThan(230);
  expect(message).toMatch(/^[\x20-\x7e…]*$/);
  for (const told of [
    '13800138000',
    'hunter2',
    'quoted',
    'abcdefghij',
    secret,
    btoa('receiptd:hunter2hunter2'),
  ])
    expect(message).not.toContain(told);
});

describe('what a receiver tells back of the url', () => {
  /** As many frameworks do when they know no such place, and some that show the query they have read. */
  const telling: Reply = ({ path }, response) => {
    const url = new URL(path, 'http://x');
    const words = [`Cannot POST ${path}`, decodeURIComponent(path), ...url.searchParams.values()];
    response.writeHead(404).end(`${words.join(' ')} ${url.pathname.split('/').join(' ')}`);
  };
  const secrets = ['hunter2', 'p%40ss%20word', 'p@ss word', 'a+b%2Bc', 'a b+c', 'barekey'];
  const place = '/hooks/Tabcdefgh/s%C3%A9crets%21/v1?token=hunter2&sig=p%40ss%20word&q=a+b%2Bc&barekey';

  test('its query is never told', async () => {
    receiver.replies = [telling];
    const message = (await outcome({}, `${receiver.url}${place}`))?.message ?? '';
    for (const secret of secrets) expect(message).not.toContain(secret);
    // The sink is called by its path.
    expect(message).toContain('Cannot POST /hooks/Tabcdefgh');
  });

  test('of a sink with a name of its own neither is its path', async () => {
    receiver.replies = [telling];
    const message = (await outcome({ name: 'crm' }, `${receiver.url}${place}`))?.message ?? '';
    for (const secret of [...secrets, 'Tabcdefgh', 's%C3%A9crets%21', 'sécrets!', '/hooks'])
      expect(message).not.toContain(secret);
    expect(message).toMatch(/^HTTP 404: Cannot POST \*\*\*/);
    expect(message).toContain('hooks');
  });

  test('a user without a password is a token', async () => {
    const url = new URL(receiver.url);
    url.username = 'tok@en12';
    receiver.replies = [status(400, {}, 'no such user: tok@en12, tok%40en12')];
    expect(await outcome({}, url.href)).toMatchObject({ message: 'HTTP 400: no such user: ***, ***' });
  });
});
