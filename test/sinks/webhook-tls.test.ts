import { readFileSync, writeFileSync } from 'node:fs';
import type { ServerOptions } from 'node:https';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { UsageError } from '../../src/errors.js';
import type { Sink } from '../../src/sinks/index.js';
import { Certificates } from '../support/certificates.js';
import { context, record } from './records.js';
import { openWebhook, Receiver, type WebhookInput } from './webhook-receiver.js';

const certificates = new Certificates();
let receiver: Receiver | undefined;
let sink: Sink | undefined;

const at = (name: string) => certificates.at(name);
const pem = (name: string) => readFileSync(at(name));

beforeAll(() => {
  certificates.make('ca');
  certificates.make('other-ca');
  certificates.make('server', { issuer: 'ca' });
  certificates.make('client', { issuer: 'ca' });
  writeFileSync(at('bundle.pem'), Buffer.concat([pem('other-ca.pem'), Buffer.from('\n'), pem('ca.pem')]));
  writeFileSync(at('empty.pem'), '');
  writeFileSync(at('broken.pem'), '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n');
});

afterAll(() => {
  certificates[Symbol.dispose]();
});

afterEach(async () => {
  await sink?.close();
  sink = undefined;
  await receiver?.stop();
  receiver = undefined;
});

async function deliver(tls: NonNullable<WebhookInput['tls']>, server: ServerOptions = {}): Promise<void> {
  receiver = await Receiver.start({ cert: pem('server.pem'), key: pem('server.key'), ...server });
  sink = await openWebhook(receiver.url, { tls });
  await sink.deliver(record('m1'), context());
}

test.each(['ca.pem', 'bundle.pem'])('trusts the authority of %s', async (name) => {
  await deliver({ ca: at(name) });
  expect(receiver?.received).toHaveLength(1);
});

test.each([
  ['the usual authorities', {}],
  ['another authority', { ca: 'other-ca.pem' }],
])('refuses a receiver that %s do not know', async (_, tls: { ca?: string }) => {
  const error = await deliver(tls.ca === undefined ? {} : { ca: at(tls.ca) }).catch((error: Error) => error);
  // Not the event's fault.
  expect(error).toMatchObject({ code: 'WEBHOOK' });
  expect((error as Error).message).toMatch(/^no answer: .*(certificate|self-signed)/);
  expect(receiver?.received).toHaveLength(0);
});

test('does not check when told not to', async () => {
  await deliver({ verify: false });
  expect(receiver?.received).toHaveLength(1);
});

const mutual = () => ({ ca: pem('ca.pem'), requestCert: true, rejectUnauthorized: true });

test('shows its own certificate to a receiver that asks for one', async () => {
  await deliver({ ca: at('ca.pem'), cert: at('client.pem'), key: at('client.key') }, mutual());
  expect(receiver?.received).toHaveLength(1);
});

test('is refused without one', async () => {
  await expect(deliver({ ca: at('ca.pem') }, mutual())).rejects.toMatchObject({ code: 'WEBHOOK' });
  expect(receiver?.received).toHaveLength(0);
});

describe('files that cannot work', () => {
  test.each([
    [{ ca: 'none.pem' }, /^sinks: tls\.ca \S+none\.pem cannot be read: ENOENT/],
    [{ ca: 'empty.pem' }, /^sinks: tls\.ca \S+empty\.pem holds no certificate in PEM$/],
    [{ ca: 'ca.key' }, /^sinks: tls\.ca \S+ca\.key holds no certificate in PEM$/],
    [{ ca: 'broken.pem' }, /^sinks: tls\.ca \S+broken\.pem holds a broken certificate: /],
    [{ cert: 'client.pem', key: 'none.key' }, /^sinks: tls\.key \S+none\.key cannot be read: ENOENT/],
    [
      { cert: 'client.pem', key: 'server.key' },
      /^sinks: tls\.cert \S+ and tls\.key \S+ do not make a pair: /,
    ],
    [
      { cert: 'client.key', key: 'client.key' },
      /^sinks: tls\.cert \S+ and tls\.key \S+ do not make a pair: /,
    ],
  ])('%j', async (files: Record<string, string>, message) => {
    const tls = Object.fromEntries(Object.entries(files).map(([key, name]) => [key, at(name)]));
    const error = await openWebhook('https://127.0.0.1:1', { tls }).catch((error: Error) => error);
    expect(error).toBeInstanceOf(UsageError);
    expect((error as Error).message).toMatch(message);
    expect((error as Error).message).not.toContain('\n');
  });
});
