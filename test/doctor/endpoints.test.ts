import { once } from 'node:events';
import { createServer } from 'node:http';
import { createServer as createTlsServer, type ServerOptions } from 'node:https';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { afterAll, describe, expect, it } from 'vitest';
import { type Config, parseConfig } from '../../src/config/index.js';
import { clockCheck, endpointChecks, judgeClock, tracingCheck } from '../../src/doctor/endpoints.js';
import { runChecks } from '../../src/doctor/run-checks.js';
import { type Reached, reach } from '../../src/reach.js';
import { Certificates } from '../support/certificates.js';
import { Collector } from '../support/collector.js';
import { freePort } from '../support/ports.js';

const certificates = new Certificates();
afterAll(() => certificates[Symbol.dispose]());

const config = (dybaseapi: string, mns = dybaseapi): Config =>
  parseConfig({
    endpoints: { dybaseapi, mns },
    queues: [{ messageType: 'SmsReport', queueName: 'q' }],
  });

async function look(dybaseapi: string, env: NodeJS.ProcessEnv = {}) {
  const [check] = endpointChecks(config(dybaseapi), env, new Map());
  const [result] = await runChecks(check === undefined ? [] : [check]);
  return result;
}

async function listening(server: ReturnType<typeof createTcpServer>): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

async function tlsServer(options: ServerOptions) {
  const server = createTlsServer(options, (_, response) => response.writeHead(403).end());
  const port = await listening(server);
  return { port, [Symbol.asyncDispose]: async () => void server.close() };
}

describe('an endpoint', () => {
  it('that answers, with whatever it says to strangers, is well', async () => {
    const server = createServer((_, response) => response.writeHead(400).end());
    const port = await listening(server);
    expect(await look(`http://127.0.0.1:${port}`)).toMatchObject({
      status: 'ok',
      found: `http://127.0.0.1:${port} (127.0.0.1) answers`,
    });
    server.close();
  });

  it('in trouble is told', async () => {
    const server = createServer((_, response) => response.writeHead(503).end());
    const port = await listening(server);
    expect(await look(`http://127.0.0.1:${port}`)).toMatchObject({
      status: 'warn',
      found: expect.stringMatching(/with HTTP 503$/),
    });
    server.close();
  });

  it('whose name is not found', async () => {
    expect(await look('https://no-such-host.invalid')).toMatchObject({
      status: 'fail',
      found: expect.stringMatching(/the name no-such-host\.invalid is not found \(E\w+\)/),
      advice: expect.stringMatching(/endpoints\.dybaseapi, region and this machine's DNS/),
    });
  });

  it('on a closed port, with a hint at the proxy that is not used', async () => {
    const result = await look(`http://127.0.0.1:${await freePort()}`, {
      https_proxy: 'http://user:pw@proxy',
    });
    expect(result).toMatchObject({
      status: 'fail',
      found: expect.stringMatching(/no connection to 127\.0\.0\.1:\d+ \(ECONNREFUSED\)/),
      advice: expect.stringMatching(/https_proxy is set, which receiptd does not use/),
    });
    expect(JSON.stringify(result)).not.toContain('pw');
  });

  it('that speaks no TLS', async () => {
    const server = createServer();
    const port = await listening(server);
    expect(await look(`https://127.0.0.1:${port}`)).toMatchObject({
      status: 'fail',
      found: expect.stringMatching(/no TLS with 127\.0\.0\.1:\d+/),
    });
    server.close();
  });

  it('that is no HTTP server', async () => {
    const server = createTcpServer((socket) => socket.end('220 mail.example.com ESMTP\r\n'));
    const port = await listening(server);
    expect(await look(`http://127.0.0.1:${port}`)).toMatchObject({
      status: 'fail',
      found: expect.stringMatching(/does not answer as an HTTP server \(\w+\)/),
    });
    server.close();
  });

  it('with a certificate that nobody trusts: whose it is, and what to do', async () => {
    await using server = await tlsServer(certificates.make('Corporate Proxy'));
    expect(await look(`https://127.0.0.1:${server.port}`)).toMatchObject({
      status: 'fail',
      found: expect.stringMatching(
        /issued by Corporate Proxy, is not trusted \(DEPTH_ZERO_SELF_SIGNED_CERT\)/,
      ),
      advice: expect.stringMatching(/NODE_EXTRA_CA_CERTS/),
    });
  });
});

it('tells of a collector that is not there, which is no failure', async () => {
  const looked = async (endpoint: string) => {
    const { endpoints, queues } = config('http://127.0.0.1:1');
    const [result] = await runChecks([
      tracingCheck(parseConfig({ endpoints, queues, tracing: { endpoint } })),
    ]);
    return result;
  };
  await using collector = await Collector.start();
  expect(await looked(collector.url)).toMatchObject({
    status: 'ok',
    found: `${collector.url} answers OPTIONS with HTTP 200`,
  });
  expect(await looked(`http://127.0.0.1:${await freePort()}`)).toMatchObject({
    status: 'warn',
    advice: expect.stringMatching(/check tracing\.endpoint/),
  });
});

describe('reach', () => {
  const signal = new AbortController().signal;
  const with_ = (port: number, ca: Buffer, host = '127.0.0.1') =>
    reach({ url: new URL(`https://${host}:${port}`), method: 'GET', tls: { ca: [ca.toString()] }, signal });

  it('tells of a certificate that is trusted', async () => {
    const certificate = certificates.make('Good');
    await using server = await tlsServer(certificate);
    const { status, ahead, ...found } = await with_(server.port, certificate.cert);
    expect(found).toEqual({
      address: '127.0.0.1',
      certificate: { protocol: 'TLSv1.3', issuer: 'Good', validTo: expect.any(Number) },
    });
    expect(status).toBe(403);
    expect(Math.abs(ahead ?? 9e9)).toBeLessThan(60_000);
    expect((found.certificate?.validTo ?? 0) - Date.now()).toBeGreaterThan(29 * 24 * 3_600_000);
  });

  it('refuses one that has expired, and says when', async () => {
    const certificate = certificates.make('Old', { days: -1 });
    await using server = await tlsServer(certificate);
    await expect(with_(server.port, certificate.cert)).rejects.toMatchObject({
      stage: 'tls',
      message: expect.stringMatching(/issued by Old, expired on \d{4}-\d\d-\d\d$/),
    });
  });

  it('refuses one of another host, and says whose it is', async () => {
    const certificate = certificates.make('Other', { names: 'DNS:other.example.com' });
    await using server = await tlsServer(certificate);
    await expect(with_(server.port, certificate.cert)).rejects.toMatchObject({
      stage: 'tls',
      message: expect.stringMatching(/is for DNS:other\.example\.com, not for 127\.0\.0\.1$/),
    });
  });
});

describe('the clock', () => {
  it.each([
    [900, 'ok', /^within 1 s of mns$/],
    [-4_200, 'ok', /^within 5 s of mns$/],
    [-31_000, 'warn', /31 s behind mns: harmless for tokens and deliveries, but log times are wrong/],
    [600_000, 'warn', /600 s ahead of mns: harmless/],
    [-900_000, 'fail', /900 s behind mns: requests that are 15 minutes off are refused/],
  ] as const)('%i ms off', (ahead, status, found) => {
    expect(judgeClock(ahead, 'mns', false)).toMatchObject({ status, found: expect.stringMatching(found) });
  });

  it('matters to signatures before it matters to the services', () => {
    const found = expect.stringMatching(/signatures of webhooks, which are good for 5 minutes/);
    expect(judgeClock(301_000, 'mns', true)).toMatchObject({ status: 'warn', found });
    expect(judgeClock(299_000, 'mns', true)).toMatchObject({ found: expect.stringMatching(/harmless/) });
  });

  it('is compared with the endpoint that it differs from most, or with none', async () => {
    const known: Reached = { address: '', status: 400 };
    const look = async (reached: Map<'dybaseapi' | 'mns', Reached>) =>
      (await runChecks([{ ...clockCheck(config('http://a'), reached), after: [] }]))[0];
    const two = new Map([
      ['dybaseapi', { ...known, ahead: 100 }],
      ['mns', { ...known, ahead: -40_000 }],
    ] as const);
    expect(await look(two)).toMatchObject({
      status: 'warn',
      found: expect.stringMatching(/40 s behind mns/),
    });
    expect(await look(new Map([['mns', known]]))).toMatchObject({ status: 'skip' });
  });
});
