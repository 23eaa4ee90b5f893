import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/index.js';
import { configKeys } from '../../src/config/keys.js';
import { directory, HEAD, load, refused } from './helpers.js';

describe('every key is a variable', () => {
  it('named after its path', () => {
    const names = configKeys.map(({ env }) => env);
    expect(new Set(names).size).toBe(names.length);
    expect(names).toEqual(
      expect.arrayContaining([
        'RECEIPTD_REGION',
        'RECEIPTD_ENDPOINTS_API_VERSION',
        'RECEIPTD_CREDENTIALS_ACCESS_KEY_ID',
        'RECEIPTD_QUEUES',
        'RECEIPTD_POLL_WAIT_SECONDS',
        'RECEIPTD_PIPELINE_MAX_IN_FLIGHT',
        'RECEIPTD_PIPELINE_ACK_ON',
        'RECEIPTD_SINKS',
        'RECEIPTD_SHUTDOWN_POLL_GRACE',
      ]),
    );
  });

  it('that wins over the file, also in a section the file does not have', () => {
    const { config } = load(`${HEAD}poll: { threads: 1, batchSize: 4 }\n`, {
      RECEIPTD_POLL_THREADS: '3',
      RECEIPTD_PIPELINE_MAX_IN_FLIGHT: ' 512 ',
      RECEIPTD_PIPELINE_PREFIX: '7',
      RECEIPTD_SINKS: '[{"type":"module","path":"./h.mjs"}]',
      RECEIPTD_CAPTURE_DIR: './raw',
      RECEIPTD_CAPTURE_MASK_PHONES: 'true',
    });
    expect(config).toMatchObject({
      capture: { dir: './raw', gzip: false, maskPhones: true },
      poll: { threads: 3, batchSize: 4 },
      pipeline: { maxInFlight: 512, prefix: '7' },
      sinks: [{ type: 'module', path: './h.mjs' }],
    });
  });

  it('that makes a file unnecessary', () => {
    const env = { RECEIPTD_QUEUES: '- messageType: SmsUp\n  queueName: Q-2\n' };
    expect(loadConfig({ env, cwd: directory() })).toMatchObject({
      file: undefined,
      config: { queues: [{ messageType: 'SmsUp', queueName: 'Q-2' }] },
    });
  });

  it('that counts as unset when it is empty', () => {
    expect(load(HEAD, { RECEIPTD_POLL_THREADS: '', RECEIPTD_QUEUES: '' }).config).toEqual(load(HEAD).config);
  });

  it('whose text is taken as it is', () => {
    const token = `a\${HOME}:{#0123456789`;
    expect(load(HEAD, { RECEIPTD_OPS_TOKEN: token }).config.ops.token).toBe(token);
  });
});

describe('refuses', () => {
  it.each([
    [
      'RECEIPTD_POLL_THREADS',
      'x',
      'poll.threads: must be a whole number between 1 and 64, got "x" (RECEIPTD_POLL_THREADS)',
    ],
    [
      'RECEIPTD_POLL_THREADS',
      '1e1',
      'poll.threads: must be a whole number between 1 and 64, got "1e1" (RECEIPTD_POLL_THREADS)',
    ],
    ['RECEIPTD_POLL_THREADS', '99', 'poll.threads: must be between 1 and 64, got 99 (RECEIPTD_POLL_THREADS)'],
    [
      'RECEIPTD_OPS_PORT',
      '80.5',
      'ops.port: must be a whole number between 0 and 65535, got 80.5 (RECEIPTD_OPS_PORT)',
    ],
    [
      'RECEIPTD_OPS_TOKEN',
      'hunter2',
      'ops.token: must be at least 16 printable characters without spaces (RECEIPTD_OPS_TOKEN)',
    ],
    ['RECEIPTD_QUEUES', '[{', 'queues: is not readable as YAML or JSON (RECEIPTD_QUEUES)'],
    ['RECEIPTD_QUEUES', 'Q', 'queues: must be a list of queues, got "Q" (RECEIPTD_QUEUES)'],
    ['RECEIPTD_QUEUES', '[{messageType: A}]', 'queues[0].queueName: is required (RECEIPTD_QUEUES)'],
    [
      'RECEIPTD_POLL_BATCHSIZE',
      '1',
      'RECEIPTD_POLL_BATCHSIZE: unknown environment variable, did you mean RECEIPTD_POLL_BATCH_SIZE?',
    ],
    ['RECEIPTD_PORT', '8090', 'RECEIPTD_PORT: unknown environment variable, did you mean RECEIPTD_OPS_PORT?'],
    ['RECEIPTD_CONFG', '', 'RECEIPTD_CONFG: unknown environment variable, did you mean RECEIPTD_CONFIG?'],
    ['RECEIPTD_POLL', '{}', /^RECEIPTD_POLL: unknown environment variable/],
    ['RECEIPTD_XYZZY_PLUGH_FOO', '', /^RECEIPTD_XYZZY_PLUGH_FOO: unknown environment variable, unset it/],
    ['RECEIPTD___PROTO__', '1', /^RECEIPTD___PROTO__: unknown environment variable/],
  ])('%s=%s', (name, value, message) => {
    const lines = refused(() => load(HEAD, { [name]: value }));
    expect(lines).toEqual([typeof message === 'string' ? message : expect.stringMatching(message)]);
  });

  it('a section of the file that is none, even with a variable for a key in it', () => {
    expect(refused(() => load(`${HEAD}poll: 5\n`, { RECEIPTD_POLL_THREADS: '3' }))).toEqual([
      'poll: must be a mapping, got a number (receiptd.yaml:3)',
    ]);
  });
});

describe('what Kubernetes injects for Services is none of ours', () => {
  it.each([
    ['RECEIPTD_SERVICE_HOST', '10.0.0.1'],
    ['RECEIPTD_SERVICE_PORT', '8090'],
    ['RECEIPTD_SERVICE_PORT_HTTP_OPS', '8090'],
    ['RECEIPTD_PORT', 'tcp://10.0.0.1:8090'],
    ['RECEIPTD_PORT_8090_TCP', 'tcp://10.0.0.1:8090'],
    ['RECEIPTD_PORT_8090_TCP_PROTO', 'tcp'],
    ['RECEIPTD_PORT_8090_TCP_PORT', '8090'],
    ['RECEIPTD_PORT_8090_TCP_ADDR', '10.0.0.1'],
    ['RECEIPTD_REDIS_SERVICE_HOST', '10.0.0.2'],
    ['RECEIPTD_REDIS_PORT_6379_TCP', 'tcp://10.0.0.2:6379'],
    // A Service called receiptd-ops collides with our own key.
    ['RECEIPTD_OPS_PORT', 'tcp://10.0.0.3:8090'],
  ])('%s=%s', (name, value) => {
    expect(load(HEAD, { [name]: value }).config).toEqual(load(HEAD).config);
  });
});
