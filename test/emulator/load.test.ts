import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Emulator, loadFile, startEmulator } from '../../src/emulator/index.js';
import { UsageError } from '../../src/errors.js';

let directory: string;
let cloud: Emulator;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'receiptd-load-'));
});
afterAll(() => rm(directory, { recursive: true }));
beforeEach(async () => {
  cloud = await startEmulator({ queues: [{ name: 'q1', messageType: 'SmsReport' }] });
});
afterEach(() => cloud.close());

async function file(name: string, content: string | Buffer): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, name.endsWith('.gz') ? gzipSync(content) : content);
  return path;
}

const captured = (queueName: string, body: string, more: object = {}): string =>
  JSON.stringify({
    messageId: 'M1',
    queueName,
    messageType: 'SmsUp',
    body,
    enqueueTime: 1,
    dequeueCount: 1,
    receivedAt: 2,
    ...more,
  });
const raw = (queue: string): string[] => cloud.queue(queue).messages.map(({ body }) => body);
const bodies = (queue: string): string[] => raw(queue).map((body) => Buffer.from(body, 'base64').toString());
const base64 = (text: string): string => Buffer.from(text).toString('base64');

test('captured messages go to their queue, receipts to the one given, as they are written', async () => {
  const receipt = '{"sequence_id":12345678901234567890, "text":"你好"}';
  const lines = [
    captured('q2', 'e30='),
    '',
    `  ${receipt}\r`,
    captured('q1', 'W10='),
    captured('q2', 'e30=', { messageType: null }),
  ];
  const path = await file('mixed.ndjson.gz', lines.join('\n'));
  expect(await loadFile(cloud, path, { receiptQueue: 'q1' })).toBe(4);
  expect(bodies('q1')).toEqual([receipt, '[]']);
  expect(bodies('q2')).toEqual(['{}', '{}']);
  expect(cloud.queue('q2').messageType).toBe('SmsUp');
});

test('the body of a captured message is left as it is, also when nobody can decode it', async () => {
  const hostile = ['not base64 {', '', 'e30', '{"plain":1}', 'ÿ'];
  const path = await file('hostile.ndjson', hostile.map((body) => captured('q1', body)).join('\n'));
  expect(await loadFile(cloud, path)).toBe(hostile.length);
  expect(raw('q1')).toEqual(hostile);
});

test('a receipt whose type can be told goes to a queue of that type, made when there is none', async () => {
  const typeOf = (receipt: object) => ('call_id' in receipt ? 'VoiceReport' : undefined);
  const call = '{"call_id":"1^1"}';
  const path = await file(
    'mixed',
    [call, '{"biz_id":"1"}', base64(call), `[${call}]`, captured('q2', base64(call))].join('\n'),
  );
  expect(await loadFile(cloud, path, { receiptQueue: 'q1', typeOf })).toBe(5);
  expect(bodies('q1')).toEqual(['{"biz_id":"1"}']);
  expect(bodies('Alicom-Queue-1234567890123456-VoiceReport')).toEqual([call, call, call]);
  expect(cloud.queue('Alicom-Queue-1234567890123456-VoiceReport').messageType).toBe('VoiceReport');
  expect(bodies('q2')).toEqual([call]);
});

test('bodies in Base64, one a line', async () => {
  const texts = ['{"biz_id":"1"}', '{"biz_id":"2"}', '{"text":"回执"}'];
  const path = await file('bodies.txt', `${texts.map(base64).join('\n')}\n`);
  expect(await loadFile(cloud, path, { receiptQueue: 'q1' })).toBe(3);
  expect(bodies('q1')).toEqual(texts);
});

test('an array, as it is pushed over HTTP, gives a message for each element', async () => {
  const elements = ['{"biz_id":"1","n":12345678901234567890}', '{"biz_id":"2"}', '{"biz_id":"3"}'];
  const path = await file('push.json', `[\n  ${elements.join(',\n  ')}\n]\n`);
  expect(await loadFile(cloud, path, { receiptQueue: 'q1' })).toBe(3);
  expect(bodies('q1')).toEqual(elements);
});

test('an answer of MNS, saved by curl', async () => {
  const body = base64('{"biz_id":"1"}');
  const message = `<Message><MessageId>M1</MessageId><MessageBody>${body}</MessageBody><DequeueCount>1</DequeueCount></Message>`;
  const path = await file(
    'answer.xml',
    `<?xml version="1.0"?>\n<Messages xmlns="http://mns.aliyuncs.com/doc/v1/">${message}${message}</Messages>\n`,
  );
  expect(await loadFile(cloud, path, { receiptQueue: 'q1' })).toBe(2);
  expect(raw('q1')).toEqual([body, body]);
});

test('standard input', async () => {
  const stdin = Readable.from([Buffer.from('{"biz_id":"1"}\n{"biz'), Buffer.from('_id":"2"}')]);
  expect(await loadFile(cloud, '-', { receiptQueue: 'q1', stdin })).toBe(2);
  expect(bodies('q1')).toEqual(['{"biz_id":"1"}', '{"biz_id":"2"}']);
});

test('an empty file, one of empty lines', async () => {
  expect(await loadFile(cloud, await file('empty', ''))).toBe(0);
  expect(await loadFile(cloud, await file('blank', '\n \n\r\n'))).toBe(0);
});

test('characters that span chunks, and a last line without an end', async () => {
  const lines = Array.from({ length: 5000 }, (_, n) => JSON.stringify({ n, text: '回执消息'.repeat(9) }));
  expect(await loadFile(cloud, await file('long.ndjson', lines.join('\n')), { receiptQueue: 'q1' })).toBe(
    5000,
  );
  expect(bodies('q1')).toEqual(lines);
});

test('a queue made on the way: its type from the message or from its name, its attributes as given', async () => {
  const name = 'Alicom-Queue-1234567890123456-VoiceReport';
  const path = await file('untyped.ndjson', captured(name, 'e30=', { messageType: undefined }));
  await loadFile(cloud, path, { attributes: { visibilityTimeout: 7 } });
  expect(cloud.queue(name)).toMatchObject({
    messageType: 'VoiceReport',
    attributes: { visibilityTimeout: 7 },
  });
});

test.each([
  ['no JSON', '{}\n{broken\n', /bad\.ndjson:2: .*JSON/],
  [
    'neither JSON nor Base64',
    '{}\n{}\n"text"\n',
    /bad\.ndjson:3: expected a JSON object, a captured message or/,
  ],
  [
    'a capture that contradicts itself',
    captured('q1', 'e30=', { queueName: 7 }),
    /bad\.ndjson:1: .*queueName/,
  ],
  ['a bad queue name', `\n${captured('a b', 'e30=')}`, /bad\.ndjson:2: queue a b: /],
  [
    'a queue of which nothing says what it holds',
    captured('q9', 'e30=', { messageType: undefined }),
    /bad\.ndjson:1: .*--queue q9=TYPE/,
  ],
])('%s: the error names file and line', async (_, content, message) => {
  const path = await file('bad.ndjson', content);
  const error: unknown = await loadFile(cloud, path, { receiptQueue: 'q1' }).catch((cause: unknown) => cause);
  expect(error).toBeInstanceOf(UsageError);
  expect((error as Error).message).toMatch(message);
  expect((error as Error).message).not.toContain('\n');
});

test('no such file, a damaged one, nowhere to go', async () => {
  const loading = loadFile(cloud, join(directory, 'none'), { receiptQueue: 'q1' });
  await expect(loading).rejects.toThrow(UsageError);
  await expect(loading).rejects.toThrow(/none cannot be read/);
  const cut = join(directory, 'cut.gz');
  await writeFile(cut, gzipSync('{"biz_id":"1"}\n'.repeat(1000)).subarray(0, -9));
  await expect(loadFile(cloud, cut, { receiptQueue: 'q1' })).rejects.toThrow(/cut\.gz:\d+: /);
  await expect(loadFile(cloud, await file('one.ndjson', '{}'))).rejects.toThrow(/one\.ndjson:1: .*--queue/);
});
