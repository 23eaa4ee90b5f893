/** What the daemon tells of the queues while it works, over threads that crash, on Redis. */
import { readFile } from 'node:fs/promises';
import { createReceiptd, type RecentEvent } from 'receiptd';
import { expect, it } from 'vitest';
import { TestRedis } from '../support/redis.js';
import { configFor, QUEUE, Site, startCloud } from '../support/site.js';
import { until } from '../support/until.js';

const RECEIPTS = 200;
const PHONE = '13800138000';

/** Ends its thread once, and refuses one receipt for good. */
const CRASHING = (directory: string) => `
  import { appendFileSync, existsSync, writeFileSync } from 'node:fs';
  export default {
    default(event) {
      if (event.data.out_id === 'crash' && !existsSync('${directory}/crashed')) {
        writeFileSync('${directory}/crashed', '');
        process.exit(3);
      }
      if (event.data.out_id === 'refused') throw Object.assign(new Error('no order of ${PHONE}'), { code: 'DEAD_LETTER' });
      appendFileSync('${directory}/handled', event.id + '\\n');
    },
  };`;

it('measures, finds what it did lately, and keeps counting when a slice crashes', {
  timeout: 90_000,
}, async () => {
  await using redis = await TestRedis.start();
  await using site = await Site.create();
  await using cloud = await startCloud(RECEIPTS);
  await site.write('crashing.mjs', CRASHING(site.directory));
  const config = configFor(cloud, {
    poll: { waitSeconds: 1, threads: 2 },
    pipeline: { backend: 'redis', url: redis.url, attempts: 1 },
    sinks: [{ type: 'module', path: site.path('crashing.mjs') }],
    ops: { port: 0 },
    log: { level: 'silent' },
  });
  const daemon = createReceiptd({ config });
  try {
    await daemon.start();
    const queue = () => {
      const [status] = daemon.status().queues;
      if (status === undefined) throw new Error('there is no queue');
      return status;
    };
    const took = (timing: keyof ReturnType<typeof queue>['timings']) =>
      queue().timings[timing].counts.reduce((sum, count) => sum + count, 0);
    await until('all to be acknowledged', () => queue().counters.acknowledged === RECEIPTS);
    expect(queue().rate.delivered).toBeGreaterThan(0);
    expect(took('enqueue_to_receive')).toBe(RECEIPTS);
    expect(took('receive_to_delivered')).toBe(RECEIPTS);
    expect(took('delivered_to_acknowledged')).toBe(RECEIPTS);
    await until('an empty poll', () => queue().lagSeconds === 0);
    expect(queue().token.nextRefreshInSeconds).toBeGreaterThan(0);

    const refused = cloud.send(QUEUE, { biz_id: 'B^9', out_id: 'refused', phone_number: PHONE });
    await until('a dead letter in the store', () => queue().deadLetters === 1);
    expect(queue().lastError).toEqual({
      at: expect.any(Number),
      text: expect.stringMatching(/^dead letter: .*no order of 138\*{4}00$/),
    });
    const letter: RecentEvent = {
      id: refused,
      queueName: QUEUE,
      messageType: 'SmsReport',
      at: expect.any(Number),
      outcome: 'dead',
      subject: 'B^9',
      bizId: 'B^9',
      outId: 'refused',
      phone: PHONE,
    };
    for (const text of ['B^9', 'refused', refused, `+86 ${PHONE}`])
      expect(await daemon.recent({ text, limit: 10 })).toEqual([letter]);
    const newest = await daemon.recent({ limit: 1_000 });
    expect(newest).toHaveLength(RECEIPTS + 1);
    expect(newest[0]).toEqual(letter);
    expect(newest.map(({ at }) => at)).toEqual(newest.map(({ at }) => at).toSorted((a, b) => b - a));
    expect(await daemon.recent({ text: 'nothing', limit: 10 })).toEqual([]);

    const crash = cloud.send(QUEUE, { biz_id: 'B^0', out_id: 'crash', phone_number: PHONE });
    await until('a crash', () => daemon.status().slices.restarts === 1);
    expect((await daemon.recent({ limit: 1_000 })).length).toBeLessThanOrEqual(RECEIPTS + 1);
    expect(queue().counters.delivered).toBe(RECEIPTS);
    expect(took('receive_to_delivered')).toBe(RECEIPTS);
    expect(queue().lastError?.text).toMatch(/^dead letter/);
    await until('what waits in the store to be seen', () => queue().oldestUndeliveredAt > 0);
    await until('the other slice to deliver it', () => took('receive_to_delivered') === RECEIPTS + 1);
    expect((await readFile(site.path('handled'), 'utf8')).split('\n')).toContain(crash);
    await until('an empty store', () => queue().oldestUndeliveredAt === 0 && daemon.status().backlog === 0);
    await until('a history', () => daemon.history().some(({ delivered }) => delivered > 0));
    const sum = daemon.history().reduce((total, { delivered }) => total + delivered, 0);
    expect(sum).toBeLessThanOrEqual(RECEIPTS + 1);
    expect(daemon.history()[0]?.seconds).toBeGreaterThan(5);
  } finally {
    await daemon.stop();
  }
});
