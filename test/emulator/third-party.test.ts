/**
 * Clients nobody here wrote, code unchanged, also with the hosts they have built in: those reach the emulator as their
 * HTTP proxy. Nothing leaves this machine.
 */
import { execFile, execFileSync } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { createRequire } from 'node:module';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Emulator } from '../../src/emulator/index.js';
import { handlesXml, MESSAGES, QUEUE, startWithQueue, text, texts } from './support.js';

const load = createRequire(import.meta.url);

let emulator: Emulator;
beforeEach(async () => {
  emulator = await startWithQueue();
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await emulator.close();
});

describe('@alicloud/sms-sdk', () => {
  interface Received {
    code: number;
    body: Record<string, string>;
  }
  type SmsClient = new (
    options: object,
  ) => { receiveMsg(type: number, prefix: string, wait?: number, remove?: boolean): Promise<Received> };
  const SmsSdk = load('@alicloud/sms-sdk') as SmsClient;
  const PREFIX = 'Alicom-Queue-1234567890123456-';

  const client = () =>
    new SmsSdk({
      accessKeyId: 'testId',
      secretAccessKey: 'testSecret',
      baseApiEndpoint: emulator.url,
      // Its options go to the MNS client as they are.
      mnsVpc: { endpoint: emulator.url },
    });

  test('receives a report with a token of its own, and deletes it when told to', async () => {
    const sms = client();
    await expect(sms.receiveMsg(0, PREFIX, 1)).rejects.toMatchObject({ name: 'MNSMessageNotExistError' });
    emulator.send(QUEUE, { biz_id: '1^0', success: true });
    emulator.send(QUEUE, { biz_id: '2^0', success: true });
    const first = await sms.receiveMsg(0, PREFIX, 1, true);
    expect(JSON.parse(Buffer.from(first.body.MessageBody ?? '', 'base64').toString())).toEqual({
      biz_id: '1^0',
      success: true,
    });
    expect((await sms.receiveMsg(0, PREFIX, 1)).body.DequeueCount).toBe('1');
    expect(emulator.queue(QUEUE).counters()).toMatchObject({ received: 2, deleted: 1, invisible: 1 });
    expect(emulator.stats.tokens).toBe(1);
  });

  test('the other type has a token and a queue of its own', async () => {
    emulator.createQueue(`${PREFIX}SmsUp`);
    emulator.send(`${PREFIX}SmsUp`, { content: 'TD' });
    const sms = client();
    expect((await sms.receiveMsg(1, PREFIX, 1, true)).code).toBe(200);
    await expect(sms.receiveMsg(0, PREFIX, 1)).rejects.toMatchObject({ name: 'MNSMessageNotExistError' });
    expect(emulator.stats.tokens).toBe(2);
  });

  test('it trusts a token for ten minutes whatever ExpireTime says: a revoked one is refused', async () => {
    const sms = client();
    emulator.generate(QUEUE, 1);
    await sms.receiveMsg(0, PREFIX, 1);
    emulator.revokeTokens();
    await expect(sms.receiveMsg(0, PREFIX, 1)).rejects.toMatchObject({
      name: 'MNSInvalidSecurityTokenError',
    });
  });

  test('a token call that fails', async () => {
    emulator.addFaults(['QueryTokenForMnsQueue=error/200/isp.RAM_PERMISSION_DENY']);
    await expect(client().receiveMsg(0, PREFIX, 1)).rejects.toMatchObject({
      code: 'isp.RAM_PERMISSION_DENY',
    });
  });
});

describe('ali-mns, its own hosts, the emulator as its proxy', () => {
  type Fields = Record<string, string>;
  interface Batch {
    sendP(body: string | object[], priority?: number, delay?: number): Promise<{ Message: Fields }>;
    recvP(wait: number, count?: number): Promise<{ Messages: { Message: Fields | Fields[] } }>;
    deleteP(handles: string[]): Promise<number>;
    notifyRecv(
      done: (error: unknown, message: { Messages: { Message: Fields | Fields[] } }) => boolean,
      wait: number,
      count: number,
    ): void;
    notifyStopP(): Promise<unknown>;
  }
  interface AliMns {
    Account: new (id: string, key: string, secret: string) => { setGA(on: boolean): void };
    Msg: new (body: string, priority?: number, delay?: number) => object;
    MNS: new (
      account: object,
      region: string,
    ) => {
      listP(
        prefix?: string,
        size?: number,
        marker?: string,
      ): Promise<{ Queues: { Queue: { QueueURL: string }[]; NextMarker?: string } }>;
      createP(name: string, options?: object): Promise<number>;
      deleteP(name: string): Promise<number>;
    };
    MQBatch: new (name: string, account: object, region: string) => Batch;
  }
  const ali = load('ali-mns') as AliMns;
  const HOST = 'http://1234567890123456.mns.cn-hangzhou.aliyuncs.com';

  function account(): object {
    const own = new ali.Account('1234567890123456', 'testId', 'testSecret');
    own.setGA(false);
    return own;
  }

  beforeEach(() => {
    for (const name of ['HTTP_PROXY', 'http_proxy']) vi.stubEnv(name, emulator.url);
    for (const name of ['NO_PROXY', 'no_proxy']) vi.stubEnv(name, '');
  });

  test('queues: create, list by pages, delete', async () => {
    const cloud = new ali.MNS(account(), 'hangzhou');
    for (const name of ['ali-b', 'ali-a', 'ali-c']) {
      expect(await cloud.createP(name, { VisibilityTimeout: 5 })).toBe(201);
    }
    expect(await cloud.createP('ali-a', { VisibilityTimeout: 5 })).toBe(204);
    await expect(cloud.createP('ali-a', { VisibilityTimeout: 6 })).rejects.toMatchObject({
      Error: { Code: 'QueueAlreadyExist', HostId: HOST },
    });
    const first = (await cloud.listP('ali-', 2)).Queues;
    expect(first.Queue.map(({ QueueURL }) => QueueURL)).toEqual([
      `${HOST}/queues/ali-a`,
      `${HOST}/queues/ali-b`,
    ]);
    const second = (await cloud.listP('ali-', 2, first.NextMarker)).Queues;
    expect(second).toMatchObject({ Queue: { QueueURL: `${HOST}/queues/ali-c` } });
    expect(await cloud.deleteP('ali-a')).toBe(204);
    expect(emulator.hasQueue('ali-a')).toBe(false);
  });

  test('messages: priority, delay, batches of every operation', async () => {
    const mq = new ali.MQBatch(QUEUE, account(), 'hangzhou');
    await mq.sendP('low', 16);
    await mq.sendP([new ali.Msg('normal'), new ali.Msg('high', 1), new ali.Msg('late', 8, 60)]);
    expect(emulator.queue(QUEUE).counters()).toMatchObject({ visible: 3, delayed: 1 });
    const received = (await mq.recvP(1, 16)).Messages.Message as Fields[];
    expect(received.map(({ MessageBody }) => MessageBody)).toEqual(['high', 'normal', 'low']);
    expect(await mq.deleteP(received.map(({ ReceiptHandle = '' }) => ReceiptHandle))).toBe(204);
  });

  test('its own receive loop lives through an idle queue, a throttled and a failing one', async () => {
    const mq = new ali.MQBatch(QUEUE, account(), 'hangzhou');
    emulator.addFaults([
      'BatchReceiveMessage=error/429/TooManyRequests#2',
      'BatchReceiveMessage=error/500/InternalError#2',
    ]);
    const codes: unknown[] = [];
    const bodies: unknown[] = [];
    mq.notifyRecv(
      (error, message) => {
        if (error !== null) codes.push((error as { Error?: Fields }).Error?.Code);
        else bodies.push(...[message.Messages.Message].flat().map(({ MessageBody }) => MessageBody));
        return true;
      },
      1,
      16,
    );
    emulator.generate(QUEUE, 20);
    await emulator.drained(QUEUE);
    emulator.sendBody(QUEUE, Buffer.from('last').toString('base64'));
    await emulator.drained();
    await mq.notifyStopP();
    expect(codes).toEqual(['TooManyRequests', 'TooManyRequests', 'InternalError', 'InternalError']);
    expect([bodies.length, bodies.at(-1)]).toEqual([21, 'last']);
  });
});

const curlIsThere = ((): boolean => {
  try {
    execFileSync('curl', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();

describe.skipIf(!curlIsThere)('curl (skipped where it is not installed)', () => {
  const HOST = '1943695596114318.mns.cn-hangzhou.aliyuncs.com';

  /** Signed as the documentation says (mns-http.md §3), to the real host name, which curl finds here. */
  async function curl(method: string, path: string, body = ''): Promise<{ status: number; body: string }> {
    const date = new Date().toUTCString();
    const type = body === '' ? '' : 'text/xml';
    const toSign = `${method}\n\n${type}\n${date}\nx-mns-version:2015-06-06\n${path}`;
    const signature = createHmac('sha1', 'testSecret').update(toSign).digest('base64');
    const headers = [`Date: ${date}`, 'x-mns-version: 2015-06-06', `Authorization: MNS testId:${signature}`];
    const args = ['--silent', '--show-error', '--noproxy', '*', '--request', method];
    args.push('--connect-to', `${HOST}:80:127.0.0.1:${emulator.port}`);
    for (const header of [...headers, `Content-Type: ${type}`.trimEnd()]) args.push('--header', header);
    if (body !== '') args.push('--data-binary', body);
    args.push('--write-out', '\n%{http_code}', `http://${HOST}${path}`);
    const output = await new Promise<string>((resolve, reject) => {
      execFile('curl', args, (error, stdout) => (error === null ? resolve(stdout) : reject(error)));
    });
    const end = output.lastIndexOf('\n');
    return { status: Number(output.slice(end + 1)), body: output.slice(0, end) };
  }

  test('every operation', async () => {
    const attributes = '<Queue><VisibilityTimeout>60</VisibilityTimeout></Queue>';
    expect((await curl('PUT', '/queues/curl-1', attributes)).status).toBe(201);
    expect((await curl('PUT', '/queues/curl-1?metaoverride=true', attributes)).status).toBe(204);
    expect(text((await curl('GET', '/queues/curl-1')).body, 'VisibilityTimeout')).toBe('60');
    expect(texts((await curl('GET', '/queues')).body, 'QueueURL')).toEqual([
      `http://${HOST}/queues/${QUEUE}`,
      `http://${HOST}/queues/curl-1`,
    ]);
    expect((await curl('DELETE', '/queues/curl-1')).status).toBe(204);

    const item = '<Message><MessageBody>eyJhIjoxfQ==</MessageBody></Message>';
    expect((await curl('POST', MESSAGES, item)).status).toBe(201);
    expect((await curl('POST', MESSAGES, `<Messages>${item}${item}</Messages>`)).status).toBe(201);
    expect((await curl('GET', `${MESSAGES}?peekonly=true`)).status).toBe(200);
    const one = await curl('GET', MESSAGES);
    const handle = text(one.body, 'ReceiptHandle');
    const change = await curl('PUT', `${MESSAGES}?receiptHandle=${handle}&visibilityTimeout=90`);
    const fresh = text(change.body, 'ReceiptHandle');
    expect((await curl('DELETE', `${MESSAGES}?ReceiptHandle=${handle}`)).status).toBe(404);
    expect((await curl('DELETE', `${MESSAGES}?ReceiptHandle=${fresh}`)).status).toBe(204);
    const rest = texts((await curl('GET', `${MESSAGES}?numOfMessages=16`)).body, 'ReceiptHandle');
    const half = await curl('DELETE', MESSAGES, handlesXml([...rest, fresh]));
    expect([half.status, texts(half.body, 'ReceiptHandle')]).toEqual([404, [fresh]]);
    expect((await curl('GET', `${MESSAGES}?numOfMessages=16&waitseconds=1`)).status).toBe(404);
    expect(emulator.queue(QUEUE).counters()).toMatchObject({ sent: 3, deleted: 3 });
  });

  test('a long poll gets what another curl sends', async () => {
    const polled = curl('GET', `${MESSAGES}?waitseconds=30`);
    await vi.waitFor(() => expect(emulator.stats.openLongPolls).toBe(1), { timeout: 20_000 });
    await curl('POST', MESSAGES, '<Message><MessageBody>x</MessageBody></Message>');
    expect(text((await polled).body, 'MessageBody')).toBe('x');
  });

  test('a reset is curl’s error 56 or 52', async () => {
    emulator.addFaults(['ReceiveMessage=reset']);
    await expect(curl('GET', MESSAGES)).rejects.toThrow(/curl: \((?:52|56)\)/);
  });
});
