/** The three MNS clients, each doing the same: receive 16, base64 and JSON decoded, and delete them. */
import { createRequire } from 'node:module';
import { MnsQueue } from '../src/mns/index.js';

export const BATCH = 16;
/** The emulator's own account: ali-mns knows no temporary keys. */
const KEY = { accessKeyId: 'testId', accessKeySecret: 'testSecret' };

export interface Consumer {
  readonly name: string;
  /** Receives and deletes up to 16. @returns how many */
  cycle(): Promise<number>;
  close(): Promise<void>;
}

export function consumers(url: string, queueName: string, concurrency: number): Consumer[] {
  return [ours(url, queueName, concurrency), aliMns(url, queueName), alicloudMns(url, queueName)];
}

function ours(url: string, queueName: string, connections: number): Consumer {
  const mns = new MnsQueue({ endpoint: url, queueName, connections, credentials: () => KEY });
  return {
    name: 'receiptd',
    cycle: async () => {
      const messages = await mns.receive({ max: BATCH, waitSeconds: 0 });
      for (const { body } of messages) JSON.parse(Buffer.from(body, 'base64').toString());
      const failures = await mns.delete(messages.map(({ receiptHandle }) => receiptHandle));
      if (failures.length > 0) throw new Error(`${failures.length} messages were not deleted`);
      return messages.length;
    },
    close: () => mns.close(),
  };
}

interface Received {
  ReceiptHandle: string;
  MessageBody: string;
}
type AliMns = {
  Account: new (id: string, key: string, secret: string) => { setGA(on: boolean): void };
  MQBatch: new (
    name: string,
    account: object,
  ) => {
    _url: string;
    recvP(waitSeconds: number, count: number): Promise<{ Messages: { Message: Received | Received[] } }>;
    deleteP(handles: string[]): Promise<number>;
  };
};
type AlicloudMns = new (
  account: string,
  options: object,
) => {
  batchReceiveMessage(queue: string, count: number): Promise<{ body: Received[] }>;
  batchDeleteMessage(queue: string, handles: string[]): Promise<{ code: number }>;
};

const load = createRequire(import.meta.url);

/** As it is, but for two things: its telemetry is off, and its hard-coded host is the emulator. */
function aliMns(url: string, queueName: string): Consumer {
  const ali = load('ali-mns') as AliMns;
  const account = new ali.Account('1234567890123456', KEY.accessKeyId, KEY.accessKeySecret);
  account.setGA(false);
  const mns = new ali.MQBatch(queueName, account);
  mns._url = `${url}/queues/${queueName}/messages`;
  return {
    name: 'ali-mns',
    cycle: async () => {
      const { Messages } = await mns.recvP(0, BATCH);
      const messages = [Messages.Message].flat();
      // It decodes the base64 itself.
      for (const { MessageBody } of messages) JSON.parse(MessageBody);
      await mns.deleteP(messages.map(({ ReceiptHandle }) => ReceiptHandle));
      return messages.length;
    },
    close: async () => {},
  };
}

function alicloudMns(url: string, queueName: string): Consumer {
  const mns = new (load('@alicloud/mns') as AlicloudMns)('1234567890123456', { endpoint: url, ...KEY });
  return {
    name: '@alicloud/mns',
    cycle: async () => {
      const { body: messages } = await mns.batchReceiveMessage(queueName, BATCH);
      for (const { MessageBody } of messages) JSON.parse(Buffer.from(MessageBody, 'base64').toString());
      const { code } = await mns.batchDeleteMessage(
        queueName,
        messages.map(({ ReceiptHandle }) => ReceiptHandle),
      );
      if (code !== 204) throw new Error(`@alicloud/mns: deleting was answered with ${code}`);
      return messages.length;
    },
    close: async () => {},
  };
}
