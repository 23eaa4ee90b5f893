/** Against the emulator, which verifies signatures and tokens with code of its own; and who else gets contacted. */
import dns from 'node:dns';
import { createRequire } from 'node:module';
import { Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Emulator, startEmulator } from '../../src/emulator/index.js';
import { MnsAuthError, type MnsCredentials, MnsFatalError, MnsQueue } from '../../src/mns/index.js';
import { createTokenQuery } from '../../src/token/index.js';

const NAME = 'Alicom-Queue-1234567890123456-SmsReport';
let emulator: Emulator;
let token: MnsCredentials;
const opened: MnsQueue[] = [];

function open(queueName = NAME, credentials = () => token): MnsQueue {
  const queue = new MnsQueue({ endpoint: emulator.url, queueName, credentials, connections: 2 });
  opened.push(queue);
  return queue;
}

const ask = () =>
  createTokenQuery({
    endpoint: emulator.url,
    region: 'cn-hangzhou',
    messageType: 'SmsReport',
    queueName: NAME,
    credentials: async () => ({
      accessKeyId: emulator.accessKeyId,
      accessKeySecret: emulator.accessKeySecret,
    }),
  })();

beforeEach(async () => {
  emulator = await startEmulator({ queues: [{ name: NAME, messageType: 'SmsReport' }] });
  token = await ask();
});

afterEach(async () => {
  await emulator.close();
  await Promise.all(opened.splice(0).map((queue) => queue.close()));
});

test('receive, extend, delete, partly delete, run dry', async () => {
  emulator.generate(NAME, 20);
  const queue = open();
  const batch = await queue.receive({ max: 16, waitSeconds: 1 });
  expect(batch).toHaveLength(16);
  expect(JSON.parse(Buffer.from(batch[0]?.body ?? '', 'base64').toString())).toHaveProperty('biz_id');
  for (const message of batch) expect(message.visibleUntil).toBeGreaterThan(Date.now());

  const [extended, ...others] = batch.map((message) => message.receiptHandle);
  const changed = await queue.changeVisibility(extended ?? '', 600);
  expect(changed.visibleUntil).toBeGreaterThan(Date.now() + 590_000);

  const failures = await queue.delete([extended ?? '', ...others]);
  expect(failures).toMatchObject([{ receiptHandle: extended, code: 'MessageNotExist' }]);
  expect(await queue.delete([changed.receiptHandle])).toEqual([]);

  const rest = await queue.receive({ max: 16, waitSeconds: 0 });
  expect(await queue.delete(rest.map((message) => message.receiptHandle))).toEqual([]);
  expect(await queue.receive({ max: 16, waitSeconds: 0 })).toEqual([]);
});

test('a long poll returns when a message comes, and an abort leaves the connection usable', async () => {
  const queue = open();
  const poll = queue.receive({ max: 16, waitSeconds: 30 });
  await expect.poll(() => emulator.stats.openLongPolls).toBe(1);
  emulator.generate(NAME, 1);
  expect(await poll).toHaveLength(1);

  const controller = new AbortController();
  const aborted = queue.receive({ max: 16, waitSeconds: 30, signal: controller.signal });
  await expect.poll(() => emulator.stats.openLongPolls).toBe(1);
  controller.abort();
  await expect(aborted).rejects.toMatchObject({ name: 'AbortError' });
  expect(await queue.receive({ max: 16, waitSeconds: 0 })).toEqual([]);
});

test('wrong and revoked tokens, an unknown queue', async () => {
  const { securityToken: _, ...bare } = token;
  await expect(open(NAME, () => bare).receive({ max: 16, waitSeconds: 0 })).rejects.toThrow(MnsAuthError);
  const forged = { ...token, accessKeySecret: 'forged' };
  await expect(open(NAME, () => forged).delete(['x'])).rejects.toThrow(MnsAuthError);
  await expect(open('Nowhere').receive({ max: 16, waitSeconds: 0 })).rejects.toThrow(MnsFatalError);

  const queue = open();
  emulator.revokeTokens();
  await expect(queue.receive({ max: 16, waitSeconds: 0 })).rejects.toThrow(MnsAuthError);
  token = await ask();
  expect(await queue.receive({ max: 16, waitSeconds: 0 })).toEqual([]);
});

/** Hosts that a socket was opened to or a name looked up for. Nothing but the loopback is really contacted. */
async function contacts(act: () => Promise<unknown>): Promise<Set<string>> {
  const seen = new Set<string>();
  const { connect } = Socket.prototype;
  const { lookup } = dns;
  type Connect = (this: Socket, ...args: unknown[]) => Socket;
  Socket.prototype.connect = function (this: Socket, ...args: unknown[]) {
    const [options] = args.flat() as [{ host?: string; port?: number }];
    seen.add(`${options.host}:${options.port}`);
    if (options.host === '127.0.0.1') return (connect as Connect).apply(this, args);
    setImmediate(() => this.destroy());
    return this;
  } as typeof connect;
  dns.lookup = ((host: string, ...rest: unknown[]) => {
    seen.add(host);
    (rest.at(-1) as (error: Error) => void)(new Error('blocked'));
  }) as typeof lookup;
  try {
    await act();
    // What is sent "later" must be seen too.
    for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
  } finally {
    Socket.prototype.connect = connect;
    dns.lookup = lookup;
  }
  return seen;
}

test('nothing but the configured endpoint is contacted', async () => {
  emulator.generate(NAME, 64);
  const configured = new Set([new URL(emulator.url).host]);
  const seen = await contacts(async () => {
    await ask();
    const queue = open();
    // ali-mns phones home with its first call, and again with the hundredth of a kind.
    for (let i = 0; i < 120; i++) {
      const batch = await queue.receive({ max: 1, waitSeconds: 0 });
      await queue.delete(batch.map((message) => message.receiptHandle));
    }
    emulator.revokeTokens();
    await queue.receive({ max: 1, waitSeconds: 0 }).catch(() => {});
  });
  expect(seen).toEqual(configured);
});

test('… and ali-mns by itself shows that the check can fail', async () => {
  const AliMns = createRequire(import.meta.url)('ali-mns');
  const queue = new AliMns.MQBatch(NAME, new AliMns.Account('1', 'id', 'secret'));
  queue._urlAttr = `${emulator.url}/queues/${NAME}`;
  const seen = await contacts(() => queue.getAttrsP().then(null, () => {}));
  expect([...seen].join()).toMatch(/google-analytics/);
});
