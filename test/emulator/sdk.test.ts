/** Clients nobody here wrote must find the emulator to be the service they know. */
import { createRequire } from 'node:module';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Emulator } from '../../src/emulator/index.js';
import { fetchToken, QUEUE, startWithQueue } from './support.js';

interface Result {
  code: number;
  headers: Record<string, string>;
  body: Record<string, string>;
}
interface BatchResult {
  code: number;
  body: Record<string, string>[];
}
interface AlicloudMns {
  createQueue(name: string, params?: object): Promise<Result>;
  getQueueAttributes(name: string): Promise<Result>;
  setQueueAttributes(name: string, params: object): Promise<Result>;
  listQueue(start: string, limit: number, prefix: string): Promise<BatchResult>;
  deleteQueue(name: string): Promise<Result>;
  sendMessage(queue: string, params: object): Promise<Result>;
  batchSendMessage(queue: string, params: object[]): Promise<BatchResult>;
  receiveMessage(queue: string, wait?: number): Promise<Result>;
  batchReceiveMessage(queue: string, count: number, wait?: number): Promise<BatchResult>;
  peekMessage(queue: string): Promise<Result>;
  batchPeekMessage(queue: string, count: number): Promise<BatchResult>;
  deleteMessage(queue: string, handle: string): Promise<Result>;
  batchDeleteMessage(queue: string, handles: string[]): Promise<BatchResult>;
  changeMessageVisibility(queue: string, handle: string, seconds: number): Promise<Result>;
}

/** ali-mns hard-codes its host; the two addresses are replaced after construction. */
interface AliMns {
  Account: new (id: string, key: string, secret: string) => { setGA(on: boolean): void };
  MQBatch: new (
    name: string,
    account: object,
    region: string,
  ) => {
    _url: string;
    _urlAttr: string;
    sendP(body: string): Promise<{ Message: Record<string, string> }>;
    recvP(wait: number, count?: number): Promise<{ Messages: { Message: Record<string, string>[] } }>;
    peekP(count?: number): Promise<{ Messages: { Message: Record<string, string>[] } }>;
    deleteP(handles: string[]): Promise<number>;
    reserveP(handle: string, seconds: number): Promise<{ ChangeVisibility: Record<string, string> }>;
    getAttrsP(): Promise<{ Queue: Record<string, string> }>;
    setAttrsP(options: object): Promise<number>;
  };
}

type PopCore = new (
  config: object,
) => {
  request(action: string, params: object, options?: object): Promise<Record<string, Record<string, string>>>;
};

const load = createRequire(import.meta.url);
const MnsClient = load('@alicloud/mns') as new (account: string, options: object) => AlicloudMns;
const ali = load('ali-mns') as AliMns;
const PopCoreClient = load('@alicloud/pop-core') as PopCore;

let emulator: Emulator;
beforeEach(async () => {
  emulator = await startWithQueue();
});
afterEach(() => emulator.close());

const alicloud = (
  credentials: object = { accessKeyId: 'testId', accessKeySecret: 'testSecret' },
): AlicloudMns => new MnsClient('1234567890123456', { endpoint: emulator.url, ...credentials });

describe('@alicloud/mns', () => {
  test('queues', async () => {
    const client = alicloud();
    const created = await client.createQueue('sdk-1', { VisibilityTimeout: 40 });
    expect([created.code, created.headers.location]).toEqual([201, `${emulator.url}/queues/sdk-1`]);
    expect((await client.createQueue('sdk-1', { VisibilityTimeout: 40 })).code).toBe(204);
    await expect(client.createQueue('sdk-1')).rejects.toMatchObject({ name: 'MNSQueueAlreadyExistError' });
    expect((await client.setQueueAttributes('sdk-1', { DelaySeconds: 1 })).code).toBe(204);
    expect((await client.getQueueAttributes('sdk-1')).body).toMatchObject({
      DelaySeconds: '1',
      VisibilityTimeout: '40',
    });
    const list = await client.listQueue('', 10, 'sdk');
    expect(list.body).toEqual([{ QueueURL: `${emulator.url}/queues/sdk-1` }]);
    expect((await client.deleteQueue('sdk-1')).code).toBe(204);
  });

  test('messages', async () => {
    const client = alicloud();
    await expect(client.receiveMessage(QUEUE)).rejects.toMatchObject({ name: 'MNSMessageNotExistError' });
    const sent = await client.sendMessage(QUEUE, { MessageBody: 'YQ==', Priority: 1 });
    const many = await client.batchSendMessage(QUEUE, [{ MessageBody: 'Yg==' }, { MessageBody: 'Yw==' }]);
    expect([sent.code, many.code, many.body.length]).toEqual([201, 201, 2]);
    expect((await client.peekMessage(QUEUE)).body).toMatchObject({ MessageBody: 'YQ==', DequeueCount: '0' });
    expect((await client.batchPeekMessage(QUEUE, 16)).body).toHaveLength(3);
    const one = await client.receiveMessage(QUEUE, 5);
    expect(one.body).toMatchObject({ MessageId: sent.body.MessageId, MessageBody: 'YQ==', Priority: '1' });
    const changed = await client.changeMessageVisibility(QUEUE, one.body.ReceiptHandle ?? '', 60);
    expect((await client.deleteMessage(QUEUE, changed.body.ReceiptHandle ?? '')).code).toBe(204);
    const handles = (await client.batchReceiveMessage(QUEUE, 16, 5)).body.map(
      (item) => item.ReceiptHandle ?? '',
    );
    expect(handles).toHaveLength(2);
    const [first = '', second = ''] = handles;
    expect((await client.batchDeleteMessage(QUEUE, [first])).code).toBe(204);
    const partial = await client.batchDeleteMessage(QUEUE, [first, second]);
    expect(partial.code).toBe(404);
    expect(partial.body).toEqual([
      { ErrorCode: 'MessageNotExist', ErrorMessage: 'Message not exist.', ReceiptHandle: first },
    ]);
    expect(emulator.queue(QUEUE).counters()).toMatchObject({ sent: 3, deleted: 3, visible: 0, invisible: 0 });
  });

  test('with a token', async () => {
    const { id, secret, token } = await fetchToken(emulator);
    const client = alicloud({ accessKeyId: id, accessKeySecret: secret, securityToken: token });
    emulator.generate(QUEUE, 3);
    const handles = (await client.batchReceiveMessage(QUEUE, 16, 1)).body.map(
      (item) => item.ReceiptHandle ?? '',
    );
    expect((await client.batchDeleteMessage(QUEUE, handles)).code).toBe(204);
    emulator.revokeTokens();
    await expect(client.receiveMessage(QUEUE)).rejects.toMatchObject({
      name: 'MNSInvalidSecurityTokenError',
    });
  });
});

describe('@alicloud/pop-core', () => {
  const client = (secret = 'testSecret') =>
    new PopCoreClient({
      endpoint: emulator.url,
      apiVersion: '2017-05-25',
      accessKeyId: 'testId',
      accessKeySecret: secret,
    });
  const params = { MessageType: 'SmsReport', QueueName: QUEUE };

  test.each(['GET', 'POST'])('a token by %s', async (method) => {
    const answer = await client().request('QueryTokenForMnsQueue', params, { method });
    expect(answer.MessageTokenDTO?.AccessKeyId).toMatch(/^STS\./);
  });

  test('errors have their code', async () => {
    const wrong = client('wrong').request('QueryTokenForMnsQueue', params);
    await expect(wrong).rejects.toMatchObject({ code: 'SignatureDoesNotMatch' });
    await expect(client().request('Unknown', params)).rejects.toMatchObject({ code: 'InvalidApi.NotFound' });
    await expect(client().request('QueryTokenForMnsQueue', {})).rejects.toMatchObject({
      code: 'MissingMessageType',
    });
  });
});

describe('ali-mns', () => {
  test('sends, receives, reserves, deletes', async () => {
    const account = new ali.Account('1234567890123456', 'testId', 'testSecret');
    account.setGA(false);
    const mq = new ali.MQBatch(QUEUE, account, 'hangzhou');
    mq._urlAttr = `${emulator.url}/queues/${QUEUE}`;
    mq._url = `${mq._urlAttr}/messages`;
    await expect(mq.recvP(1, 16)).rejects.toMatchObject({ Error: { Code: 'MessageNotExist' } });
    expect((await mq.sendP('{"a":"你好"}')).Message.MessageId).toMatch(/^[0-9A-F]{32}$/);
    await mq.sendP('two');
    expect((await mq.peekP(16)).Messages.Message).toHaveLength(2);
    const { Message } = (await mq.recvP(1, 16)).Messages;
    expect(Message.map(({ MessageBody }) => MessageBody)).toEqual(['{"a":"你好"}', 'two']);
    const [first = '', second = ''] = Message.map(({ ReceiptHandle = '' }) => ReceiptHandle);
    const reserved = await mq.reserveP(first, 60);
    const fresh = reserved.ChangeVisibility.ReceiptHandle ?? '';
    await expect(mq.deleteP([first, second])).rejects.toMatchObject({
      Errors: { Error: { ReceiptHandle: first } },
    });
    expect(await mq.deleteP([fresh])).toBe(204);
    expect(await mq.setAttrsP({ VisibilityTimeout: 45 })).toBe(204);
    expect((await mq.getAttrsP()).Queue).toMatchObject({ VisibilityTimeout: '45', ActiveMessages: '0' });
    await vi.waitFor(() => expect(emulator.queue(QUEUE).deleted).toBe(2));
  });
});
