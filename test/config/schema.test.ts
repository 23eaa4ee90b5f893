import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/config/index.js';
import { HEAD, load, refused } from './helpers.js';

const queue = { messageType: 'SmsReport', queueName: 'Q-1' };

describe('defaults', () => {
  it('are those of the design', () => {
    expect(parseConfig({ queues: [queue] })).toEqual({
      role: 'all',
      region: 'cn-hangzhou',
      endpoints: {
        dybaseapi: 'https://dybaseapi.aliyuncs.com',
        mns: 'https://1943695596114318.mns.cn-hangzhou.aliyuncs.com',
        apiVersion: '2017-05-25',
      },
      credentials: {},
      queues: [queue],
      poll: { threads: 2, maxConcurrency: 8, waitSeconds: 30, batchSize: 16 },
      pipeline: {
        backend: 'embedded',
        dataDir: './data',
        url: '',
        prefix: 'receiptd',
        redis: {
          topology: 'standalone',
          nodes: [],
          sentinel: { name: '', username: '', password: '' },
          tls: { verify: true },
        },
        concurrency: 64,
        maxInFlight: 1024,
        attempts: 8,
        ackOn: 'delivered',
      },
      ack: { linger: 50 },
      dedupe: { by: 'id', window: 0 },
      sinks: [{ type: 'ndjson', path: '-', maxBytes: 0, maxAge: 0, gzip: false }],
      capture: { dir: '', gzip: false, maxBytes: 134_217_728, maxAge: 3_600_000, maskPhones: false },
      shutdown: { pollGrace: 5000, timeout: 25000 },
      ops: { host: '127.0.0.1', port: 8090, token: '', viewerToken: '', unmask: false },
      log: { level: 'info', format: 'auto' },
      tracing: { endpoint: '', serviceName: 'receiptd', sampleRatio: 1, headers: {} },
    });
  });

  it('follow the region, key by key', () => {
    const { endpoints } = parseConfig({
      region: 'ap-southeast-1',
      endpoints: { mns: 'http://localhost:8080/' },
      queues: [queue],
    });
    expect(endpoints.dybaseapi).toBe('https://dybaseapi.ap-southeast-1.aliyuncs.com');
    expect(endpoints.mns).toBe('http://localhost:8080');
    expect(parseConfig({ region: 'ap-southeast-1', queues: [queue] }).endpoints.mns).toBe(
      'https://1493622401794734.mns.ap-southeast-1.aliyuncs.com',
    );
  });
});

it('places in flight for every thread are enough for every thread', () => {
  expect(refused(() => load(`${HEAD}poll: { threads: 32 }\npipeline: { maxInFlight: 511 }\n`))).toEqual([
    'pipeline.maxInFlight: must be at least 16 for each of poll.threads (512), got 511 (receiptd.yaml:4)',
  ]);
});

describe('ranges', () => {
  it.each([
    ['poll', 'threads', 1, 64],
    ['poll', 'maxConcurrency', 1, 64],
    ['poll', 'waitSeconds', 0, 30],
    ['poll', 'batchSize', 1, 16],
    ['pipeline', 'concurrency', 1, 1024],
    ['pipeline', 'maxInFlight', 16, 4999],
    ['pipeline', 'attempts', 1, 100],
    ['ack', 'linger', 0, 10000],
    ['capture', 'maxBytes', 65_536, 1024 ** 4],
    ['capture', 'maxAge', 1000, 604_800_000],
    ['shutdown', 'pollGrace', 0, 30000],
    ['shutdown', 'timeout', 1000, 600000],
    ['ops', 'port', 0, 65535],
  ])('%s.%s is a whole number from %i to %i', (section, key, min, max) => {
    const give = (value: unknown) =>
      load(`${HEAD}${section}:\n  ${key}: ${value}\n`, {
        // Keeps the rules between two keys out of the way of their ranges.
        ...(key === 'maxInFlight' && { RECEIPTD_POLL_THREADS: '1' }),
        ...(key === 'pollGrace' && { RECEIPTD_SHUTDOWN_TIMEOUT: '600000' }),
        ...(key === 'timeout' && { RECEIPTD_SHUTDOWN_POLL_GRACE: '0' }),
      });
    for (const good of [min, max]) expect(give(good).config).toMatchObject({ [section]: { [key]: good } });
    for (const bad of [min - 1, max + 1])
      expect(refused(() => give(bad))).toEqual([
        `${section}.${key}: must be between ${min} and ${max}, got ${bad} (receiptd.yaml:4)`,
      ]);
    for (const [bad, shown] of [
      [min + 0.5, min + 0.5],
      ['many', '"many"'],
      ['"3"', '"3"'],
      ['.nan', 'NaN'],
      ['true', 'true'],
      ['[1]', 'a list'],
    ])
      expect(refused(() => give(bad))).toEqual([
        `${section}.${key}: must be a whole number between ${min} and ${max}, got ${shown} (receiptd.yaml:4)`,
      ]);
  });
});

describe('accepts', () => {
  it.each([
    [
      'another region with its endpoints',
      'region: eu-central-1\nendpoints: { dybaseapi: "http://a:1", mns: "https://b" }',
    ],
    ['both keys', 'credentials: { accessKeyId: a, accessKeySecret: b }'],
    ['keys of an STS session', 'credentials: { accessKeyId: a, accessKeySecret: b, securityToken: c }'],
    ['redis', 'pipeline: { backend: redis, url: "redis://localhost:6379/1" }'],
    ['postgres', 'pipeline: { backend: postgres, url: "postgres://localhost/receiptd", ackOn: enqueued }'],
    ['receipts told apart by their keys', 'dedupe: { by: idempotencykey, window: 86400000 }'],
    [
      'a Redis Cluster with an IPv6 node',
      'pipeline: { backend: redis, url: "rediss://u:p@h:7000/0", redis: { topology: cluster, nodes: ["h2:7000", "[::1]:7000"], tls: { ca: a.pem, cert: "" } } }',
    ],
    [
      'Sentinels',
      'pipeline: { backend: redis, url: "redis://u:p@s/2", redis: { topology: sentinel, nodes: ["s2:26379"], sentinel: { name: m, password: p } } }',
    ],
    ['redis over TLS', 'pipeline: { backend: redis, url: "rediss://user:pass@host" }'],
    [
      'sinks by type',
      'sinks: [{ type: module, path: ./h.mjs, types: [SmsReport], name: mine }, { type: ndjson, path: a }]',
    ],
    ['an open port with a token', 'ops: { host: 0.0.0.0, token: 0123456789abcdef }'],
    ['a token for viewers beside it', 'ops: { token: 0123456789abcdef, viewerToken: fedcba9876543210 }'],
    ['localhost without one', 'ops: { host: localhost }'],
    ['::1 without one', 'ops: { host: "::1" }'],
    ['no logs', 'log: { level: silent, format: json }'],
  ])('%s', (_, text) => {
    expect(() => load(`${HEAD}${text}\n`)).not.toThrow();
  });

  it('empty keys as none, for the default chain', () => {
    const { config } = load(
      `${HEAD}credentials: { accessKeyId: "", accessKeySecret: "\${NOPE:-}", securityToken: }\n`,
    );
    expect(config.credentials).toEqual({});
  });
});

describe('refuses', () => {
  it.each([
    ['a region that is none', 'region: Mars', 'region: must be a region such as cn-hangzhou, got "Mars"'],
    [
      'a URL with a path',
      'endpoints: { mns: "https://h/queues" }',
      /^endpoints\.mns: must be an http.* without path/,
    ],
    [
      'a URL with a user',
      'endpoints: { mns: "https://u:hunter2@h" }',
      /^endpoints\.mns: must be an http(?!.*hunter2)/,
    ],
    [
      'a URL of another kind',
      'endpoints: { dybaseapi: "ftp://h" }',
      /^endpoints\.dybaseapi: must be an http/,
    ],
    ['an API version', 'endpoints: { apiVersion: v1 }', /^endpoints\.apiVersion: must be a date/],
    [
      'an id without its secret',
      'credentials: { accessKeyId: a }',
      'credentials.accessKeySecret: is required with credentials.accessKeyId',
    ],
    [
      'a secret without its id',
      'credentials: { accessKeySecret: a }',
      'credentials.accessKeyId: is required with credentials.accessKeySecret',
    ],
    [
      'a secret read as a number',
      'credentials: { accessKeyId: a, accessKeySecret: 12345 }',
      'credentials.accessKeySecret: must be text, got a number (put it in quotes)',
    ],
    ['credentials as text', 'credentials: hunter2', 'credentials: must be a mapping, got text'],
    [
      'postgres without its URL',
      'pipeline: { backend: postgres }',
      'pipeline.url: is required with backend postgres, such as postgres://localhost/receiptd',
    ],
    [
      "another backend's URL",
      'pipeline: { backend: redis, url: "postgres://localhost/receiptd" }',
      'pipeline.url: must be the URL of backend redis, such as redis://localhost:6379',
    ],
    [
      'a backend that is none',
      'pipeline: { backend: mysql }',
      'pipeline.backend: must be embedded or redis or postgres, got "mysql"',
    ],
    [
      'ackOn enqueued',
      'pipeline: { ackOn: enqueued }',
      'pipeline.ackOn: enqueued needs a store that survives the loss of power: backend redis with AOF, or postgres',
    ],
    [
      'receipts told apart by their keys for no time at all',
      'dedupe: { by: idempotencykey }',
      'dedupe.window: is required with by idempotencykey, such as 86400000 for a day',
    ],
    ['redis without a URL', 'pipeline: { backend: redis }', /^pipeline\.url: is required with backend redis/],
    ['a URL without redis', 'pipeline: { url: "redis://h" }', /^pipeline\.url: is only for backend redis/],
    [
      'a URL that is not for redis',
      'pipeline: { backend: redis, url: "http://u:hunter2@h" }',
      'pipeline.url: must be a redis://, rediss:// or postgres:// URL',
    ],
    [
      'a broken URL',
      'pipeline: { backend: redis, url: "redis://:hunter2@h:port" }',
      'pipeline.url: must be a redis://, rediss:// or postgres:// URL',
    ],
    [
      'an unknown topology',
      'pipeline: { backend: redis, url: "redis://h", redis: { topology: ring } }',
      /^pipeline\.redis\.topology: must be standalone or cluster or sentinel, got "ring"/,
    ],
    [
      'a node without a port',
      'pipeline: { backend: redis, url: "redis://h", redis: { topology: cluster, nodes: [h2] } }',
      /^pipeline\.redis\.nodes\[0\]: must be host:port, with no more around it/,
    ],
    [
      'a node that is a URL',
      'pipeline: { backend: redis, url: "redis://h", redis: { topology: cluster, nodes: ["redis://:hunter2@h2:6379"] } }',
      /^pipeline\.redis\.nodes\[0\]: must be host:port/,
    ],
    [
      'a port that is none',
      'pipeline: { backend: redis, url: "redis://h", redis: { topology: cluster, nodes: ["h2:65536"] } }',
      /^pipeline\.redis\.nodes\[0\]: must be host:port, with/,
    ],
    [
      'nodes of one server',
      'pipeline: { backend: redis, url: "redis://h", redis: { nodes: ["h2:6379"] } }',
      /^pipeline\.redis\.nodes: is only for topology cluster or sentinel/,
    ],
    [
      "a cluster's database",
      'pipeline: { backend: redis, url: "redis://h/1", redis: { topology: cluster } }',
      /^pipeline\.url: must not name a database, a Redis Cluster has only one/,
    ],
    [
      'Sentinels without a name',
      'pipeline: { backend: redis, url: "redis://h", redis: { topology: sentinel } }',
      /^pipeline\.redis\.sentinel\.name: is required with topology sentinel, such as mymaster/,
    ],
    [
      'a name without Sentinels',
      'pipeline: { backend: redis, url: "redis://h", redis: { sentinel: { name: m } } }',
      /^pipeline\.redis\.sentinel\.name: is only for topology sentinel/,
    ],
    [
      "a Sentinel's user without a password",
      'pipeline: { backend: redis, url: "redis://h", redis: { topology: sentinel, sentinel: { name: m, username: u } } }',
      /^pipeline\.redis\.sentinel\.password: is required with sentinel\.username/,
    ],
    [
      'TLS files without TLS',
      'pipeline: { backend: redis, url: "redis://h", redis: { tls: { ca: a.pem } } }',
      /^pipeline\.redis\.tls\.ca: needs a rediss:\/\/ URL in pipeline\.url/,
    ],
    [
      'half a certificate',
      'pipeline: { backend: redis, url: "rediss://h", redis: { tls: { cert: a.pem } } }',
      /^pipeline\.redis\.tls\.key: is required with tls\.cert/,
    ],
    [
      'a cluster of PostgreSQL',
      'pipeline: { backend: postgres, url: "postgres://h/d", redis: { topology: cluster } }',
      /^pipeline\.redis\.topology: is only for backend redis/,
    ],
    ['an empty directory', 'pipeline: { dataDir: "" }', 'pipeline.dataDir: must not be empty, got ""'],
    ['a directory to capture to that is none', 'capture: { dir: 7 }', 'capture.dir: must be text, got 7'],
    ['a yes', 'capture: { gzip: "yes" }', 'capture.gzip: must be true or false, got "yes"'],
    [
      'a size with a unit',
      'capture: { maxBytes: 128MiB }',
      'capture.maxBytes: must be a whole number between 65536 and 1099511627776, got "128MiB"',
    ],
    [
      'a grace as long as the timeout',
      'shutdown: { pollGrace: 2000, timeout: 2000 }',
      'shutdown.pollGrace: must be less than shutdown.timeout (2000), got 2000',
    ],
    [
      'an open port without a token',
      'ops: { host: 0.0.0.0 }',
      /^ops\.token: is required \(at least 16 characters\) because ops\.host 0\.0\.0\.0 is not loopback/,
    ],
    ['a name that starts like loopback', 'ops: { host: 127.0.0.1.example.com }', /^ops\.token: is required/],
    [
      'a short token',
      'ops: { token: hunter2 }',
      'ops.token: must be at least 16 printable characters without spaces',
    ],
    [
      'a viewer where everybody may do everything',
      'ops: { viewerToken: 0123456789abcdef }',
      'ops.viewerToken: is of no use without ops.token: without it everybody may do everything',
    ],
    [
      'a viewer who would be an operator',
      'ops: { token: 0123456789abcdef, viewerToken: 0123456789abcdef }',
      'ops.viewerToken: must differ from ops.token',
    ],
    [
      'a level',
      'log: { level: verbose }',
      'log.level: must be trace or debug or info or warn or error or fatal or silent, got "verbose"',
    ],
    ['no sink', 'sinks: []', 'sinks: must have at least one sink'],
    ['one sink without its list', 'sinks: { type: ndjson, path: a }', 'sinks: must be a list, got a mapping'],
    ['a sink without a type', 'sinks: [{ path: a }]', 'sinks[0].type: is required'],
    [
      'an unknown type of sink',
      'sinks: [{ type: kafka }]',
      'sinks[0].type: must be ndjson or webhook or sql or module, got "kafka"',
    ],
    ['a sink without a path', 'sinks: [{ type: ndjson }]', 'sinks[0].path: is required'],
    [
      'a sink that takes nothing',
      'sinks: [{ type: ndjson, path: a, types: [] }]',
      /^sinks\[0\]\.types: must not be empty/,
    ],
    [
      'two sinks of one name',
      'sinks: [{ type: ndjson, path: a, name: x }, { type: ndjson, path: b, name: x }]',
      /^sinks\[1\]\.name: must be unique, sinks\[0\]/,
    ],
    [
      'two sinks of one path',
      'sinks: [{ type: ndjson, path: a }, { type: ndjson, path: a }]',
      /^sinks\[1\]\.name: must be unique, sinks\[0\]/,
    ],
    ['a null in a list', 'sinks: [~]', /^sinks\[0\]: is required/],
  ])('%s', (_, text, message) => {
    const lines = refused(() => load(`${HEAD}${text}\n`));
    expect(lines).toHaveLength(1);
    if (typeof message === 'string') expect(lines[0]).toBe(`${message} (receiptd.yaml:3)`);
    else expect(lines[0]).toMatch(message);
    expect(lines[0]).not.toMatch(/hunter2|12345/);
  });

  it.each([
    ['none', '', /^queues: must have at least one queue, such as/],
    ['an empty list', 'queues: []', /^queues: must have at least one queue, such as/],
    ['a null', 'queues:', /^queues: must have at least one queue, such as/],
    ['text', 'queues: Q', /^queues: must be a list of queues, got "Q"/],
    ['one without a name', 'queues: [{ messageType: A }]', /^queues\[0\]\.queueName: is required/],
    [
      'an odd type',
      'queues: [{ messageType: A-b, queueName: q }]',
      /^queues\[0\]\.messageType: must be a message type such as SmsReport, got "A-b"/,
    ],
    [
      'an odd name',
      'queues: [{ messageType: A, queueName: a/b }]',
      /^queues\[0\]\.queueName: must be an MNS queue name/,
    ],
    [
      'a long name',
      `queues: [{ messageType: A, queueName: ${'q'.repeat(257)} }]`,
      /^queues\[0\]\.queueName: must be an MNS queue name/,
    ],
    [
      'a name twice',
      'queues: [{ messageType: A, queueName: q }, { messageType: B, queueName: q }]',
      /^queues\[1\]\.queueName: must be unique, queues\[0\]/,
    ],
    [
      'a type that no sink takes',
      'queues: [{ messageType: A, queueName: q }]\nsinks: [{ type: ndjson, path: a, types: [B] }]',
      /^queues\[0\]\.messageType: is A, which no sink takes/,
    ],
  ])('queues: %s', (_, text, message) => {
    const lines = refused(() => load(`${text}\n`));
    expect(lines).toEqual([expect.stringMatching(message)]);
  });

  it('a region whose endpoints nobody knows', () => {
    expect(refused(() => load(`${HEAD}region: eu-central-1\n`))).toEqual([
      'endpoints.dybaseapi: is required for region eu-central-1 (receiptd.yaml)',
      'endpoints.mns: is required for region eu-central-1 (receiptd.yaml)',
    ]);
  });

  it('data of a caller, without a place', () => {
    expect(refused(() => parseConfig({ queues: [queue], poll: { threads: 0 } }))).toEqual([
      'poll.threads: must be between 1 and 64, got 0',
    ]);
  });
});
