/**
 * A test of a receipt consumer against the emulator: no account, no network, no waiting. Run it with
 * `npx vitest run` where vitest, receiptd and @alicloud/mns are installed.
 */

// @ts-expect-error The package has no types.
import MnsClient from '@alicloud/mns';
import { type Emulator, startEmulator } from 'receiptd/emulator';
import { expect, test } from 'vitest';

const QUEUE = 'Alicom-Queue-1234567890123456-SmsReport';

/** What is tested here: your consumer. This one saves reports, deletes what it saved, and stops on an empty queue. */
async function consume(cloud: Emulator, save: (id: string, receipt: unknown) => void): Promise<void> {
  const { url: endpoint, accessKeyId, accessKeySecret } = cloud;
  const client = new MnsClient('1234567890123456', { endpoint, accessKeyId, accessKeySecret });
  for (;;) {
    try {
      const { body } = await client.batchReceiveMessage(QUEUE, 16);
      for (const { MessageId, MessageBody } of body) {
        save(MessageId, JSON.parse(Buffer.from(MessageBody, 'base64').toString()));
      }
      await client.batchDeleteMessage(
        QUEUE,
        body.map(({ ReceiptHandle }: { ReceiptHandle: string }) => ReceiptHandle),
      );
    } catch (error) {
      if ((error as Error).name === 'MNSMessageNotExistError') return;
      if ((error as Error).name !== 'MNSTooManyRequestsError') throw error;
    }
  }
}

test('every report is saved and deleted', async () => {
  await using cloud = await startEmulator();
  const queue = cloud.createQueue(QUEUE);
  const first = cloud.send(QUEUE, { biz_id: '1^0', success: true });
  const urgent = cloud.send(QUEUE, { biz_id: '2^0', success: false }, { priority: 1 });

  const saved: string[] = [];
  await consume(cloud, (id) => saved.push(id));

  expect(saved).toEqual([urgent, first]);
  expect(queue.deletedIds).toEqual(saved);
  await cloud.drained(QUEUE);
});

test('throttled, and with deletes that half fail, it still loses nothing', async () => {
  await using cloud = await startEmulator({
    queues: [{ name: QUEUE }],
    throttleHold: [0, 0],
    faults: ['BatchReceiveMessage=error/429/TooManyRequests:0.3', 'BatchDeleteMessage=half#1'],
    seed: 7,
  });
  cloud.generate(QUEUE, 40);

  const saved = new Set<string>();
  await consume(cloud, (id) => saved.add(id));
  expect(saved.size).toBe(40);
  // Eight of the first batch were not deleted: they come again when their visibility timeout ends.
  expect(cloud.queue(QUEUE)).toMatchObject({ deleted: 32, invisible: 8 });
  cloud.configure({ clockOffset: 31_000 });
  await consume(cloud, (id) => saved.add(id));
  expect(saved.size).toBe(40);
  expect(cloud.queue(QUEUE).messages).toEqual([]);
});
