/** Redis over TLS: one server, a cluster and Sentinels that speak nothing else, and what is said where it fails. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ReceiptdError, UsageError } from '../../src/errors.js';
import { type Backend, openBackend, type PipelineConfig } from '../../src/pipeline/index.js';
import { connected, RedisConnector } from '../../src/pipeline/redis/connect.js';
import { Certificates } from '../support/certificates.js';
import { OwnServer } from '../support/own-server.js';
import { freePort } from '../support/ports.js';
import { TestRedis } from '../support/redis.js';
import { asked, nodePort, slotsOf } from '../support/redis-cluster.js';
import { MASTER_NAME } from '../support/redis-sentinel.js';
import { until } from '../support/until.js';
import { Rig } from './rig.js';
import { pipelineConfig } from './stores.js';

const certificates = new Certificates();
let server: TestRedis;
let tlsPort: number;

beforeAll(async () => {
  certificates.make('ca');
  certificates.make('other-ca');
  certificates.make('server', { issuer: 'ca' });
  certificates.make('client', { issuer: 'ca' });
  certificates.make('stranger', { issuer: 'other-ca' });
  tlsPort = await freePort();
  server = await TestRedis.start(...tlsSettings(tlsPort).flat(), '--requirepass', 'secret-of-redis');
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
  certificates[Symbol.dispose]();
});

/** As arguments of redis-server; it also asks clients for a certificate. */
function tlsSettings(port: number): string[][] {
  return [
    ['--tls-port', `${port}`],
    ['--tls-ca-cert-file', certificates.at('ca.pem')],
    ['--tls-cert-file', certificates.at('server.pem')],
    ['--tls-key-file', certificates.at('server.key')],
  ];
}

type Tls = Partial<PipelineConfig['redis']['tls']>;

const files = (tls: Tls): Tls =>
  Object.fromEntries(
    Object.entries(tls).map(([key, value]) => [
      key,
      typeof value === 'string' ? certificates.at(value) : value,
    ]),
  );

function over(tls: Tls, url = `rediss://:secret-of-redis@127.0.0.1:${tlsPort}`): PipelineConfig {
  return pipelineConfig({ backend: 'redis', url, redis: { tls: files(tls) } });
}

const MUTUAL = { ca: 'ca.pem', cert: 'client.pem', key: 'client.key' };

test.each([
  ['its authority and a certificate of our own', MUTUAL],
  ['no check of its certificate', { verify: false, cert: 'client.pem', key: 'client.key' }],
] as [string, Tls][])('delivers with %s', async (_, tls) => {
  await deliverOne(await openBackend(over(tls)));
});

async function deliverOne(backend: Backend): Promise<void> {
  const rig = new Rig(backend);
  rig.deliver();
  await rig.add(rig.job('m-1'));
  await rig.untilFinished(1);
  await rig.close();
  await backend.close();
}

test('delivers over a cluster that speaks TLS', async () => {
  const port = await nodePort();
  const settings = [
    ...tlsSettings(port).flat(),
    '--tls-cluster',
    'yes',
    '--cluster-enabled',
    'yes',
    '--cluster-announce-ip',
    '127.0.0.1',
  ];
  await using node = await TestRedis.startOn(await nodePort(), ...settings);
  await asked(node, (client) => client.call('CLUSTER', 'ADDSLOTS', ...slotsOf(0, 1)));
  await until('the cluster to be whole', () =>
    asked(node, async (client) => /cluster_state:ok/.test(String(await client.cluster('INFO')))),
  );
  const redis = { topology: 'cluster' as const, tls: files(MUTUAL) };
  const config = pipelineConfig({ backend: 'redis', url: `rediss://127.0.0.1:${port}`, redis });
  await deliverOne(await openBackend(config));
});

test('delivers where a Sentinel says, over TLS to both, with a password for each', async () => {
  const port = await freePort();
  const lines = [
    ...tlsSettings(port).map(([name = '', value]) => `${name.slice(2)} ${value}`),
    ...['port 0', 'bind 127.0.0.1', 'tls-replication yes', 'requirepass secret-of-sentinel'],
    `sentinel monitor ${MASTER_NAME} 127.0.0.1 ${tlsPort} 1`,
    `sentinel auth-pass ${MASTER_NAME} secret-of-redis`,
  ];
  const directory = await mkdtemp(join(tmpdir(), 'receiptd-sentinel-'));
  const file = join(directory, 'sentinel.conf');
  await writeFile(file, `${lines.join('\n')}\n`);
  const answers = () => canConnect(port);
  const sentinel = new OwnServer(
    { file: 'redis-server', args: [file, '--sentinel'], cwd: directory },
    answers,
  );
  try {
    await sentinel.up();
    const url = `rediss://:secret-of-redis@127.0.0.1:${port}`;
    const by = (password: string) =>
      pipelineConfig({
        backend: 'redis',
        url,
        redis: { topology: 'sentinel', sentinel: { name: MASTER_NAME, password }, tls: files(MUTUAL) },
      });
    await deliverOne(await openBackend(by('secret-of-sentinel')));
    const error = await refusal(by('hunter2'));
    expect(error.message).toMatch(
      /^pipeline\.redis\.sentinel\.password: Sentinel at 127\.0\.0\.1:\d+ refuses the login: WRONGPASS/,
    );
  } finally {
    await sentinel.down('SIGKILL');
    await rm(directory, { recursive: true, force: true });
  }
});

function canConnect(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    }).once('error', () => resolve(false));
  });
}

test('a connection that tells of more than one error ends nothing else', async () => {
  const config = over(MUTUAL);
  const client = new RedisConnector(config).consumer() as Redis;
  await connected(client);
  for (const reason of ['first', 'second', 'third']) client.stream.emit('error', new Error(reason));
  await client.ping();
  client.disconnect();
});

async function refusal(config: PipelineConfig): Promise<ReceiptdError> {
  const error = await openBackend(config).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ReceiptdError);
  expect(String((error as Error).message)).not.toMatch(/secret-of|hunter2|\n/);
  return error as ReceiptdError;
}

test.each([
  ['an authority that nobody has heard of', {}, /self.signed|unable to (verify|get)/],
  ['another authority', { ...MUTUAL, ca: 'other-ca.pem' }, /unable to|self.signed|certificate/],
] as [string, Tls, RegExp][])('says that TLS fails with %s', async (_, tls, reason) => {
  const error = await refusal(over(tls));
  expect(error).toMatchObject({ code: 'REDIS_TLS', message: expect.stringMatching(reason) });
  expect(error).toBeInstanceOf(UsageError);
  expect(error.message).toMatch(
    new RegExp(`^pipeline\\.redis\\.tls: no trusted connection to Redis at 127\\.0\\.0\\.1:${tlsPort}: `),
  );
});

// With TLS 1.3 the connection is open by the time the server looks at the certificate, and hangs up: whether its reason
// arrives before is a matter of luck.
test.each([
  ['no certificate of our own', { ca: 'ca.pem' }],
  ['a certificate of a stranger', { ca: 'ca.pem', cert: 'stranger.pem', key: 'stranger.key' }],
] as [string, Tls][])('points to the certificate with %s', async (_, tls) => {
  expect((await refusal(over(tls))).message).toMatch(/pipeline\.redis\.tls.*\bcert\b/);
});

test('says of a server that speaks no TLS that it may', async () => {
  const error = await refusal(over(MUTUAL, `rediss://:secret-of-redis@127.0.0.1:${server.port}`));
  expect(error.code).toBe('REDIS_UNREACHABLE');
  expect(error.message).toMatch(/, which needs redis:\/\/ if it speaks no TLS$/);
});

test('says of a server that speaks only TLS that it may', async () => {
  const error = await refusal(over({}, `redis://:secret-of-redis@127.0.0.1:${tlsPort}`));
  expect(error.code).toBe('REDIS_UNREACHABLE');
  expect(error.message).toMatch(/, which needs rediss:\/\/ if it speaks TLS$/);
});

describe('files that cannot work', () => {
  test.each([
    [{ ca: 'none.pem' }, /^pipeline\.redis\.tls\.ca \S+none\.pem cannot be read: ENOENT/],
    [{ ca: 'ca.key' }, /^pipeline\.redis\.tls\.ca \S+ca\.key holds no certificate in PEM$/],
    [
      { cert: 'client.pem', key: 'server.key' },
      /^pipeline\.redis\.tls\.cert \S+ and tls\.key \S+ do not make a pair: /,
    ],
  ] as [Tls, RegExp][])('%j', async (tls, message) => {
    const error = await refusal(over(tls));
    expect(error).toBeInstanceOf(UsageError);
    expect(error.message).toMatch(message);
  });
});
