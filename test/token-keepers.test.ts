/** The keepers of a daemon against an emulator that answers. */
import { pino } from 'pino';
import { afterEach, expect, test } from 'vitest';
import { parseConfig } from '../src/config/index.js';
import { type Emulator, startEmulator } from '../src/emulator/index.js';
import { createCredentials, type QueueToken } from '../src/token/index.js';
import { TokenKeepers } from '../src/token-keepers.js';
import { until } from './support/until.js';

const QUEUE = 'Alicom-Queue-1-SmsReport';
const closing: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

function keepers(cloud: Emulator, accessKeySecret: string) {
  const lines: string[] = [];
  const tokens: QueueToken[] = [];
  const config = parseConfig({
    endpoints: { dybaseapi: cloud.url, mns: cloud.url },
    credentials: { accessKeyId: cloud.accessKeyId, accessKeySecret },
    queues: [{ messageType: 'SmsReport', queueName: QUEUE }],
  });
  const made = new TokenKeepers({
    config,
    credentials: createCredentials(config.credentials),
    log: pino({ level: 'warn' }, { write: (line: string) => void lines.push(line) }),
    onToken: (_, token) => tokens.push(token),
  });
  made.start();
  closing.push(() => made.stop());
  return { made, lines, tokens };
}

async function emulator(): Promise<Emulator> {
  const cloud = await startEmulator({ queues: [{ name: QUEUE, messageType: 'SmsReport' }] });
  closing.push(() => cloud.close());
  return cloud;
}

test('a token tells when it ends and when the next is asked for, which is before', async () => {
  const cloud = await emulator();
  const { made, tokens } = keepers(cloud, cloud.accessKeySecret);
  await until('a token', () => tokens.length === 1);
  const { expiresInSeconds = 0, nextRefreshInSeconds = 0, ...rest } = made.status(QUEUE);
  expect(rest).toEqual({ refreshes: 1, failures: 0 });
  expect(nextRefreshInSeconds).toBeGreaterThan(0);
  expect(nextRefreshInSeconds).toBeLessThan(expiresInSeconds);
  expect(made.lastError(QUEUE)).toBeUndefined();
});

test('a refusal is remembered with its time and said once, however often it comes', async () => {
  const cloud = await emulator();
  const since = Date.now();
  const { made, lines } = keepers(cloud, 'wrong');
  await until('two refusals', () => made.status(QUEUE).failures >= 2);
  const { at = 0, text } = made.lastError(QUEUE) ?? {};
  expect(at).toBeGreaterThanOrEqual(since);
  expect(text).toMatch(/^no new token: /);
  expect(text).not.toContain('wrong');
  expect(lines).toHaveLength(1);
});

test('a queue that is not configured has no token', async () => {
  const { made } = keepers(await emulator(), 'any');
  expect(made.status('another')).toEqual({ refreshes: 0, failures: 0 });
  expect(made.lastError('another')).toBeUndefined();
  expect(() => made.refresh('another', 1)).not.toThrow();
});
