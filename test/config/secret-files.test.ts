import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { loadConfig, redact } from '../../src/config/index.js';
import { directory, HEAD, QUEUES, refused } from './helpers.js';

const SECRET = 'S3cret-of-the-account';

function load(files: Record<string, string | Uint8Array>, env: Record<string, string>, text = HEAD) {
  return loadConfig({ env, cwd: directory({ 'receiptd.yaml': text, ...files }) }).config;
}

describe('RECEIPTD_…_FILE', () => {
  it.each([
    ['as it is', SECRET, SECRET],
    ['without one line break at the end', `${SECRET}\n`, SECRET],
    ['without one of Windows', `${SECRET}\r\n`, SECRET],
  ])('sets its key to the text of the file, %s', (_, content, expected) => {
    const config = load({ token: content }, { RECEIPTD_OPS_TOKEN_FILE: 'token' });
    expect(config.ops.token).toBe(expected);
  });

  it('trims no more than that', () => {
    const lines = refused(() => load({ token: `${SECRET}\n\n` }, { RECEIPTD_OPS_TOKEN_FILE: 'token' }));
    expect(lines).toEqual([
      'ops.token: must be at least 16 printable characters without spaces (RECEIPTD_OPS_TOKEN_FILE=token)',
    ]);
  });

  it('takes absolute paths, numbers and lists', () => {
    const place = directory({ threads: '3\n', queues: '[{ messageType: SmsUp, queueName: Q-2 }]\n' });
    const config = load(
      {},
      {
        RECEIPTD_POLL_THREADS_FILE: join(place, 'threads'),
        RECEIPTD_QUEUES_FILE: join(place, 'queues'),
      },
    );
    expect(config).toMatchObject({
      poll: { threads: 3 },
      queues: [{ messageType: 'SmsUp', queueName: 'Q-2' }],
    });
  });

  it('is unset when it is empty', () => {
    expect(load({}, { RECEIPTD_OPS_TOKEN_FILE: '', RECEIPTD_OPS_TOKEN: SECRET }).ops.token).toBe(SECRET);
    expect(load({}, { RECEIPTD_OPS_TOKEN_FILE: '' }).ops.token).toBe('');
  });

  it('wins over the configuration file', () => {
    const env = { RECEIPTD_OPS_TOKEN_FILE: 'token' };
    const text = `${HEAD}ops: { token: another-secret-of-16 }\n`;
    expect(load({ token: SECRET }, env, text).ops.token).toBe(SECRET);
  });

  it('may be missing for commands that ask nothing of the cloud', () => {
    const env = { RECEIPTD_CREDENTIALS_ACCESS_KEY_ID_FILE: 'gone' };
    const cwd = directory({ 'receiptd.yaml': HEAD });
    expect(loadConfig({ env, cwd, offline: true }).config.credentials).toEqual({});
    expect(refused(() => loadConfig({ env, cwd }))).toEqual([
      'credentials.accessKeyId: cannot be read from gone: no such file (RECEIPTD_CREDENTIALS_ACCESS_KEY_ID_FILE)',
    ]);
  });

  it('is not printed', () => {
    const config = load(
      { id: 'LTAI-of-the-account', secret: SECRET, url: `redis://u:${SECRET}@redis:6379` },
      {
        RECEIPTD_CREDENTIALS_ACCESS_KEY_ID_FILE: 'id',
        RECEIPTD_CREDENTIALS_ACCESS_KEY_SECRET_FILE: 'secret',
        RECEIPTD_PIPELINE_BACKEND: 'redis',
        RECEIPTD_PIPELINE_URL_FILE: 'url',
      },
    );
    expect(config.credentials).toEqual({ accessKeyId: 'LTAI-of-the-account', accessKeySecret: SECRET });
    expect(stringify(redact(config))).not.toMatch(/S3cret|LTAI/);
  });
});

describe(`\${VAR}`, () => {
  const text = `${QUEUES}ops: { token: '\${OPS_TOKEN}' }\n`;

  it('falls back to the file that VAR_FILE names', () => {
    expect(load({ token: `${SECRET}\n` }, { OPS_TOKEN_FILE: 'token' }, text).ops.token).toBe(SECRET);
    expect(load({ token: SECRET }, { OPS_TOKEN: '', OPS_TOKEN_FILE: 'token' }, text).ops.token).toBe(SECRET);
  });

  it('prefers the file to a default, and does not hide that it cannot be read', () => {
    const withDefault = text.replace('OPS_TOKEN}', 'OPS_TOKEN:-none-of-my-business}');
    expect(load({ token: SECRET }, { OPS_TOKEN_FILE: 'token' }, withDefault).ops.token).toBe(SECRET);
    expect(load({}, {}, withDefault).ops.token).toBe('none-of-my-business');
    expect(refused(() => load({}, { OPS_TOKEN_FILE: 'token' }, withDefault))).toEqual([
      'ops.token: cannot be read from token: no such file (OPS_TOKEN_FILE) (receiptd.yaml:2)',
    ]);
  });

  it('may not have both', () => {
    expect(refused(() => load({ token: SECRET }, { OPS_TOKEN: 'x', OPS_TOKEN_FILE: 'token' }, text))).toEqual(
      ['ops.token: is given by both OPS_TOKEN and OPS_TOKEN_FILE, unset one of them (receiptd.yaml:2)'],
    );
  });

  it('never tells what a file has, whatever it was put into', () => {
    const odd = `${QUEUES}region: '\${OPS_TOKEN}'\npoll: { threads: '\${OPS_TOKEN}' }\n`;
    expect(refused(() => load({ token: SECRET }, { OPS_TOKEN_FILE: 'token' }, odd))).toEqual([
      'region: must be a region such as cn-hangzhou (receiptd.yaml:2)',
      'poll.threads: must be a whole number between 1 and 64 (receiptd.yaml:3)',
    ]);
  });
});

describe('a file that has no value is refused, by variable and path', () => {
  const refusals = (name: string, files: Record<string, string | Uint8Array>) =>
    refused(() => load(files, { RECEIPTD_OPS_TOKEN_FILE: name }));

  it.each([
    ['missing', 'gone', 'no such file'],
    ['below a file', 'receiptd.yaml/token', 'no such file'],
    ['a directory', '.', 'is a directory, not a file'],
    ['endless', '/dev/zero', 'is larger than 256 KiB'],
    ['empty', '/dev/null', 'is empty'],
  ])('%s', (_, name, problem) => {
    expect(refusals(name, {})).toEqual([
      `ops.token: cannot be read from ${name}: ${problem} (RECEIPTD_OPS_TOKEN_FILE)`,
    ]);
  });

  it.each([
    ['only a line break', '\n', 'is empty'],
    ['no text', new Uint8Array([0xff, 0xfe, 0x53]), 'is not UTF-8 text'],
    ['too much', 'x'.repeat(256 * 1024 + 1), 'is larger than 256 KiB'],
  ])('%s', (_, content, problem) => {
    expect(refusals('token', { token: content })).toEqual([
      `ops.token: cannot be read from token: ${problem} (RECEIPTD_OPS_TOKEN_FILE)`,
    ]);
  });

  it.runIf(process.getuid?.() !== 0)('unreadable', () => {
    const cwd = directory({ 'receiptd.yaml': HEAD, token: SECRET });
    chmodSync(join(cwd, 'token'), 0o000);
    expect(refused(() => loadConfig({ env: { RECEIPTD_OPS_TOKEN_FILE: 'token' }, cwd }))).toEqual([
      'ops.token: cannot be read from token: permission denied (RECEIPTD_OPS_TOKEN_FILE)',
    ]);
  });

  it('given twice, told once', () => {
    const env = { RECEIPTD_OPS_TOKEN: 'x', RECEIPTD_OPS_TOKEN_FILE: 'token' };
    expect(refused(() => load({ token: SECRET }, env))).toEqual([
      'ops.token: is given by both RECEIPTD_OPS_TOKEN and RECEIPTD_OPS_TOKEN_FILE, unset one of them',
    ]);
  });

  it('of no known key', () => {
    expect(refused(() => load({}, { RECEIPTD_OPS_TOKN_FILE: 'token' }))).toEqual([
      expect.stringMatching(/^RECEIPTD_OPS_TOKN_FILE: unknown environment variable/),
    ]);
  });

  it('a value that its key does not take is not repeated', () => {
    expect(refused(() => load({ token: SECRET }, { RECEIPTD_POLL_THREADS_FILE: 'token' }))).toEqual([
      'poll.threads: must be a whole number between 1 and 64 (RECEIPTD_POLL_THREADS_FILE=token)',
    ]);
    expect(refused(() => load({ token: SECRET }, { RECEIPTD_QUEUES_FILE: 'token' }))).toEqual([
      'queues: must be a list of queues (RECEIPTD_QUEUES_FILE=token)',
    ]);
  });
});
