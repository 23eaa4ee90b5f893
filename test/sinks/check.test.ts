/** Sinks are looked at without an event, and without leaving anything behind. */
import { execFileSync } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ConfigInput, parseConfig } from '../../src/config/index.js';
import type { Finding } from '../../src/finding.js';
import { checkSink } from '../../src/sinks/index.js';
import { migrate, placeOf } from '../../src/sinks/sql/index.js';
import { Certificates } from '../support/certificates.js';
import { TestMariadb } from '../support/mariadb.js';
import { freePort } from '../support/ports.js';
import { TestPostgres } from '../support/postgres.js';
import { Receiver, status } from './webhook-receiver.js';

type SinkInput = NonNullable<ConfigInput['sinks']>[number];

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'receiptd-check-'));
});

afterEach(() => rm(directory, { recursive: true, force: true }));

const at = (name: string) => join(directory, name);

async function check(sink: SinkInput, types = ['SmsReport']): Promise<Finding> {
  const queues = types.map((messageType, index) => ({ messageType, queueName: `q${index}` }));
  const [config] = parseConfig({ queues, sinks: [sink, { type: 'ndjson', path: '-', name: 'rest' }] }).sinks;
  if (config === undefined) throw new Error('no sink');
  return checkSink(config, types, new AbortController().signal);
}

describe('ndjson', () => {
  it('makes no file', async () => {
    const found = await check({ type: 'ndjson', path: at('receipts.ndjson') });
    expect(found.found).toMatch(/receipts\.ndjson will be made: .* can be written to/);
    expect(await readdir(directory)).toEqual([]);
    await writeFile(at('receipts.ndjson'), '{"cut sho');
    expect((await check({ type: 'ndjson', path: at('receipts.ndjson') })).found).toMatch(
      /can be appended to/,
    );
  });

  it('tells of a directory, a directory that is missing, and a file for one', async () => {
    await writeFile(at('file'), '');
    for (const [path, code] of [
      ['.', 'EISDIR'],
      ['no/such/file', 'ENOENT'],
      ['file/below', 'ENOTDIR'],
    ] as const) {
      expect(await check({ type: 'ndjson', path: at(path) })).toMatchObject({
        status: 'fail',
        found: expect.stringMatching(new RegExp(`cannot append to .* \\(${code}\\)$`)),
      });
    }
  });

  it('knows standard output and named pipes', async () => {
    execFileSync('mkfifo', [at('pipe')]);
    expect(await check({ type: 'ndjson', path: '-' })).toEqual({ status: 'ok', found: 'standard output' });
    expect(await check({ type: 'ndjson', path: at('pipe') })).toMatchObject({ status: 'warn' });
  });
});

describe('webhook', () => {
  it('asks with OPTIONS and the headers of a delivery, and posts nothing', async () => {
    const receiver = await Receiver.start();
    receiver.replies = [
      status(405),
      status(401),
      status(302, { location: 'https://elsewhere' }),
      status(502),
    ];
    const url = `${receiver.url.replace('//', '//user:S3cret@')}/hooks/S3cretPath?key=S3cretKey`;
    const sink: SinkInput = { type: 'webhook', name: 'crm', url, headers: { 'X-Key': 'S3cretHeader' } };
    const found = [await check(sink), await check(sink), await check(sink), await check(sink)];
    expect(found.map((finding) => finding.status)).toEqual(['ok', 'warn', 'warn', 'warn']);
    expect(found[0]?.found).toBe(`${receiver.url} (127.0.0.1) answers OPTIONS with HTTP 405`);
    expect(JSON.stringify(found)).not.toContain('S3cret');
    const [first] = receiver.received;
    expect(receiver.received.map(({ method }) => method)).toEqual(Array(4).fill('OPTIONS'));
    expect(first).toMatchObject({ path: '/hooks/S3cretPath?key=S3cretKey', body: '' });
    expect(first?.headers).toMatchObject({
      'x-key': 'S3cretHeader',
      authorization: expect.stringMatching(/^Basic /),
    });
    await receiver.stop();
  });

  it('on a closed port', async () => {
    const url = `http://127.0.0.1:${await freePort()}/hook`;
    expect(await check({ type: 'webhook', url })).toMatchObject({
      status: 'fail',
      found: expect.stringMatching(/ECONNREFUSED/),
    });
  });

  it('with a certificate that is not trusted, unless it is told to trust it or everybody', async () => {
    using certificates = new Certificates();
    const certificate = certificates.make('Somebody');
    const receiver = await Receiver.start(certificate);
    const look = (tls: object) => check({ type: 'webhook', url: receiver.url, tls });
    expect(await look({})).toMatchObject({
      status: 'fail',
      found: expect.stringMatching(/issued by Somebody, is not trusted/),
      advice: expect.stringMatching(/tls\.ca/),
    });
    expect(receiver.received).toEqual([]);
    expect(await look({ ca: certificate.path })).toMatchObject({ status: 'ok' });
    expect(await look({ verify: false })).toMatchObject({
      status: 'warn',
      advice: expect.stringMatching(/tls\.verify is false/),
    });
    await receiver.stop();
  });
});

describe('module', () => {
  const load = (text: string, types?: string[]) =>
    writeFile(at('handlers.mjs'), text).then(() =>
      check({ type: 'module', path: at('handlers.mjs') }, types),
    );

  it('loads it, and names what it handles', async () => {
    expect(await load('export default { SmsReport() { throw new Error("called"); } };')).toEqual({
      status: 'ok',
      found: 'loads, and handles SmsReport',
    });
  });

  it('tells of types that it does not handle', async () => {
    await writeFile(at('other.mjs'), 'export default { VoiceReport() {} };');
    const sink: SinkInput = { type: 'module', path: at('other.mjs') };
    expect(await check(sink, ['SmsReport', 'VoiceReport'])).toMatchObject({
      status: 'warn',
      found: 'loads, and handles VoiceReport, but not SmsReport',
    });
    expect(await check(sink)).toMatchObject({
      status: 'fail',
      found: expect.stringMatching(/no handler for SmsReport/),
    });
  });

  it('tells why it does not load', async () => {
    await expect(check({ type: 'module', path: at('missing.mjs') })).rejects.toThrow(/cannot be loaded/);
  });
});

describe('sql', () => {
  it.each([
    ['postgres', () => TestPostgres.start(), /^PostgreSQL \d+/],
    ['mariadb', () => TestMariadb.start(), /^MariaDB \d+/],
  ] as const)('%s', async (_, start, server) => {
    await using database = await start();
    const sink = { type: 'sql', url: database.url } as const;
    await expect(check(sink)).rejects.toThrow(/no table receiptd_events, make it with: receiptd sql migrate/);
    await migrate(placeOf({ url: database.url, table: 'receiptd_events' }), 10_000);
    const found = await check(sink);
    expect(found).toMatchObject({
      status: 'ok',
      found: expect.stringMatching(/table receiptd_events is there$/),
    });
    expect(found.found).toMatch(server);
    expect(await database.query('SELECT id FROM receiptd_events')).toEqual([]);
    if (database instanceof TestPostgres) {
      await database.query('CREATE ROLE reader LOGIN');
      await database.query('GRANT SELECT ON receiptd_events TO reader');
      expect(await check({ ...sink, url: database.url.replace('postgres@', 'reader@') })).toMatchObject({
        status: 'fail',
        found: expect.stringMatching(/may not be written to/),
      });
    }
    await database.down();
    expect(await check({ ...sink, timeout: 2_000 })).toMatchObject({
      status: 'fail',
      advice: expect.stringMatching(/that the database runs/),
    });
  });
});
