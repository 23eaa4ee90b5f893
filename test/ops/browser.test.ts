import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { startChromium } from '../support/chromium.js';
import { busy, empty, letter, sinkDown, tokenFailing } from './page-states.js';
import { type ServeOptions, serve } from './serve.js';
import { statusOf } from './statuses.js';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const IN_PAGE = readFileSync(new URL('./in-page.js', import.meta.url), 'utf8');
const TOKEN = 'the-token-of-operators';
/** Set by `npm run screenshots`: where the pictures of the README go. */
const { SCREENSHOTS } = process.env;

let browser: Browser;
beforeAll(async () => {
  browser = await startChromium();
});
afterAll(() => browser.close());

/** What the browser had to complain of: errors of scripts, what the policy blocked, answers that failed. */
const complaints: string[] = [];
afterEach(async () => {
  await Promise.all(browser.contexts().map((context) => context.close()));
  expect(complaints.splice(0)).toEqual([]);
});

async function visit(url: string, options: BrowserContextOptions = {}): Promise<Page> {
  const context = await browser.newContext({
    viewport: { width: 1200, height: 900 },
    locale: 'en-US',
    ...options,
  });
  const page = await context.newPage();
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', ({ message }) => complaints.push(message));
  page.on('request', (request) => {
    if (!request.url().startsWith(new URL(url).origin)) complaints.push(`asked for ${request.url()}`);
  });
  await page.goto(url);
  return page;
}

const open = async (options: ServeOptions, more?: BrowserContextOptions) => visit(await serve(options), more);

/** Calls one of `in-page.js`. Policies of the page do not hold for what a debugger does. */
async function ask<T>(page: Page, call: string): Promise<T> {
  await page.evaluate(IN_PAGE);
  return page.evaluate(`inPage.${call}`) as Promise<T>;
}

const overflows = (page: Page) => ask<string[]>(page, 'overflows()');
const focused = (page: Page) => ask<string>(page, 'focused()');

async function barriers(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  return ask<string[]>(page, 'barriers()');
}

const STATES = {
  empty: {
    make: empty,
    seen: ['Ready', 'Nothing to draw yet', 'None yet.'],
  },
  busy: {
    make: busy,
    seen: ['Ready', '256', 'in 1 h 39 min', 'webhook crm: HTTP 422', 'order-20261100', 'Retry', 'Drop'],
  },
  sinkDown: { make: sinkDown, seen: ['Not ready: 1 reason', 'sink crm is down', 'Down', 'for 4 min'] },
  tokenFailing: {
    make: tokenFailing,
    seen: ['Not ready: 1 reason', 'InvalidAccessKeyId.NotFound', 'expired'],
  },
};

describe.each([
  ['light', { colorScheme: 'light' }],
  ['dark', { colorScheme: 'dark' }],
  ['light, on a phone', { colorScheme: 'light', viewport: { width: 390, height: 800 } }],
] as const)('in %s', (_, options) => {
  test.each(Object.entries(STATES))(
    'the page of a daemon that is %s is whole',
    async (_name, { make, seen }) => {
      const page = await open(make(), options);
      for (const text of seen) await expect.poll(() => page.getByText(text).first().isVisible()).toBe(true);
      expect(await overflows(page)).toEqual([]);
      expect(await barriers(page)).toEqual([]);
      expect((await page.screenshot({ fullPage: true })).byteLength).toBeGreaterThan(10_000);
      const background = await ask(page, "style('background-color', 'body')");
      expect(background).toBe(options.colorScheme === 'dark' ? 'rgb(16, 21, 25)' : 'rgb(244, 246, 247)');
    },
  );

  test('the page of who is not logged in asks for the token', async () => {
    const page = await open({ ...busy(), config: { token: TOKEN } }, options);
    expect(new URL(page.url()).pathname).toBe('/login');
    expect(await page.getByText('Alicom-Queue').count()).toBe(0);
    expect(await page.getByLabel('Token').isVisible()).toBe(true);
    expect(await overflows(page)).toEqual([]);
    expect(await barriers(page)).toEqual([]);
  });
});

test('in Chinese the page is whole, and the choice lasts', async () => {
  const page = await open(busy(), { locale: 'zh-CN' });
  expect(await page.getByRole('heading', { name: '死信' }).isVisible()).toBe(true);
  expect(await overflows(page)).toEqual([]);
  expect(await barriers(page)).toEqual([]);
  await page.getByRole('button', { name: 'English' }).click();
  await page.getByRole('heading', { name: 'Dead letters' }).waitFor();
  await page.reload();
  expect(await page.getByRole('heading', { name: 'Dead letters' }).isVisible()).toBe(true);
});

test('long names and errors break, and stay where they belong', async () => {
  const long = 'x'.repeat(400);
  const state = sinkDown();
  const status = state.status();
  const [queue, ...others] = status.queues;
  if (queue === undefined) throw new Error('no queue');
  const queues = [{ ...queue, queueName: long, problem: long }, ...others];
  const now = Date.now();
  state.desk.letters = [{ ...letter(0, now, long), messageId: long }];
  const page = await open({ ...state, status: () => ({ ...status, reasons: [long], queues }) });
  expect(await overflows(page)).toEqual([]);
});

describe('by keyboard', () => {
  test('a dead letter is reached, seen to be, and retried', async () => {
    const state = busy();
    const page = await open(state);
    const { messageId } = letter(0, 0, '');
    await page.keyboard.press('Tab');
    expect(await focused(page)).toBe('Skip to content');
    await page.keyboard.press('Enter');
    for (let steps = 0; steps < 20 && (await focused(page)) !== `Retry ${messageId}`; steps += 1)
      await page.keyboard.press('Tab');
    expect(await focused(page)).toBe(`Retry ${messageId}`);
    expect(await ask(page, "style('outline-style')")).toBe('solid');
    await page.keyboard.press('Enter');
    await page.getByText('Put back into the pipeline.').waitFor();
    expect(state.desk.retried).toEqual([messageId]);
  });

  test('one who is about to press a button stays there when the page changes', async () => {
    const state = busy();
    const page = await open({ ...state, live: { every: 20, roundsOfStore: 1 } });
    const { messageId } = letter(1, 0, '');
    await page.getByRole('button', { name: `Drop ${messageId}` }).focus();
    state.desk.letters = state.desk.letters.slice(1);
    await expect.poll(() => page.getByRole('button', { name: /^Retry/ }).count()).toBe(2);
    expect(await focused(page)).toBe(`Drop ${messageId}`);
  });
});

test('a dead letter is dropped after a question, also without scripts', async () => {
  for (const javaScriptEnabled of [true, false]) {
    const state = busy();
    const page = await open(state, { javaScriptEnabled });
    const { messageId } = letter(0, 0, '');
    await page.getByRole('button', { name: `Drop ${messageId}` }).click();
    await page.getByRole('heading', { name: 'Drop a dead letter?' }).waitFor();
    expect(state.desk.dropped).toEqual([]);
    if (javaScriptEnabled) expect(await barriers(page)).toEqual([]);
    await page.getByRole('button', { name: 'Drop for good' }).click();
    await page.getByText('Dropped.').waitFor();
    expect(state.desk.dropped).toEqual([messageId]);
  }
});

test('what is looked for is found, and the page leads back', async () => {
  const page = await open(busy());
  await page.getByRole('searchbox').fill('932702304080415356^0');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Found for “932702304080415356^0”' }).waitFor();
  expect(await page.getByText('order-20261106').isVisible()).toBe(true);
  expect(await page.getByText('order-20261105').count()).toBe(0);
  expect(await barriers(page)).toEqual([]);
  await page.getByRole('link', { name: 'Show all' }).click();
  await page.getByText('order-20261105').waitFor();
});

test('the open page follows the daemon, and says when it cannot', async () => {
  let status = statusOf();
  const page = await open({ ...busy(), status: () => status, live: { every: 20 } });
  await page.getByText('Live', { exact: true }).waitFor();
  const health = page.locator('[aria-live]');
  expect(await health.textContent()).toBe('Ready');
  status = statusOf({ ready: false, reasons: ['q: no such queue'] });
  await expect.poll(() => health.textContent()).toBe('Not ready: 1 reason');
  await page.getByText('q: no such queue').waitFor();
  status = statusOf();
  await expect.poll(() => health.textContent()).toBe('Ready');
});

test('logging in with a wrong token says so, with the right one leads to the page, and out again', async () => {
  const page = await open({ ...busy(), config: { token: TOKEN } });
  await page.getByLabel('Token').fill('a guess');
  await page.keyboard.press('Enter');
  await page.getByRole('alert').filter({ hasText: 'no token of this daemon' }).waitFor();
  // The answer of a refused login is a 401, which the console tells of.
  expect(complaints.splice(0)).toEqual([expect.stringContaining('401')]);
  expect(await barriers(page)).toEqual([]);
  await page.getByLabel('Token').fill(TOKEN);
  await page.keyboard.press('Enter');
  await page.getByText('Live', { exact: true }).waitFor();
  expect(await page.evaluate('document.cookie')).toBe('');
  await page.getByRole('button', { name: 'Log out' }).click();
  await page.getByLabel('Token').waitFor();
});

test('a page of another site cannot act with the session of who visits it', async () => {
  const state = busy();
  const url = await serve({ ...state, config: { token: TOKEN } });
  const page = await visit(url);
  await page.getByLabel('Token').fill(TOKEN);
  await page.keyboard.press('Enter');
  await page.getByText('Live', { exact: true }).waitFor();
  const { messageId } = letter(0, 0, '');
  // Another name of this host is another site to a browser.
  const evil = await page.context().newPage();
  await evil.route('**/evil', (route) =>
    route.fulfill({
      contentType: 'text/html',
      body: `<form method="post" action="${url}/dead/retry"><input name="id" value="${messageId}"><button>win</button></form>`,
    }),
  );
  await evil.goto(`${url.replace('127.0.0.1', 'localhost')}/evil`);
  await evil.getByRole('button').click();
  await evil.getByText('Error 403').waitFor();
  expect(state.desk.retried).toEqual([]);
});

test.runIf(SCREENSHOTS)('the pictures of the README', async () => {
  const directory = SCREENSHOTS ?? '';
  await mkdir(directory, { recursive: true });
  for (const [name, options] of [
    ['overview-light', { colorScheme: 'light' }],
    ['overview-dark', { colorScheme: 'dark' }],
    ['overview-zh', { colorScheme: 'light', locale: 'zh-CN' }],
  ] as const) {
    const page = await open(busy(), { ...options, viewport: { width: 1200, height: 962 } });
    await page.locator('[data-state="on"]').waitFor();
    const picture = await page.screenshot();
    expect(picture.byteLength).toBeLessThan(150 * 1024);
    await writeFile(`${directory}/${name}.png`, picture);
  }
});
