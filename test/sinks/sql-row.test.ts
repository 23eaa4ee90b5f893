/** What the sql sink makes of receipts and errors, without a database. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ReceiptdError } from '../../src/errors.js';
import { phoneHash, placeOf, SqlSink } from '../../src/sinks/sql/index.js';
import { mysqlTarget } from '../../src/sinks/sql/mysql-url.js';
import { postgresTarget } from '../../src/sinks/sql/postgres-url.js';
import { explained, isAnswer, refusalOf } from '../../src/sinks/sql/refusal.js';
import { rowOf } from '../../src/sinks/sql/row.js';
import { searchColumns } from '../../src/sinks/sql/search.js';
import { fixture, fixtures } from '../receipts/fixtures.js';
import { record } from './records.js';

describe('phoneHash', () => {
  it.each([
    [
      '13800138000',
      '138 0013 8000',
      '138-0013-8000',
      '+8613800138000',
      '008613800138000',
      '8613800138000',
      '１３８００１３８０００',
    ],
    ['057188888888', '0571-88888888', '+86 571 8888 8888', '(0571)88888888', '86057188888888'],
    ['14155550100', '+1 (415) 555-0100', '0014155550100'],
    ['10086', ' 10086 '],
  ])('is the same for %s however it is written', (...forms) => {
    expect(new Set(forms.map((form) => phoneHash(form, 'k'))).size).toBe(1);
  });

  it('depends on the number and on the key', () => {
    const hashes = [
      phoneHash('13800138000'),
      phoneHash('13800138001'),
      phoneHash('13800138000', 'a'),
      phoneHash('13800138000', 'b'),
    ];
    expect(new Set(hashes).size).toBe(4);
    // Others compute it, too: sha256('13800138000'), and the HMAC of it by 'a'.
    expect(hashes[0]).toBe('a6942f9771d67f34034d2f1926988ed3');
    expect(hashes[2]).toBe('895ef38aa9530025417d4647a0b50cc0');
  });

  it.each(['', '150****0000', 'alice', '1234', '1'.repeat(40), '138x0013y8000'])('is none of %j', (text) => {
    expect(phoneHash(text)).toBeUndefined();
  });
});

describe('searchColumns', () => {
  /** The vendor's pages star their numbers. */
  const columnsOf = (name: string) => {
    const { type, receipt } = fixture(name);
    return searchColumns(JSON.parse(JSON.stringify(receipt).replaceAll('*', '0')), type, '');
  };
  const hashOf = (number: string) => phoneHash(number.replaceAll('*', '0'));

  it.each([
    ['SmsReport', 'phone_number', undefined],
    ['SmsUp', 'phone_number', undefined],
    ['SmsReport-international', 'To', undefined],
    ['VoiceReport', 'callee', 'caller'],
    ['AlicomAgentCallReport', 'callee', 'caller'],
    ['SecretReport', 'phone_no', 'peer_no'],
    ['SecretSmsIntercept', 'receive_no', 'send_no'],
    ['ChatAppStatus', 'To', 'From'],
    ['ChatAppInbound', 'From', 'To'],
    ['FlowReport', 'phone', undefined],
    ['SecretExceptionPhoneReport', 'secretNo', undefined],
  ])('finds the numbers of %s', (name, phone, peer) => {
    const { receipt } = fixture(name);
    const { phone_hash, peer_hash } = columnsOf(name);
    expect(phone_hash).toBe(hashOf(String(receipt[phone])));
    expect(phone_hash).not.toBeNull();
    if (peer !== undefined) expect(peer_hash).toBe(hashOf(String(receipt[peer])));
  });

  it('finds the numbers that are nested', () => {
    const { phone_hash, peer_hash } = columnsOf('RobotCallReportAiccs');
    expect([phone_hash, peer_hash]).toEqual([hashOf('1500000****'), hashOf('05710000****')]);
  });

  it.each([
    ['SmsReport', 'biz_id', 'biz_id'],
    ['ChatAppStatus', 'biz_id', 'MessageId'],
    ['VoiceReport', 'call_id', 'call_id'],
    ['AlicomAgentCallReport', 'call_id', 'callId'],
    ['ArtcCdrReport', 'call_id', 'channelId'],
    ['ArtcCdrReport-2019', 'call_id', 'uuid'],
    ['VoiceReport', 'out_id', 'out_id'],
    ['AlicomAgentCallReport', 'out_id', 'outId'],
  ] as const)('finds, in %s, the %s', (name, column, field) => {
    const value = String(fixture(name).receipt[field]).replaceAll('*', '0');
    expect(columnsOf(name)[column]).toBe(value);
  });

  it('finds something to search nearly every published receipt by', () => {
    const without = fixtures
      .filter(({ name }) => Object.values(columnsOf(name)).every((value) => value === null))
      .map(({ type }) => type);
    // Reviews, and parcels: they are of no person and no call.
    expect([...new Set(without)].sort()).toEqual([
      'ChatAppAudit',
      'MnsCardTemplate',
      'SignSmsReport',
      'SmartLogisticsReport',
      'TemplateSmsReport',
    ]);
  });

  it.each([
    null,
    'text',
    7,
    [],
    { biz_id: '\0' },
    { out_id: 'x'.repeat(256) },
    { phone_number: {} },
    undefined,
  ])('finds nothing in %j', (receipt) => {
    expect(new Set(Object.values(searchColumns(receipt, 'SmsReport', '')))).toEqual(new Set([null]));
  });
});

describe('rowOf', () => {
  const options = { engine: 'postgres', unique: 'id', phoneKey: '' } as const;

  it('keeps the whole event when an attribute does not fit its column', () => {
    const event = record('a', { time: '-271821-04-20T00:00:00.000Z', queuename: 'q'.repeat(300) });
    const row = rowOf(event, options);
    expect(row).toMatchObject({ time: '1970-01-01T00:00:00.000Z', queuename: 'q'.repeat(255) });
    expect(JSON.parse(row.event_text ?? '')).toMatchObject({ time: event.time, queuename: event.queuename });
  });

  it('writes numbers of any length into data as they can be read, and keeps their digits', () => {
    const row = rowOf(record('a', { json: '{"sequence_id":12345678901234567890}' }), options);
    expect(row.data).toBe('{"sequence_id":"12345678901234567890"}');
    expect(row.event_text).toContain('"data":{"sequence_id":12345678901234567890}');
  });

  it('stores what is no JSON at all', () => {
    expect(rowOf(record('a', { json: '{"a":\0' }), options)).toMatchObject({ data: null, biz_id: null });
  });
});

describe('errors', () => {
  it.each([
    ['data', { code: '22P05' }],
    ['data', { code: '23514' }],
    ['data', { code: '54000' }],
    ['data', { code: 'ER_CHECK_CONSTRAINT_VIOLATED', errno: 3819, sqlState: 'HY000' }],
    ['data', { code: 'ER_DATA_TOO_LONG', errno: 1406, sqlState: '22001' }],
    ['row', { code: 'P0001' }],
    ['row', { errno: 1644, sqlState: '45000' }],
    ['conflict', { code: '40P01' }],
    ['conflict', { errno: 1213, sqlState: '40001' }],
    ['all', { code: '23502' }],
    ['all', { errno: 1364, sqlState: 'HY000' }],
    ['all', { errno: 1048, sqlState: '23000' }],
    ['all', { code: '42P01' }],
    ['all', { code: '25006' }],
    ['all', { code: '53100' }],
    ['all', { code: '57P01' }],
    ['all', { code: 'ECONNRESET', errno: -104 }],
    ['all', { code: 'EPIPE', errno: -32 }],
    ['all', new Error('anything')],
    ['all', undefined],
  ])('%s: %j', (refusal, error) => {
    expect(refusalOf(error)).toBe(refusal);
  });

  it.each([
    [true, { code: '23505' }],
    [true, { code: '42P01' }],
    [true, { code: '57014' }],
    [true, { errno: 1213, sqlState: '40001' }],
    [false, { code: '25006' }],
    [false, { code: '25P02' }],
    [false, { code: '57P01' }],
    [false, { code: '57P03' }],
    [false, { code: '08006' }],
    [false, { errno: 1290, sqlState: 'HY000' }],
    [false, { errno: 1836, sqlState: 'HY000' }],
    [false, { errno: 1792, sqlState: '25006' }],
    [false, { errno: 1153, sqlState: '08S01' }],
    [false, { code: 'ECONNRESET' }],
    [false, new ReceiptdError('SQL_ABANDONED', 'not waited for')],
  ])('keeps the connection (%j) after %j', (kept, error) => {
    expect(isAnswer(error)).toBe(kept);
  });

  it('says what happened when a host has several addresses and none answers', () => {
    const error = new AggregateError([new Error('connect ECONNREFUSED ::1:5432'), new Error('other')]);
    expect(explained(error, 't').message).toBe('connect ECONNREFUSED ::1:5432');
  });

  it('does not carry the statement on', () => {
    const error = Object.assign(new Error('refused'), { sql: 'INSERT … 13800138000', errno: 1 });
    expect(JSON.stringify(Object.entries(explained(error, 't')))).not.toContain('13800138000');
    expect(explained(error, 't')).toBeInstanceOf(ReceiptdError);
  });

  it.each([
    [{ url: 'mysql://u@h/d', table: 'other.events' }, /named without its database/],
    [{ url: 'mysql://u@h', table: 'events' }, /must name the database/],
    [{ url: 'mariadb://u@h/', table: 'events' }, /must name the database/],
  ])('refuses %j', (config, message) => {
    expect(() => placeOf(config)).toThrow(message);
  });

  it.each([
    'postgres://u@h/d?sslrootcert=/nowhere/ca.pem',
    'mysql://u@h/d?ssl=nonsense',
    'mysql://u@h/d?sslmode=require',
    'postgres://u@h/d?statement_timeout=30s',
    'mysql://u@h/d?sslrootcert=/nowhere/ca.pem',
  ])('refuses %s when it opens', (url) => {
    const open = () =>
      SqlSink.open({
        url,
        table: 't',
        connections: 1,
        timeout: 100,
        batch: { size: 1, linger: 0 },
      } as never);
    expect(open).toThrow(/^sinks: url of a sql sink: /);
  });
});

describe('statement_timeout in a postgres:// URL', () => {
  it.each([
    ['', '', undefined],
    ['?statement_timeout=0', '?', 0],
    ['?a=%zz&statement_timeout=1500&b=1', '?a=%zz&b=1', 1500],
    ['?statement_timeout=1&statement_timeout=2#x', '?#x', 2],
    ['?my_statement_timeout=1', '?my_statement_timeout=1', undefined],
  ])('%s', (query, left, statementTimeout) => {
    const url = 'postgres://u:p%40ss@h:5433/d';
    expect(postgresTarget(url + query)).toEqual({ connectionString: url + left, statementTimeout });
  });
});

describe('TLS in a mysql:// URL', () => {
  it.each([
    ['', undefined],
    ['?sslmode=disable&sslrootcert=FILE', undefined],
    ['?sslmode=verify-full', { verifyIdentity: true }],
    ['?sslmode=no-verify', { rejectUnauthorized: false }],
    ['?ssl=false', undefined],
    ['?ssl=true', { verifyIdentity: true }],
    ['?ssl=Amazon%20RDS', 'Amazon RDS'],
    ['?ssl={"ca":"pem","rejectUnauthorized":false}', { ca: 'pem', rejectUnauthorized: false }],
    ['?ssl={"ca":"pem"}&sslmode=verify-full', { verifyIdentity: true }],
    ['?sslrootcert=FILE&sslkey=FILE', { verifyIdentity: true, ca: 'pem\n', key: 'pem\n' }],
  ])('%s', async (query, ssl) => {
    const directory = await mkdtemp(join(tmpdir(), 'receiptd-sql-'));
    try {
      const file = join(directory, 'ca.pem');
      await writeFile(file, 'pem\n');
      const target = mysqlTarget(`mysql://u:p%40ss@h:3307/d${query.replaceAll('FILE', file)}`);
      expect(target).toEqual({ uri: 'mysql://u:p%40ss@h:3307/d', ...(ssl && { ssl }) });
    } finally {
      await rm(directory, { recursive: true });
    }
  });

  it.each([
    '{"key":"-----BEGIN PRIVATE KEY-----SECRET",}',
    '["SECRET"]',
    '"SECRET"',
    'SECRET',
    '7',
    'null',
    '',
  ])('refuses ?ssl=%s without repeating it', (ssl) => {
    const url = `mysql://u@h/d?ssl=${encodeURIComponent(ssl)}`;
    const open = () => SqlSink.open({ url, table: 't', connections: 1, timeout: 100 } as never);
    expect(open).toThrow(/^sinks: url of a sql sink: ssl must be true, false, Amazon RDS or a JSON object/);
    expect(open).not.toThrow(/SECRET/);
  });
});
