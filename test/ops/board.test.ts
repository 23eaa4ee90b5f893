import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { masked, readable } from '../../src/ops/board/masked.js';
import { DeadLetterError } from '../../src/sinks/index.js';
import { overEachStore } from '../pipeline/each-store.js';
import type { Rig } from '../pipeline/rig.js';
import { startChromium } from '../support/chromium.js';
import { type ServeOptions, serve } from './serve.js';

const PHONE = '13800138000';

describe('what the browser of queues shows of a job', () => {
  const event = {
    specversion: '1.0',
    id: 'F3A1-13800138000',
    source: 'mns://1234567890.mns.test/queues/q',
    subject: PHONE,
    json: `{"phone_number":"${PHONE}","number":${PHONE},"biz_id":"9^0","size":1,"${PHONE}":"x"}`,
  };
  const job = {
    id: 'F3A1-13800138000',
    timestamp: 1_700_000_000_000,
    data: readable({
      message: { messageId: 'F3A1-13800138000', enqueueTime: 1_700_000_000_000 },
      content: { events: [event] },
    }),
    failedReason: `no use for ${PHONE}`,
    stacktrace: [`Error: ${PHONE}`],
    progress: { confirmed: ['crm'] },
  };

  test('are receipts as values, with phone numbers masked, and ids and times as they are', () => {
    const shown = JSON.stringify(masked({ job }));
    expect(shown.replaceAll('F3A1-13800138000', '')).not.toContain('13800138000');
    expect(masked({ job })).toMatchObject({
      job: {
        id: 'F3A1-13800138000',
        timestamp: 1_700_000_000_000,
        data: {
          message: { messageId: 'F3A1-13800138000', enqueueTime: 1_700_000_000_000 },
          events: [
            {
              id: 'F3A1-13800138000',
              subject: '138****00',
              data: {
                phone_number: '138****00',
                number: '138****00',
                biz_id: '9^0',
                size: 1,
                '138****00': 'x',
              },
            },
          ],
        },
        failedReason: 'no use for 138****00',
        stacktrace: ['Error: 138****00'],
      },
    });
  });

  test('is nothing of a body that could not be decoded: base64 cannot be masked', () => {
    const body = Buffer.from(PHONE).toString('base64');
    const shown = JSON.stringify(
      masked({ job: { data: readable({ message: {}, content: { undecodable: body } }) } }),
    );
    expect(shown).not.toContain(body);
  });

  test.each([undefined, null, 'x', 3, [], {}, { content: 1 }, { content: { events: [1, null] } }])(
    'of data that is none of receiptd is that: %j',
    (data) => {
      expect(() => masked({ job: { data: readable(data) } })).not.toThrow();
    },
  );

  test('of logs is masked as well', () => {
    expect(masked([`line of ${PHONE}`])).toEqual(['line of 138****00']);
  });
});

describe('without a store', () => {
  test.each(['/queues', '/queues/api/queues'])('%s says that it is not open yet', async (path) => {
    const answer = await fetch(`${await serve()}${path}`);
    expect(answer.status).toBe(503);
    expect(await answer.text()).toContain('the store is not open yet');
  });

  test('of BullMQ the browser says that it does not know it', async () => {
    const queue = {} as Rig['queue'];
    const answer = await fetch(`${await serve({ queues: () => new Map([['q', queue]]) })}/queues`);
    expect([answer.status, await answer.text()]).toEqual([
      503,
      expect.stringContaining('does not know this store'),
    ]);
  });
});

let browser: Browser;
beforeAll(async () => {
  browser = await startChromium();
});
afterAll(() => browser.close());

async function die(r: Rig, id: string): Promise<void> {
  r.sink.act = () => {
    throw new DeadLetterError(`no use for ${PHONE}`);
  };
  r.deliver();
  await r.add(r.job(id, { body: JSON.stringify({ biz_id: 'biz-1', phone_number: PHONE }) }));
  await r.untilFinished(1);
}

overEachStore((rig) => {
  const board = (r: Rig, options: ServeOptions = {}) =>
    serve({ queues: () => new Map([[r.queueName, r.queue]]), ...options });

  test('a browser shows the queue and its dead letter, offline, with phone numbers masked', async () => {
    const r = rig();
    await die(r, 'd-1');
    const url = await board(r);
    const context = await browser.newContext({ viewport: { width: 1200, height: 900 }, locale: 'en-US' });
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
    });
    page.on('pageerror', ({ message }) => complaints.push(message));
    page.on('request', (request) => {
      if (!request.url().startsWith(url) && !request.url().startsWith('data:'))
        complaints.push(request.url());
    });
    await page.goto(`${url}/queues`);
    await page.getByText(r.queueName).first().click();
    await page.waitForURL('**/queues/queue/**');
    await page.goto(`${page.url().split('?')[0]}?status=failed`);
    await page.getByText('no use for 138****00').first().waitFor();
    await page
      .getByRole('tab', { name: 'Data' })
      .or(page.getByRole('button', { name: 'Data', exact: true }))
      .click();
    await page.getByText('receiptHandle').waitFor();
    expect(await page.content()).not.toContain(PHONE);
    await context.close();
    expect(complaints).toEqual([]);
  });

  test('the API under it tells jobs and no phone numbers, unless unmasked, and changes nothing', async () => {
    const r = rig();
    await die(r, 'd-1');
    for (const unmask of [false, true]) {
      const url = await board(r, { config: { unmask } });
      const name = encodeURIComponent(`{${r.queueName}}`);
      for (const path of [
        `queues?activeQueue=${encodeURIComponent(name)}&status=failed&page=1&jobsPerPage=10`,
        `queues/${name}/d-1`,
      ]) {
        const answer = await fetch(`${url}/queues/api/${path}`);
        const text = await answer.text();
        expect([path, answer.status]).toEqual([path, 200]);
        expect(text).toContain('biz-1');
        expect(text.includes(PHONE)).toBe(unmask);
      }
      for (const path of [
        `${name}/retry/failed`,
        `${name}/d-1/clean`,
        `${name}/empty`,
        `${name}/obliterate`,
        'pause',
      ]) {
        const answer = await fetch(`${url}/queues/api/queues/${path}`, { method: 'PUT' });
        expect([path, answer.status]).toEqual([path, 405]);
      }
    }
    expect(await r.state('d-1')).toBe('failed');
  });

  test('needs a token like the rest, and has a policy of its own', async () => {
    const url = await board(rig(), { config: { token: 'o'.repeat(16), viewerToken: 'v'.repeat(16) } });
    for (const path of ['/queues', '/queues/api/queues', '/queues/static/js/main.js'])
      expect([path, (await fetch(`${url}${path}`)).status]).toEqual([path, 401]);
    const answer = await fetch(`${url}/queues`, { headers: { authorization: `Bearer ${'v'.repeat(16)}` } });
    expect([answer.status, answer.headers.get('content-security-policy')]).toEqual([
      200,
      expect.stringMatching(/^default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'/),
    ]);
    expect(await answer.text()).not.toContain('https://');
  });
});
