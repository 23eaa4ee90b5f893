/** The daemon inside somebody's program: typed handlers, no process of its own. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, expectTypeOf, it } from 'vitest';
import {
  type ConfigInput,
  createReceiptd,
  DeadLetterError,
  type Handlers,
  type SmsReport,
} from '../../src/index.js';
import { placeEmbeddedStore } from '../support/embedded-store.js';
import { duplicates, QUEUE, startCloud } from '../support/site.js';
import { until } from '../support/until.js';

const RECEIPTS = 400;

it('calls typed handlers, and stop() drains', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'receiptd-library-'));
  await placeEmbeddedStore(join(directory, 'data'));
  await using cloud = await startCloud(RECEIPTS, { visibilityTimeout: 5 });
  const queue = cloud.queue(QUEUE);
  const config: ConfigInput = {
    endpoints: { dybaseapi: cloud.url, mns: cloud.url },
    credentials: { accessKeyId: cloud.accessKeyId, accessKeySecret: cloud.accessKeySecret },
    queues: [{ messageType: 'SmsReport', queueName: QUEUE }],
    poll: { waitSeconds: 1 },
    // Less in flight than is left when it stops.
    pipeline: { dataDir: join(directory, 'data'), maxInFlight: 64 },
    sinks: [{ type: 'ndjson', path: join(directory, 'receipts.ndjson'), types: ['SmsReport'] }],
    ops: { port: 0 },
    log: { level: 'error' },
  };
  const handled: string[] = [];
  let orders = 0;
  const handlers: Handlers = {
    async SmsReport(event, { attempt, signal }) {
      expectTypeOf(event.data).toEqualTypeOf<SmsReport>();
      expect(event.type).toBe('com.aliyun.alicom.SmsReport');
      expect(attempt).toBe(1);
      expect(signal.aborted).toBe(false);
      await new Promise(setImmediate);
      handled.push(event.id);
      if (typeof event.data.out_id === 'string') orders += 1;
    },
  };
  try {
    const first = createReceiptd({ config, handlers });
    await first.start();
    await until('work under way', () => queue.deleted >= 50);
    await first.stop();
    const deleted = new Set(queue.deletedIds);
    expect(handled.filter((id) => !deleted.has(id))).toEqual([]);
    expect(queue.deleted).toBeLessThan(RECEIPTS);

    const second = createReceiptd({ config, handlers });
    await second.start();
    await until('an empty queue', () => queue.deleted === RECEIPTS);
    await until('readiness', () => second.status().ready);
    expect((await fetch(`${second.opsUrl}/readyz`)).status).toBe(200);
    await second.stop();
    await second.stop();
    expect(handled).toHaveLength(RECEIPTS);
    expect(duplicates(handled)).toEqual([]);
    expect(orders).toBe(RECEIPTS);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});

it('makes a dead letter of what a handler calls hopeless, and tries the rest again', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'receiptd-library-'));
  await placeEmbeddedStore(join(directory, 'data'));
  await using cloud = await startCloud(2);
  const attempts: number[] = [];
  const daemon = createReceiptd({
    config: {
      endpoints: { dybaseapi: cloud.url, mns: cloud.url },
      credentials: { accessKeyId: cloud.accessKeyId, accessKeySecret: cloud.accessKeySecret },
      queues: [{ messageType: 'SmsReport', queueName: QUEUE }],
      pipeline: { dataDir: join(directory, 'data') },
      sinks: [{ type: 'ndjson', path: join(directory, 'receipts.ndjson') }],
      shutdown: { pollGrace: 0 },
      ops: { port: 0 },
      log: { level: 'silent' },
    },
    handlers: {
      SmsReport(event, { attempt }) {
        if (event.data.out_id === 'order-0') throw new DeadLetterError('no such order');
        attempts.push(attempt);
        if (attempt === 1) throw new Error('not now');
      },
    },
  });
  try {
    await daemon.start();
    await until('both to be deleted', () => cloud.queue(QUEUE).deleted === 2);
    const [queue] = daemon.status().queues;
    expect(queue?.counters).toMatchObject({ received: 2, delivered: 1, dead: 1, retried: 1 });
    expect(attempts).toEqual([1, 2]);
  } finally {
    await daemon.stop();
    await rm(directory, { recursive: true, force: true });
  }
});
