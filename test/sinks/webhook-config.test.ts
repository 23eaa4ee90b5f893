import { expect, test } from 'vitest';
import { type Config, type ConfigInput, parseConfig, redact } from '../../src/config/index.js';

const SECRET = `whsec_${Buffer.from('hunter2hunter2hunter2').toString('base64')}`;

function parse(sink: object): Config {
  return parseConfig({
    queues: [{ messageType: 'SmsReport', queueName: 'q' }],
    sinks: [{ type: 'webhook', url: 'https://hooks.test/x', ...sink }],
  } as ConfigInput);
}

/** What a configuration is refused with. */
function refusal(sink: object): string {
  try {
    parse(sink);
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('taken, should have been refused');
}

test('all that is secret is hidden when it is printed', () => {
  const { sinks } = redact(
    parse({
      url: 'https://user:hunter2@hooks.test/x?token=hunter2',
      secrets: [SECRET, SECRET],
      headers: { Plain: 'hunter2', 'X-Secret': 'hunter2', Empty: '' },
    }),
  );
  expect(JSON.stringify(sinks)).not.toMatch(/hunter2|aHVudGVyM/);
  expect(sinks).toMatchObject([
    { secrets: ['***', '***'], headers: { Plain: '***', 'X-Secret': '***', Empty: '' } },
  ]);
});

test('so is the key of the sql sink', () => {
  const config = parseConfig({
    queues: [{ messageType: 'SmsReport', queueName: 'q' }],
    sinks: [{ type: 'sql', url: 'postgres://db.test/x', phoneKey: 'hunter2' }],
  });
  expect(redact(config).sinks).toMatchObject([{ phoneKey: '***' }]);
});

test.each([
  ['a prefix and base64', SECRET],
  ['base64', SECRET.slice(6)],
  ['base64 without padding', 'aHVudGVyMg'],
])('takes secrets of %s', (_, secret) => {
  expect(parse({ secrets: [secret] }).sinks).toMatchObject([{ secrets: [secret] }]);
});

test.each(
  [
    [
      '',
      'whsec_',
      'hunter2!',
      `${SECRET}\n`,
      ` ${SECRET}`,
      'whsk_aHVudGVyMg==',
      'aHVudGVyMg-_',
      'whsec_whsec_aHVu',
    ],
  ].flat(),
)('refuses the secret %j without telling it', (secret) => {
  const message = refusal({ secrets: [SECRET, secret] });
  expect(message).toBe(
    'sinks[0].secrets[1]: must be the base64 of a key, with or without whsec_ in front, and without spaces',
  );
});

test('takes two secrets at most', () => {
  expect(refusal({ secrets: [SECRET, SECRET, SECRET] })).toMatch(/^sinks\[0\]\.secrets: must be at most two/);
});

const HEADERS: [object, string][] = [
  [{ 'X A': 'hunter2' }, 'sinks[0].headers."X A": is no name of a header'],
  [{ '': 'hunter2' }, 'sinks[0].headers."": is no name of a header'],
  ...['hunter2\nX-Admin: 1', 'hunter2\0', 'hunter2 用户', ' hunter2', 'hunter2 '].map(
    (value) =>
      [
        { 'X-A': value },
        'sinks[0].headers.X-A: must be printable ASCII in one line, without spaces around it',
      ] satisfies [object, string],
  ),
  [{ 'X-A': 7 }, 'sinks[0].headers.X-A: must be text, got a number (put it in quotes)'],
  [{ 'X-A': 'hunter2', 'x-a': 'b' }, 'sinks[0].headers.x-a: must be there once, X-A is the same header'],
  ...['Content-Length', 'transfer-encoding', 'Connection', 'content-type', 'ce-id', 'Webhook-Signature'].map(
    (name) =>
      [
        { [name]: 'hunter2' },
        `sinks[0].headers.${name}: is a header that receiptd sets by itself`,
      ] satisfies [object, string],
  ),
];

test.each(HEADERS)('refuses the headers %j', (headers, message) => {
  expect(refusal({ headers })).toBe(message);
});

test('refuses a header that no server takes', () => {
  expect(refusal({ headers: { 'X-A': 'x'.repeat(8193) } })).toBe(
    'sinks[0].headers.X-A: must be at most 8192 characters',
  );
});

test('takes the headers that people need', () => {
  const headers = { Authorization: 'Bearer a.b-c_d=', Host: 'vhost.test', 'User-Agent': 'x', 'X_Y.Z': '' };
  expect(parse({ headers }).sinks).toMatchObject([{ headers }]);
});

test.each([
  ['ftp://hunter2@x', 'must be an http:// or https:// URL'],
  ['https://', 'must be an http:// or https:// URL'],
  ['hunter2', 'must be an http:// or https:// URL'],
  [['hunter2'], 'must be an http:// or https:// URL'],
])('refuses the url %j', (url, message) => {
  expect(refusal({ url })).toBe(`sinks[0].url: ${message}`);
});

test('refuses what cannot be meant together', () => {
  expect(refusal({ tls: { cert: 'a.pem' } })).toBe('sinks[0].tls.key: is required with tls.cert');
  expect(refusal({ tls: { key: 'a.pem' } })).toBe('sinks[0].tls.cert: is required with tls.key');
  expect(refusal({ url: 'http://x', tls: { ca: 'a.pem' } })).toBe('sinks[0].tls.ca: needs an https:// url');
  expect(refusal({ url: 'https://u:hunter2@x', headers: { authorization: 'hunter2' } })).toBe(
    'sinks[0].headers.authorization: is made of the user and password in url: leave out one of them',
  );
});
