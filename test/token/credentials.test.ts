import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { UsageError } from '../../src/errors.js';
import { CredentialsError, createCredentials } from '../../src/token/index.js';
import { StubServer } from '../mns/stub-server.js';

const saved = { ...process.env };
let home: string;

beforeEach(() => {
  // Only what a test sets: no profile of this machine, no metadata service.
  for (const name of Object.keys(process.env)) if (name.startsWith('ALIBABA_CLOUD')) delete process.env[name];
  home = mkdtempSync(join(tmpdir(), 'receiptd-home-'));
  process.env.HOME = home;
  process.env.ALIBABA_CLOUD_ECS_METADATA_DISABLED = 'true';
});

afterEach(() => {
  for (const name of Object.keys(process.env)) if (!(name in saved)) delete process.env[name];
  Object.assign(process.env, saved);
  rmSync(home, { recursive: true });
});

test('keys of the configuration, with and without an STS token', async () => {
  process.env.ALIBABA_CLOUD_ACCESS_KEY_ID = 'other';
  process.env.ALIBABA_CLOUD_ACCESS_KEY_SECRET = 'other';
  const keys = { accessKeyId: 'id', accessKeySecret: 'secret' };
  expect(await createCredentials(keys)()).toEqual(keys);
  const sts = { ...keys, securityToken: 'token' };
  expect(await createCredentials(sts)()).toEqual(sts);
});

test('the environment, looked up at each call', async () => {
  const credentials = createCredentials({});
  process.env.ALIBABA_CLOUD_ACCESS_KEY_ID = 'id1';
  process.env.ALIBABA_CLOUD_ACCESS_KEY_SECRET = 'secret1';
  expect(await credentials()).toEqual({ accessKeyId: 'id1', accessKeySecret: 'secret1' });
  process.env.ALIBABA_CLOUD_ACCESS_KEY_ID = 'id2';
  process.env.ALIBABA_CLOUD_SECURITY_TOKEN = 'token2';
  expect(await credentials()).toEqual({
    accessKeyId: 'id2',
    accessKeySecret: 'secret1',
    securityToken: 'token2',
  });
});

test('files that the environment names, read at each call', async () => {
  const credentials = createCredentials({});
  const keep = (name: string, text: string) => {
    const path = join(home, name);
    writeFileSync(path, text);
    return path;
  };
  process.env.ALIBABA_CLOUD_ACCESS_KEY_ID = 'id';
  process.env.ALIBABA_CLOUD_ACCESS_KEY_SECRET_FILE = keep('secret', 'secret1\n');
  expect(await credentials()).toEqual({ accessKeyId: 'id', accessKeySecret: 'secret1' });
  keep('secret', 'secret2');
  process.env.ALIBABA_CLOUD_SECURITY_TOKEN_FILE = keep('token', 'token2\n');
  expect(await credentials()).toEqual({
    accessKeyId: 'id',
    accessKeySecret: 'secret2',
    securityToken: 'token2',
  });
  const keys = { accessKeyId: 'configured', accessKeySecret: 'too' };
  expect(await createCredentials(keys)()).toEqual(keys);
});

test.each([
  [
    { ID_FILE: '/gone' },
    'ALIBABA_CLOUD_ACCESS_KEY_ID: cannot be read from /gone: no such file (ALIBABA_CLOUD_ACCESS_KEY_ID_FILE)',
  ],
  [
    { SECRET: 's3cret', SECRET_FILE: '/gone', ID: 'id' },
    'ALIBABA_CLOUD_ACCESS_KEY_SECRET: is given by both ALIBABA_CLOUD_ACCESS_KEY_SECRET and ALIBABA_CLOUD_ACCESS_KEY_SECRET_FILE, unset one of them',
  ],
  [
    { ID_FILE: '/proc/version' },
    'ALIBABA_CLOUD_ACCESS_KEY_SECRET: is not set, and neither is ALIBABA_CLOUD_ACCESS_KEY_SECRET_FILE, but the other one is',
  ],
])('files without a key: %j', async (env, message) => {
  for (const [name, value] of Object.entries(env)) process.env[`ALIBABA_CLOUD_ACCESS_KEY_${name}`] = value;
  await expect(createCredentials({})()).rejects.toThrow(new CredentialsError('CREDENTIALS_FILE', message));
});

test('none: one line that names what to set; found once they are there', async () => {
  const credentials = createCredentials({});
  for (let i = 0; i < 2; i++) {
    const error = await credentials().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(CredentialsError);
    expect(error).toBeInstanceOf(UsageError);
    const { message } = error as Error;
    expect(message).not.toContain('\n');
    for (const name of ['ALIBABA_CLOUD_ACCESS_KEY_ID', '_SECRET', 'credentials.accessKeyId'])
      expect(message).toContain(name);
  }
  process.env.ALIBABA_CLOUD_ACCESS_KEY_ID = 'id';
  process.env.ALIBABA_CLOUD_ACCESS_KEY_SECRET = 'secret';
  expect(await credentials()).toEqual({ accessKeyId: 'id', accessKeySecret: 'secret' });
});

test('what a credentials server answers does not get into the error', async () => {
  const server = await new StubServer().listen();
  server.answer(200, JSON.stringify({ AccessKeyId: 'leakedId', AccessKeySecret: 'leakedSecret' }));
  process.env.ALIBABA_CLOUD_CREDENTIALS_URI = `${server.url}/credentials`;
  const error = (await createCredentials({})().catch((reason: unknown) => reason)) as Error;
  expect(error).toBeInstanceOf(CredentialsError);
  expect(server.requests.length).toBeGreaterThan(0);
  expect(`${error.message}${error.stack}${JSON.stringify(error)}${String(error.cause)}`).not.toContain(
    'leaked',
  );
  await server.close();
});
