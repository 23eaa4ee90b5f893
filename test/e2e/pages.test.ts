/** The pages of a real daemon in a real browser, over the stores that a daemon opens in different threads. */
import { expect, it } from 'vitest';
import { startChromium } from '../support/chromium.js';
import { TestRedis } from '../support/redis.js';
import { configFor, QUEUE, Site, startCloud } from '../support/site.js';
import { until } from '../support/until.js';

/** Takes nothing. */
const FUSSY = `export default { default(event) { throw new Error('no order for ' + event.data.phone_number); } };`;
const TOKEN = 'the-token-of-operators';

it.each(['embedded', 'redis'] as const)(
  'shows the daemon, and takes what is done there: %s',
  async (backend) => {
    await using redis = backend === 'redis' ? await TestRedis.start() : undefined;
    await using site = await Site.create();
    await using cloud = await startCloud(2);
    await site.write('fussy.mjs', FUSSY);
    const daemon = await site.daemon(
      configFor(cloud, {
        pipeline: { attempts: 1, ...(redis && { backend: 'redis', url: redis.url }) },
        sinks: [{ type: 'module', path: 'fussy.mjs' }],
        ops: { token: TOKEN },
      }),
    );
    const browser = await startChromium();
    try {
      await daemon.untilReady();
      await until('all to be acknowledged', () => cloud.queue(QUEUE).deleted === 2);
      const page = await browser.newPage({ locale: 'en-US' });
      await page.goto(daemon.opsUrl);
      await page.getByLabel('Token').fill(TOKEN);
      await page.keyboard.press('Enter');
      await page.getByText('Live', { exact: true }).waitFor();
      expect(await page.locator('[aria-live]').textContent()).toBe('Ready');
      const letters = page
        .getByRole('region', { name: 'Dead letters' })
        .getByText(/no order for 139\*{4}\d\d/);
      expect(await letters.count()).toBe(2);
      expect(await page.content()).not.toMatch(/139\d{8}/);

      const number = /no order for (\d+)/.exec(JSON.stringify(await letterOf(daemon.opsUrl)))?.[1] ?? '';
      await page.getByRole('searchbox').fill(number);
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: `Found for “${number}”` }).waitFor();
      expect(await page.getByRole('button', { name: /^Retry/ }).count()).toBeGreaterThan(0);
      await page.getByRole('link', { name: 'Show all' }).click();

      await page.getByRole('button', { name: /^Drop/ }).first().click();
      await page.getByRole('button', { name: 'Drop for good' }).click();
      await page.getByText('Dropped.').waitFor();
      expect(await letters.count()).toBe(1);
      await page.getByRole('button', { name: /^Retry/ }).click();
      await page.getByText('Put back into the pipeline.').waitFor();
      // It dies again, which the page is told of.
      await letters.waitFor();

      await page.getByRole('link', { name: 'Queue browser' }).click();
      await page.getByText(QUEUE).first().waitFor();
      await page.goto(daemon.opsUrl);
      await page.getByText('Live', { exact: true }).waitFor();
      expect(await daemon.end('SIGTERM')).toEqual({ code: 0, signal: null });
      await page.getByText('Connecting…').waitFor();
    } finally {
      await browser.close();
    }
  },
  180_000,
);

async function letterOf(opsUrl: string): Promise<unknown> {
  const headers = { authorization: `Bearer ${TOKEN}` };
  const list = (await (await fetch(`${opsUrl}/api/dead`, { headers })).json()) as {
    deadLetters: { messageId: string }[];
  };
  return (await fetch(`${opsUrl}/api/dead/${list.deadLetters[0]?.messageId}`, { headers })).json();
}
