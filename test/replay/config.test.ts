/** Replay needs no queues, no credentials and no file. */
import { expect, it } from 'vitest';
import { loadConfig } from '../../src/config/index.js';
import { directory, refused } from '../config/helpers.js';

const load = (text: string | undefined, env: Record<string, string> = {}, offline = true) =>
  loadConfig({ env, cwd: directory(text === undefined ? {} : { 'receiptd.yaml': text }), offline }).config;

it('works without any file', () => {
  const config = load(undefined);
  expect(config.queues).toEqual([]);
  expect(config.sinks).toEqual([expect.objectContaining({ type: 'ndjson', path: '-' })]);
  expect(refused(() => load(undefined, {}, false))[0]).toMatch(/^queues: must have at least one queue/);
});

it.each(['', 'queues:\n', 'queues: []\n'])('works without queues: "%s"', (queues) => {
  const sinks = 'sinks: [{ type: ndjson, path: out, types: [SmsUp] }]\n';
  expect(load(queues + sinks)).toMatchObject({ queues: [], sinks: [{ types: ['SmsUp'] }] });
});

it('looks at no credentials', () => {
  const unset = `\${NOT_SET}`;
  const secret = `credentials: { accessKeyId: "${unset}", accessKeySecret: "${unset}" }\n`;
  expect(load(secret).queues).toEqual([]);
  expect(load('', { RECEIPTD_CREDENTIALS_ACCESS_KEY_ID: 'alone' }).queues).toEqual([]);
});

it('is as strict as ever about the rest', () => {
  expect(refused(() => load('queues: 3\n'))[0]).toMatch(/^queues: /);
  expect(refused(() => load('queues: [{ queueName: Q-1 }]\n'))[0]).toMatch(
    /^queues\[0\]\.messageType: is required/,
  );
  expect(refused(() => load('sinks: [{ type: ndjson, path: out, types: [3] }]\n'))).toEqual([
    expect.stringMatching(/^sinks\[0\]\.types\[0\]: must be text/),
  ]);
  expect(refused(() => load('sinks: 3\n'))).toHaveLength(1);
  expect(refused(() => load('pipelin: {}\n'))[0]).toMatch(/did you mean pipeline/);
});
