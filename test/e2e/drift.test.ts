/** Receipts that differ from their schema: delivered, counted by field, and told to the log once. */
import { expect, it } from 'vitest';
import { TestRedis } from '../support/redis.js';
import { configFor, QUEUE, Site, startCloud } from '../support/site.js';
import { until } from '../support/until.js';

const RECEIPTS = 400;

it('counts them by type and field, and the log hears of a new shape from one thread only', async () => {
  await using redis = await TestRedis.start();
  await using site = await Site.create();
  await using cloud = await startCloud(0);
  for (let n = 0; n < RECEIPTS; n += 1) {
    cloud.send(QUEUE, { biz_id: `${n}`, success: true, err_msg: [`sent to 13800138${100 + (n % 900)}`] });
  }
  const daemon = await site.daemon(
    configFor(cloud, {
      poll: { threads: 2, waitSeconds: 1 },
      pipeline: { backend: 'redis', url: redis.url },
    }),
  );
  await until('the queue to be drained', () => cloud.queue(QUEUE).deleted === RECEIPTS);
  const counted = `receiptd_schema_drift_total{type="SmsReport",path="err_msg"} ${RECEIPTS}`;
  await until('the count', async () =>
    (await (await fetch(`${daemon.opsUrl}/metrics`)).text()).includes(counted),
  );
  expect(await daemon.end('SIGTERM'), daemon.stderr).toEqual({ code: 0, signal: null });
  expect(new Set(await site.delivered()).size).toBe(RECEIPTS);
  const told = daemon.stderr.split('\n').filter((line) => line.includes('differ from the documented schema'));
  expect(told).toHaveLength(1);
  expect(JSON.parse(told[0] ?? '')).toMatchObject({
    queue: QUEUE,
    fields: [{ path: 'err_msg', sample: expect.stringMatching(/^\["sent to 138\*\*\*\*\d\d"\]$/) }],
  });
});
