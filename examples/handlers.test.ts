/** The handlers of handlers.ts, run by a real daemon against the emulator. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmulator } from 'receiptd/emulator';
import { expect, test } from 'vitest';
import { type Orders, runWith } from './handlers.js';

const SMS = 'Alicom-Queue-1234567890123456-SmsReport';
const VOICE = 'Alicom-Queue-1234567890123456-VoiceReport';

test('orders are updated, calls billed, and what is hopeless is a dead letter', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'receiptd-example-'));
  await using cloud = await startEmulator();
  cloud.createQueue(SMS);
  cloud.createQueue(VOICE);
  const updates: unknown[] = [];
  const bills: unknown[] = [];
  let known = false;
  const orders: Orders = {
    async setDelivered(_, outId, delivered, why) {
      // The first time that it is asked for, the order is not there yet.
      if (outId === 'late' && !known) {
        known = true;
        return 'no such order';
      }
      updates.push({ outId, delivered, why });
      return 'done';
    },
    async bill(_, callId, seconds) {
      bills.push({ callId, seconds });
    },
  };

  cloud.send(SMS, {
    biz_id: '1^0',
    out_id: 'A7',
    success: true,
    err_code: 'DELIVERED',
    phone_number: '13800000001',
  });
  cloud.send(SMS, {
    biz_id: '2^0',
    out_id: 'late',
    success: false,
    err_code: 'MK:0001',
    phone_number: '13800000002',
  });
  cloud.send(SMS, { biz_id: '3^0', success: true, phone_number: '13800000003' });
  cloud.send(VOICE, {
    call_id: '101',
    duration: '35',
    start_time: '2026-11-28 10:00:00',
    end_time: '2026-11-28 10:00:35',
  });

  const daemon = await runWith(orders, {
    endpoints: { dybaseapi: cloud.url, mns: cloud.url },
    credentials: { accessKeyId: cloud.accessKeyId, accessKeySecret: cloud.accessKeySecret },
    queues: [
      { messageType: 'SmsReport', queueName: SMS },
      { messageType: 'VoiceReport', queueName: VOICE },
    ],
    pipeline: { dataDir: join(directory, 'data') },
    ops: { port: 0 },
    log: { level: 'silent' },
  });
  try {
    await cloud.drained();
    expect(updates).toContainEqual({ outId: 'A7', delivered: true, why: expect.any(String) });
    expect(updates).toContainEqual({ outId: 'late', delivered: false, why: expect.any(String) });
    expect(bills).toEqual([{ callId: '101', seconds: 35 }]);
    expect(daemon.status().queues.map(({ counters }) => counters.dead)).toEqual([1, 0]);
  } finally {
    await daemon.stop();
    await rm(directory, { recursive: true, force: true });
  }
});

test('the library guide shows this very file', async () => {
  const [guide, file] = await Promise.all(
    ['../docs/library.md', './handlers.ts'].map((name) => readFile(new URL(name, import.meta.url), 'utf8')),
  );
  expect(guide).toContain(`\`\`\`ts\n${file}\`\`\``);
});
